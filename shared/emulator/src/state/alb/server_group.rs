//! Server groups: what requests are forwarded to, with its health check, scheduler and draining.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::state::alb::health_check::HealthCheck;
use crate::state::alb::server::{Server, ServerKey};
use crate::tags::Tags;
use crate::time::Timed;

/// `ServerGroupStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Creating,
    Available,
    Configuring,
    Deleting,
    Gone,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::Available => "Available",
            // The API documents no state for a group that is being deleted.
            Self::Configuring | Self::Deleting | Self::Gone => "Configuring",
        }
    }
}

/// `ConnectionDrainConfig`: a server that is removed keeps its connections for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drain {
    pub(crate) enabled: bool,
    /// Seconds, 10 to 900.
    pub(crate) timeout: u32,
}

/// A group of servers.
#[derive(Debug, Clone)]
pub(crate) struct ServerGroup {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) name: String,
    /// `Ip`, `Instance` or `Fc`.
    pub(crate) kind: String,
    pub(crate) vpc: String,
    pub(crate) protocol: String,
    pub(crate) scheduler: String,
    pub(crate) health_check: HealthCheck,
    pub(crate) drain: Drain,
    pub(crate) sticky_session: Map<String, Value>,
    pub(crate) slow_start: Map<String, Value>,
    pub(crate) consistent_hash: Map<String, Value>,
    pub(crate) cross_zone: bool,
    pub(crate) ipv6: bool,
    pub(crate) keepalive: bool,
    pub(crate) affinity: String,
    pub(crate) service_name: String,
    pub(crate) resource_group: String,
    pub(crate) tags: Tags,
    pub(crate) created: Timestamp,
    pub(crate) status: Timed<Status>,
    pub(crate) servers: BTreeMap<ServerKey, Server>,
}

impl ServerGroup {
    pub(crate) fn is_gone(&self, now: Timestamp) -> bool {
        *self.status.get(now) == Status::Gone
    }
}
