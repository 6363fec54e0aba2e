//! EventBridge, version 2020-04-01: rules and their targets.
//!
//! Refusals come with status 200, `Success` false and a code; the client turns them into errors.

use serde::{Deserialize, Serialize};

use crate::action::actions;
use crate::whole::central as whole;

actions! {
    EventBridge "eventbridge" {
        reads GetRule => GetRuleAnswer, whole::RULE;
        reads ListRules => ListRulesAnswer, whole::RULES;
        reads ListTargets => ListTargetsAnswer, whole::TARGETS;
    }
}

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRule {
    pub event_bus_name: String,
    pub rule_name: String,
}

/// Answer of [`GetRule`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetRuleAnswer {
    pub data: Rule,
    pub request_id: String,
}

/// A rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Rule {
    pub event_bus_name: String,
    pub rule_name: String,
    /// `ENABLE` or `DISABLE`.
    pub status: String,
    /// A JSON object, as text.
    pub filter_pattern: String,
    pub targets: Vec<Target>,
}

/// Where a rule sends events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Target {
    pub id: String,
    #[serde(rename = "Type")]
    pub kind: String,
    pub endpoint: String,
    pub push_retry_strategy: String,
}

/// The targets of one rule; a rule has at most five.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTargets {
    pub event_bus_name: Option<String>,
    pub rule_name: Option<String>,
}

/// Answer of [`ListTargets`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListTargetsAnswer {
    pub data: Targets,
    pub request_id: String,
}

/// The targets of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Targets {
    pub targets: Vec<Target>,
    pub total: u32,
}

/// The rules of a bus, at most a hundred at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRules {
    pub event_bus_name: String,
    pub rule_name_prefix: Option<String>,
    pub limit: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListRules`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListRulesAnswer {
    pub data: Rules,
    pub request_id: String,
}

/// Rules of a bus.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Rules {
    pub rules: Vec<Rule>,
    pub next_token: String,
}
