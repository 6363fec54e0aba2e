//! Listeners: a port of a load balancer and the server group it forwards to.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::tags::Tags;
use crate::time::Timed;

/// `ListenerStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Provisioning,
    Running,
    Configuring,
    Stopped,
    Deleting,
    Gone,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "Provisioning",
            Self::Running => "Running",
            // A listener that starts, stops or goes is being configured.
            Self::Configuring | Self::Deleting | Self::Gone => "Configuring",
            Self::Stopped => "Stopped",
        }
    }
}

/// A listener.
#[derive(Debug, Clone)]
pub(crate) struct Listener {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) load_balancer: String,
    pub(crate) protocol: String,
    pub(crate) port: u16,
    pub(crate) server_group: String,
    pub(crate) description: String,
    pub(crate) idle_timeout: u32,
    pub(crate) request_timeout: u32,
    pub(crate) gzip: bool,
    pub(crate) http2: bool,
    pub(crate) certificates: Vec<String>,
    pub(crate) ca_certificates: Vec<String>,
    pub(crate) ca: bool,
    pub(crate) security_policy: String,
    pub(crate) quic: Map<String, Value>,
    pub(crate) x_forwarded_for: Map<String, Value>,
    pub(crate) tags: Tags,
    pub(crate) status: Timed<Status>,
    /// Whether it accepts requests after the current write; set by Start and Stop.
    pub(crate) wanted_running: bool,
}

impl Listener {
    /// Whether requests are accepted: also while an update is under way, since that interrupts nothing.
    pub(crate) fn is_serving(&self, now: Timestamp) -> bool {
        match self.status.get(now) {
            Status::Running => true,
            Status::Configuring => self.wanted_running,
            _ => false,
        }
    }

    pub(crate) fn is_gone(&self, now: Timestamp) -> bool {
        *self.status.get(now) == Status::Gone
    }

    /// Goes away at `at`.
    pub(crate) fn leave(&mut self, at: Timestamp) {
        self.status = Timed::changing(Status::Deleting, at, Status::Gone);
    }

    /// QUIC uses UDP: its ports do not conflict with those of the others.
    pub(crate) fn is_quic(&self) -> bool {
        self.protocol == "QUIC"
    }
}
