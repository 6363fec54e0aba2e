//! Rules, timers, and what is to be delivered.

mod timers;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use template::Rule;
use template::cron::Schedule;

use timers::{Timer, TimerKey, Timers};

#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    /// By region, bus and name.
    pub(crate) rules: BTreeMap<(String, String, String), Rule>,
    pub(crate) timers: Timers,
    /// What is to be delivered, by time and then in order of arrival.
    pub(crate) due: BTreeMap<(Timestamp, u64), Delivery>,
    pub(crate) arrivals: u64,
}

/// One event on its way to one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) region: String,
    pub(crate) to: Destination,
    pub(crate) payload: Vec<u8>,
    pub(crate) tried: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Function(String),
    Flow(String),
}

impl Events {
    pub(crate) fn remove_rule(&mut self, region: &str, bus: &str, name: &str) {
        self.rules.remove(&(region.to_owned(), bus.to_owned(), name.to_owned()));
    }

    /// Removes a function's triggers.
    pub(crate) fn remove_triggers(&mut self, region: &str, function: &str) {
        self.timers.remove(region, function);
        self.rules.retain(|(of, ..), rule| {
            of != region || !rule.targets.iter().any(|target| target.id == function && target.kind == "acs.fc.function")
        });
    }

    /// Removes one trigger of a function.
    pub(crate) fn remove_trigger(&mut self, region: &str, function: &str, name: &str) {
        let key = TimerKey { region: region.to_owned(), function: function.to_owned(), name: name.to_owned() };
        self.timers.0.remove(&key);
        self.remove_rule(region, "default", &format!("{function}-{name}"));
    }

    /// Sets a timer that fires `function`.
    pub(crate) fn put_timer(
        &mut self,
        now: Timestamp,
        region: &str,
        function: &str,
        name: &str,
        schedule: Schedule,
        payload: &str,
    ) {
        let key = TimerKey { region: region.to_owned(), function: function.to_owned(), name: name.to_owned() };
        let next = schedule.next_after(now);
        self.timers.0.insert(key, Timer { schedule, payload: payload.to_owned(), next });
    }

    /// What the timers due by now deliver. After a long gap a timer fires once, not once for every missed time.
    pub(crate) fn fire(&mut self, now: Timestamp) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for (key, timer) in &mut self.timers.0 {
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

    pub(crate) fn enqueue(&mut self, at: Timestamp, delivery: Delivery) {
        self.arrivals += 1;
        let order = self.arrivals;
        self.due.insert((at, order), delivery);
    }

    /// When something is to be delivered or fired next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let delivery = self.due.keys().next().map(|(at, _)| *at);
        delivery.into_iter().chain(self.timers.next_due()).min()
    }
}
