//! Forwarding rules of listeners.

use serde::{Deserialize, Serialize};

use super::listener::ListenerAction;
use crate::listing::listing;

/// The forwarding rules of a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRules {
    pub load_balancer_ids: Vec<String>,
    pub listener_ids: Vec<String>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListRules`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListRulesAnswer {
    pub rules: Vec<Rule>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListRules, rules: Rule, token max_results 100);

/// What a listener does with requests that fulfil conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Rule {
    pub rule_id: String,
    pub rule_name: String,
    pub listener_id: String,
    pub load_balancer_id: String,
    pub rule_actions: Vec<ListenerAction>,
}
