//! Function Compute's timer triggers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use template::cron::Schedule;

#[derive(Debug, Clone, Default)]
pub(crate) struct Timers(pub(crate) BTreeMap<TimerKey, Timer>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    pub(crate) region: String,
    pub(crate) function: String,
    pub(crate) name: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Timer {
    pub(crate) schedule: Schedule,
    pub(crate) payload: String,
    pub(crate) next: Option<Timestamp>,
}

impl Timers {
    pub(crate) fn remove(&mut self, region: &str, function: &str) {
        self.0.retain(|key, _| key.region != region || key.function != function);
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.0.values().filter_map(|timer| timer.next).min()
    }
}
