//! The members of a server group. A member is known by its id (for the type `Ip`: the address) and its port.

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// The members of one server group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListServerGroupServers {
    pub server_group_id: String,
    pub server_ids: Vec<String>,
    pub tag: Vec<Tag>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListServerGroupServers`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListServerGroupServersAnswer {
    pub servers: Vec<Server>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListServerGroupServers, servers: Server, token max_results 100);

/// A member of a server group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Server {
    pub server_group_id: String,
    pub server_id: String,
    pub server_ip: String,
    /// `Ecs`, `Eni`, `Eci`, `Ip` or `Fc`.
    pub server_type: String,
    pub port: u16,
    pub weight: u32,
    pub remote_ip_enabled: bool,
    pub description: String,
    /// `Adding`, `Available`, `Configuring` or `Removing`.
    pub status: String,
}

/// Adds at most 200 members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddServersToServerGroup {
    pub server_group_id: String,
    pub servers: Vec<NewServer>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// A member to add.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewServer {
    /// `Ip` for members that are addresses.
    pub server_type: String,
    pub server_id: String,
    pub server_ip: Option<String>,
    pub port: u16,
    /// 0 to 100; 100 when left out.
    pub weight: Option<u32>,
    /// True: the address may lie outside the group's VPC. It cannot be changed later.
    pub remote_ip_enabled: Option<bool>,
    pub description: Option<String>,
}

/// Removes at most 200 members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemoveServersFromServerGroup {
    pub server_group_id: String,
    pub servers: Vec<ServerKey>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// What names a member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServerKey {
    pub server_type: String,
    pub server_id: String,
    pub server_ip: Option<String>,
    pub port: u16,
}

/// Changes the weight or the description of members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateServerGroupServersAttribute {
    pub server_group_id: String,
    pub servers: Vec<ServerUpdate>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// What to change about a member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServerUpdate {
    pub server_type: String,
    pub server_id: String,
    pub server_ip: Option<String>,
    pub port: u16,
    pub weight: Option<u32>,
    pub description: Option<String>,
}
