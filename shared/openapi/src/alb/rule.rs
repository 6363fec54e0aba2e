//! Forwarding rules of listeners.

use serde::{Deserialize, Serialize};

use super::listener::ForwardGroupConfig;
use crate::listing::listing;

/// The forwarding rules of a region that are applied to requests or, where `direction` says so, to responses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRules {
    pub load_balancer_ids: Vec<String>,
    pub listener_ids: Vec<String>,
    /// `Request`, which is the default, or `Response`.
    pub direction: Option<String>,
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
    pub rule_actions: Vec<RuleAction>,
}

/// One of the things that a rule does. Of all types of actions these two lead to server groups (SDK 1.3.3,
/// `ListRulesResponseBodyRulesRuleActions`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RuleAction {
    /// `ForwardGroup`, `Redirect`, `FixedResponse` and others. Mirrored is by `TrafficMirror`, which the text of the answer calls
    /// `TrafficMirrorConfig`.
    #[serde(rename = "Type")]
    pub kind: String,
    pub forward_group_config: ForwardGroupConfig,
    pub traffic_mirror_config: TrafficMirrorConfig,
}

impl RuleAction {
    /// The server groups that get requests by this action, forwarded or mirrored.
    pub fn server_groups(&self) -> impl Iterator<Item = &str> {
        let configs = [&self.forward_group_config, &self.traffic_mirror_config.mirror_group_config];
        configs.into_iter().flat_map(|config| &config.server_group_tuples).map(|tuple| &*tuple.server_group_id)
    }
}

/// Where copies of requests are sent to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TrafficMirrorConfig {
    /// `ForwardGroupMirror`.
    pub target_type: String,
    pub mirror_group_config: ForwardGroupConfig,
}
