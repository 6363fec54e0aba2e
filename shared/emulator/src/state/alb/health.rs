//! The state of health checks.
//!
//! There is no timer: a check stores since when its probes have had the same result, and its state follows from the
//! time. `rise` and `fall` are threshold times interval.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::state::alb::health_check::HealthCheck;
use crate::state::alb::server::ServerKey;
use crate::time::Latencies;

/// The result of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Probe {
    Answered,
    /// An answer came, with a status that the check does not take.
    Mismatched,
    /// The port is closed.
    Refused,
    /// A packet was lost, on the way there or back.
    Silent,
}

/// The health of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Initial,
    Healthy,
    Unhealthy,
}

/// The check of one server by one load balancer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check {
    pub(crate) state: State,
    pub(crate) probe: Probe,
    /// Since when probes have been answered, or not been answered.
    pub(crate) since: Timestamp,
}

impl Check {
    pub(crate) const fn new(probe: Probe, now: Timestamp) -> Self {
        Self { state: State::Initial, probe, since: now }
    }

    pub(crate) fn state_at(&self, now: Timestamp, latencies: &Latencies, settings: &HealthCheck) -> State {
        let over = |lasts: Duration| now >= latencies.after(self.since, lasts);
        match self.probe {
            Probe::Answered if over(settings.rise()) => State::Healthy,
            Probe::Mismatched | Probe::Refused | Probe::Silent if over(settings.fall()) => State::Unhealthy,
            _ => self.state,
        }
    }

    /// The check after one more probe.
    pub(crate) fn probed(self, probe: Probe, now: Timestamp, latencies: &Latencies, settings: &HealthCheck) -> Self {
        let turned = (probe == Probe::Answered) != (self.probe == Probe::Answered);
        Self { state: self.state_at(now, latencies, settings), probe, since: if turned { now } else { self.since } }
    }
}

/// A load balancer and a server group behind one of its listeners.
pub(crate) type Use = (String, String);

/// Every check, and when they were last made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health {
    pub(crate) checks: BTreeMap<Use, BTreeMap<ServerKey, Check>>,
    pub(crate) at: Option<Timestamp>,
}
