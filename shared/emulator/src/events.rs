//! EventBridge: the default bus of every region, rules, targets, and Function Compute's timers.
//!
//! Delivery is at least once: an event may come several times and a failed delivery is repeated, so receivers must
//! bear both. Sources: workflow-events-template.md sections 2.1 (envelope), 2.3 (patterns, targets, retry), 2.4 (timers).

mod api;
mod pattern;
mod timers;
mod transform;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use template::{Param, Rule, Target};

use crate::call::{Params, Service};
use crate::faults::{Domain, Effect, Occurrence};
use crate::fc;
use crate::fc::{Attempt, Origin};
use crate::fnf;
use crate::time::moment;
use crate::world::World;

pub(crate) use api::handle;
pub(crate) use timers::put_timer;

/// `BACKOFF_RETRY`: three more tries, each 10 to 20 seconds later.
const RETRIES: u32 = 3;

#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    /// By region, bus and name.
    rules: BTreeMap<(String, String, String), Rule>,
    timers: timers::Timers,
    /// What is to be delivered, by time and then in order of arrival.
    due: BTreeMap<(Timestamp, u64), Delivery>,
    arrivals: u64,
}

/// One event on its way to one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    region: String,
    to: Destination,
    payload: Vec<u8>,
    tried: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Destination {
    Function(String),
    Flow(String),
}

impl World {
    /// Puts a rule on a bus, or replaces the one of that name.
    pub fn put_rule(&mut self, region: &str, rule: Rule) {
        self.events.rules.insert((region.to_owned(), rule.bus.clone(), rule.name.clone()), rule);
    }
}

pub(crate) fn remove_rule(world: &mut World, region: &str, bus: &str, name: &str) {
    world.events.rules.remove(&(region.to_owned(), bus.to_owned(), name.to_owned()));
}

/// The rule that Function Compute makes for an eventbridge trigger: `{function}-{trigger}` on the default bus.
pub(crate) fn put_trigger_rule(
    world: &mut World,
    region: &str,
    function: &str,
    trigger: &str,
    pattern: &Value,
    enabled: bool,
) {
    let body = Param { key: "Body".to_owned(), form: "ORIGINAL".to_owned(), value: String::new(), template: None };
    let target = Target {
        id: function.to_owned(),
        kind: "acs.fc.function".to_owned(),
        endpoint: world.function_arn(region, function),
        params: vec![body],
    };
    let rule = Rule {
        bus: "default".to_owned(),
        name: format!("{function}-{trigger}"),
        enabled,
        pattern: pattern.clone(),
        targets: vec![target],
    };
    world.put_rule(region, rule);
}

/// Removes a function's triggers.
pub(crate) fn remove_triggers(world: &mut World, region: &str, function: &str) {
    world.events.timers.remove(region, function);
    world.events.rules.retain(|(of, ..), rule| {
        of != region || !rule.targets.iter().any(|target| target.id == function && target.kind == "acs.fc.function")
    });
}

/// Puts an event of this account on the default bus of `region`: type as in `ecs:Instance:StateChange`, source as in
/// `acs.ecs`.
pub(crate) fn publish(
    world: &mut World,
    now: Timestamp,
    region: &str,
    source: &str,
    kind: &str,
    subject: &str,
    data: Value,
) {
    let account = world.settings.account_id.clone();
    let mut event = json!({
        "id": world.ids.uuid(),
        "source": source,
        "specversion": "1.0",
        "type": kind,
        "datacontenttype": "application/json;charset=utf-8",
        "subject": subject,
        "time": format!("{now:.3}"),
        "aliyunaccountid": account,
        "aliyunoriginalaccountid": account,
        "aliyunpublishtime": format!("{now:.3}"),
        "aliyuneventbusname": "default",
        "aliyunregionid": region,
        "aliyunpublishaddr": "127.0.0.1",
    });
    event["data"] = data;
    let at = moment(now, world.settings.pace.event);
    let mut deliveries = Vec::new();
    for ((of, bus, name), rule) in &world.events.rules {
        if of != region || bus != "default" || !rule.enabled || !pattern::matches(&rule.pattern, &event) {
            continue;
        }
        for target in &rule.targets {
            match destination(target) {
                Some((to, payload)) => {
                    let payload = transform::apply(payload, &event);
                    deliveries.push(Delivery { region: region.to_owned(), to, payload, tried: 0 });
                }
                None => tracing::warn!(
                    rule = name,
                    target = target.id,
                    kind = target.kind,
                    "the emulator does not play this target"
                ),
            }
        }
    }
    for delivery in deliveries {
        for at in arrivals(world, now, at, &delivery, source, kind, subject) {
            enqueue(world, at, delivery.clone());
        }
    }
}

/// When, and so how often, an event comes to a target.
fn arrivals(
    world: &mut World,
    now: Timestamp,
    at: Timestamp,
    delivery: &Delivery,
    source: &str,
    kind: &str,
    subject: &str,
) -> Vec<Timestamp> {
    let mut copies = world.settings.event_copies.max(1);
    let mut wait = Duration::ZERO;
    if world.faults.touch(Domain::Delivery) {
        let (Destination::Function(target) | Destination::Flow(target)) = &delivery.to;
        let params = [("type", kind), ("source", source), ("subject", subject), ("target", target)];
        let params = Params::new(params.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let occurrence = Occurrence {
            domain: Domain::Delivery,
            service: Service::EventBridge,
            action: "PutEvents",
            region: &delivery.region,
            caller: None,
            params: &params,
        };
        for (effect, _) in world.faults.strike(now, &occurrence) {
            match effect {
                Effect::LoseEvent => return Vec::new(),
                Effect::DuplicateEvent { copies: wanted } => copies = copies.max(wanted.get()),
                Effect::DelayEvent { seconds } => wait += seconds.duration(),
                Effect::ReorderEvents { seconds } => wait += seconds.duration().mul_f64(world.ids.fraction()),
                _ => {}
            }
        }
    }
    let at = moment(at, wait);
    (0..copies).map(|_| at).collect()
}

/// Where a target leads, and the parameter that says what it gets.
fn destination(target: &Target) -> Option<(Destination, Option<&Param>)> {
    let param = |name: &str| target.params.iter().find(|param| param.key.eq_ignore_ascii_case(name));
    let constant = |name: &str| param(name).map(|param| param.value.clone()).filter(|value| !value.is_empty());
    // The endpoint ends in the function's or flow's name, perhaps with a qualifier behind it.
    let named = |kind: &str| {
        let mut parts = target.endpoint.split(['/', ':']).skip_while(|part| *part != kind);
        parts.nth(1).filter(|name| !name.is_empty() && !name.starts_with('$')).map(str::to_owned)
    };
    match target.kind.as_str() {
        "acs.fc.function" => {
            Some((Destination::Function(constant("functionName").or_else(|| named("functions"))?), param("Body")))
        }
        "acs.fnf" => Some((Destination::Flow(constant("FlowName").or_else(|| named("flow"))?), param("Input"))),
        _ => None,
    }
}

fn enqueue(world: &mut World, at: Timestamp, delivery: Delivery) {
    world.events.arrivals += 1;
    let order = world.events.arrivals;
    world.events.due.insert((at, order), delivery);
}

/// Delivers what is due, and fires timers.
pub(crate) fn advance(world: &mut World, now: Timestamp) {
    for delivery in timers::fire(world, now) {
        enqueue(world, now, delivery);
    }
    while let Some(entry) = world.events.due.first_entry() {
        if entry.key().0 > now {
            break;
        }
        let delivery = entry.remove();
        deliver(world, now, delivery);
    }
}

fn deliver(world: &mut World, now: Timestamp, delivery: Delivery) {
    let result = match &delivery.to {
        Destination::Function(function) => {
            let attempt = Attempt {
                region: delivery.region.clone(),
                function: function.clone(),
                payload: delivery.payload.clone(),
                retry: delivery.tried,
                origin: Origin::Delivery(delivery.clone()),
            };
            fc::start(world, now, attempt).map(drop)
        }
        Destination::Flow(flow) => {
            let input = String::from_utf8_lossy(&delivery.payload).into_owned();
            fnf::start_from_event(world, now, &delivery.region, flow, &input)
        }
    };
    if let Err(error) = result {
        tracing::warn!(code = error.code, message = error.message, "an event was not delivered");
        redeliver(world, now, delivery);
    }
}

/// Tries a failed delivery again, until it has been tried often enough.
pub(crate) fn redeliver(world: &mut World, now: Timestamp, delivery: Delivery) {
    if delivery.tried >= RETRIES {
        return;
    }
    let wait = Duration::from_millis(10_000 + world.ids.number() % 10_000);
    let at = world.settings.pace.after(now, wait);
    enqueue(world, at, Delivery { tried: delivery.tried + 1, ..delivery });
}

/// When something is to be delivered or fired next.
pub(crate) fn next_due(world: &World, _now: Timestamp) -> Option<Timestamp> {
    let delivery = world.events.due.keys().next().map(|(at, _)| *at);
    delivery.into_iter().chain(world.events.timers.next_due()).min()
}

#[cfg(test)]
mod tests;
