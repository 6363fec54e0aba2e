//! Listeners and the health of what they forward to.

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// The listeners of a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListListeners {
    pub load_balancer_ids: Vec<String>,
    pub listener_ids: Vec<String>,
    pub listener_protocol: Option<String>,
    pub tag: Vec<Tag>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListListeners`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListListenersAnswer {
    pub listeners: Vec<Listener>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListListeners, listeners: Listener, token max_results 100);

/// One listener; an unknown id is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetListenerAttribute {
    pub listener_id: String,
}

/// [`GetListenerAttribute`] answers with the listener itself.
pub type GetListenerAttributeAnswer = Listener;

/// A listener. `certificates` come only with [`GetListenerAttribute`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Listener {
    pub listener_id: String,
    pub load_balancer_id: String,
    /// `HTTP`, `HTTPS` or `QUIC`.
    pub listener_protocol: String,
    pub listener_port: u16,
    pub listener_description: String,
    /// `Provisioning`, `Running`, `Configuring` or `Stopped`.
    pub listener_status: String,
    pub default_actions: Vec<ListenerAction>,
    /// Seconds.
    pub idle_timeout: u32,
    /// Seconds.
    pub request_timeout: u32,
    pub gzip_enabled: bool,
    pub http2_enabled: bool,
    pub security_policy_id: String,
    pub certificates: Vec<Certificate>,
    pub tags: Vec<Tag>,
    pub request_id: String,
}

/// What a listener does with a request that no rule takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListenerAction {
    /// `ForwardGroup`.
    #[serde(rename = "Type")]
    pub kind: String,
    pub forward_group_config: ForwardGroupConfig,
}

/// Where requests are forwarded to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ForwardGroupConfig {
    pub server_group_tuples: Vec<ServerGroupTuple>,
}

/// One server group that requests are forwarded to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServerGroupTuple {
    pub server_group_id: String,
}

impl ListenerAction {
    /// Forward to one server group.
    #[must_use]
    pub fn forward_to(server_group_id: impl Into<String>) -> Self {
        let tuple = ServerGroupTuple { server_group_id: server_group_id.into() };
        Self {
            kind: "ForwardGroup".to_owned(),
            forward_group_config: ForwardGroupConfig { server_group_tuples: vec![tuple] },
        }
    }
}

/// A server certificate of an HTTPS listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Certificate {
    pub certificate_id: String,
}

/// Makes a listener; the server group must be `Available` and of the load balancer's VPC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateListener {
    pub load_balancer_id: String,
    pub listener_protocol: String,
    pub listener_port: u16,
    pub listener_description: Option<String>,
    pub default_actions: Vec<ListenerAction>,
    pub idle_timeout: Option<u32>,
    pub request_timeout: Option<u32>,
    pub gzip_enabled: Option<bool>,
    pub http2_enabled: Option<bool>,
    pub certificates: Vec<Certificate>,
    pub security_policy_id: Option<String>,
    pub tag: Vec<Tag>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Answer of [`CreateListener`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateListenerAnswer {
    pub listener_id: String,
    pub job_id: String,
    pub request_id: String,
}

/// Changes a listener; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateListenerAttribute {
    pub listener_id: String,
    pub listener_description: Option<String>,
    pub default_actions: Vec<ListenerAction>,
    pub idle_timeout: Option<u32>,
    pub request_timeout: Option<u32>,
    pub gzip_enabled: Option<bool>,
    pub http2_enabled: Option<bool>,
    pub certificates: Vec<Certificate>,
    pub security_policy_id: Option<String>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Removes a listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteListener {
    pub listener_id: String,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// The health of the servers behind a listener. Pages hold at most 30 entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetListenerHealthStatus {
    pub listener_id: String,
    pub include_rule: Option<bool>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`GetListenerHealthStatus`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetListenerHealthStatusAnswer {
    pub listener_health_status: Vec<ListenerHealth>,
    pub rule_health_status: Vec<RuleHealth>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(GetListenerHealthStatus, listener_health_status: ListenerHealth, token max_results 30);

/// The health seen by a listener's default action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListenerHealth {
    pub listener_id: String,
    pub listener_port: u16,
    pub listener_protocol: String,
    pub server_group_infos: Vec<ServerGroupHealth>,
}

/// The health seen by a forwarding rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RuleHealth {
    pub rule_id: String,
    pub server_group_infos: Vec<ServerGroupHealth>,
}

/// The health of one server group. Healthy members are not listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServerGroupHealth {
    pub server_group_id: String,
    /// `on` or `off`.
    pub health_check_enabled: String,
    pub server_count: u32,
    pub action_type: String,
    pub non_normal_servers: Vec<NonNormalServer>,
}

/// A member that is not healthy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NonNormalServer {
    pub server_id: String,
    pub server_ip: String,
    pub port: u16,
    /// `Initial`, `Unhealthy`, `Unused` or `Unavailable`.
    pub status: String,
    pub reason: HealthReason,
}

/// Why a member is not healthy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HealthReason {
    /// `CONNECT_TIMEOUT`, `CONNECT_FAILED`, `RESPONSE_MISMATCH`, ...
    pub reason_code: String,
    pub actual_response: String,
    pub expected_response: String,
}
