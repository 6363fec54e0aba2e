//! Function Compute's timer triggers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use template::cron::Schedule;

use super::{Delivery, Destination};
use crate::world::World;

#[derive(Debug, Clone, Default)]
pub(super) struct Timers(BTreeMap<TimerKey, Timer>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct TimerKey {
    region: String,
    function: String,
    name: String,
}

#[derive(Debug, Clone)]
struct Timer {
    schedule: Schedule,
    payload: String,
    next: Option<Timestamp>,
}

impl Timers {
    pub(super) fn remove(&mut self, region: &str, function: &str) {
        self.0.retain(|key, _| key.region != region || key.function != function);
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.0.values().filter_map(|timer| timer.next).min()
    }
}

/// Sets a timer that fires `function`.
pub(crate) fn put_timer(
    world: &mut World,
    now: Timestamp,
    region: &str,
    function: &str,
    name: &str,
    schedule: Schedule,
    payload: &str,
) {
    let key = TimerKey { region: region.to_owned(), function: function.to_owned(), name: name.to_owned() };
    let next = schedule.next_after(now);
    world.events.timers.0.insert(key, Timer { schedule, payload: payload.to_owned(), next });
}

/// What the timers due by now deliver. After a long silence a timer fires once, not once for every missed time.
pub(super) fn fire(world: &mut World, now: Timestamp) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    for (key, timer) in &mut world.events.timers.0 {
        let Some(at) = timer.next.filter(|at| *at <= now) else { continue };
        timer.next = timer.schedule.next_after(now);
        let event = json!({"triggerTime": format!("{at:.0}"), "triggerName": key.name, "payload": timer.payload});
        deliveries.push(Delivery {
            region: key.region.clone(),
            to: Destination::Function(key.function.clone()),
            payload: event.to_string().into_bytes(),
            tried: 0,
        });
    }
    deliveries
}
