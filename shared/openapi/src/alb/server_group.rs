//! Server groups.

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// The server groups of a region. Names are not unique.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListServerGroups {
    pub server_group_ids: Vec<String>,
    pub server_group_names: Vec<String>,
    pub server_group_type: Option<String>,
    pub vpc_id: Option<String>,
    pub tag: Vec<Tag>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListServerGroups`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListServerGroupsAnswer {
    pub server_groups: Vec<ServerGroup>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListServerGroups, server_groups: ServerGroup, token max_results 100);

/// A server group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServerGroup {
    pub server_group_id: String,
    pub server_group_name: String,
    /// `Instance`, `Ip` or `Fc`.
    pub server_group_type: String,
    /// `Creating`, `Available` or `Configuring`.
    pub server_group_status: String,
    pub vpc_id: String,
    pub protocol: String,
    pub scheduler: String,
    pub server_count: u32,
    pub related_load_balancer_ids: Vec<String>,
    pub health_check_config: HealthCheckConfig,
    pub sticky_session_config: StickySessionConfig,
    pub connection_drain_config: ConnectionDrainConfig,
    pub slow_start_config: SlowStartConfig,
    pub cross_zone_enabled: Option<bool>,
    pub ipv6_enabled: Option<bool>,
    pub upstream_keepalive_enabled: Option<bool>,
    pub resource_group_id: String,
    pub create_time: String,
    pub tags: Vec<Tag>,
}

/// How the members of a group are checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HealthCheckConfig {
    pub health_check_enabled: Option<bool>,
    /// `HTTP`, `HTTPS`, `TCP` or `gRPC`.
    pub health_check_protocol: Option<String>,
    /// Zero: the server's own port.
    pub health_check_connect_port: Option<u16>,
    pub health_check_host: Option<String>,
    pub health_check_path: Option<String>,
    /// `HEAD`, `GET` or `POST`.
    pub health_check_method: Option<String>,
    /// `HTTP1.0` or `HTTP1.1`.
    pub health_check_http_version: Option<String>,
    /// `http_2xx`, `http_3xx`, ...
    pub health_check_codes: Vec<String>,
    /// Seconds, 1 to 50.
    pub health_check_interval: Option<u32>,
    /// Seconds, 1 to 300.
    pub health_check_timeout: Option<u32>,
    pub healthy_threshold: Option<u32>,
    pub unhealthy_threshold: Option<u32>,
}

/// Whether requests of one client stay with one server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct StickySessionConfig {
    pub sticky_session_enabled: Option<bool>,
    /// `Insert` or `Server`.
    pub sticky_session_type: Option<String>,
    pub cookie: Option<String>,
    /// Seconds.
    pub cookie_timeout: Option<u32>,
}

/// Whether a leaving server may finish its requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ConnectionDrainConfig {
    pub connection_drain_enabled: Option<bool>,
    /// Seconds, 0 to 900.
    pub connection_drain_timeout: Option<u32>,
}

/// Whether a new server's share grows slowly.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SlowStartConfig {
    pub slow_start_enabled: Option<bool>,
    /// Seconds.
    pub slow_start_duration: Option<u32>,
}

/// Makes a server group; it is `Creating` for a while.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateServerGroup {
    pub server_group_name: String,
    pub server_group_type: Option<String>,
    pub vpc_id: Option<String>,
    pub protocol: Option<String>,
    pub scheduler: Option<String>,
    /// `health_check_enabled` is required by the API.
    pub health_check_config: HealthCheckConfig,
    pub sticky_session_config: Option<StickySessionConfig>,
    pub connection_drain_config: Option<ConnectionDrainConfig>,
    pub slow_start_config: Option<SlowStartConfig>,
    pub cross_zone_enabled: Option<bool>,
    pub upstream_keepalive_enabled: Option<bool>,
    pub resource_group_id: Option<String>,
    pub tag: Vec<Tag>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Answer of [`CreateServerGroup`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateServerGroupAnswer {
    pub server_group_id: String,
    pub job_id: String,
    pub request_id: String,
}

/// Changes a server group; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateServerGroupAttribute {
    pub server_group_id: String,
    pub server_group_name: Option<String>,
    pub scheduler: Option<String>,
    pub health_check_config: Option<HealthCheckConfig>,
    pub sticky_session_config: Option<StickySessionConfig>,
    pub connection_drain_config: Option<ConnectionDrainConfig>,
    pub slow_start_config: Option<SlowStartConfig>,
    pub cross_zone_enabled: Option<bool>,
    pub upstream_keepalive_enabled: Option<bool>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Removes a server group that no listener uses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteServerGroup {
    pub server_group_id: String,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}
