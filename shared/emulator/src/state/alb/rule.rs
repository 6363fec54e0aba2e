//! Forwarding rules: which requests of a listener do not take its default action.

use jiff::Timestamp;
use serde_json::Value;

use crate::tags::Tags;
use crate::time::Timed;

/// `RuleStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Provisioning,
    Available,
    Deleting,
    Gone,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "Provisioning",
            Self::Available => "Available",
            // A rule that goes is being configured.
            Self::Deleting | Self::Gone => "Configuring",
        }
    }
}

/// A forwarding rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) load_balancer: String,
    pub(crate) listener: String,
    pub(crate) name: String,
    pub(crate) priority: u32,
    pub(crate) direction: String,
    /// As they were sent.
    pub(crate) actions: Value,
    pub(crate) conditions: Value,
    /// The groups that its actions forward or mirror to.
    pub(crate) groups: Vec<String>,
    pub(crate) tags: Tags,
    pub(crate) status: Timed<Status>,
}

impl Rule {
    pub(crate) fn is_gone(&self, now: Timestamp) -> bool {
        *self.status.get(now) == Status::Gone
    }
}
