//! The default bus of every region: events are matched against rules and queued for their targets.
//!
//! Delivery is at least once: an event may come several times and a failed delivery is repeated, so receivers must
//! bear both. Sources: workflow-events-template.md sections 2.1 (envelope), 2.3 (patterns, targets, retry).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use template::{Param, Target};

use crate::call::{Params, Service};
use crate::faults::{Domain, Effect, Occurrence};
use crate::state::events::{Delivery, Destination};
use crate::time::moment;
use crate::world::World;

mod pattern;
#[cfg(test)]
mod tests;
mod transform;

/// `BACKOFF_RETRY`: three more tries, each 10 to 20 seconds later.
const RETRIES: u32 = 3;

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
    let at = moment(now, world.settings.latencies.event);
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
            world.events.enqueue(at, delivery.clone());
        }
    }
}

/// The times at which an event is delivered to a target.
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

/// The destination of a target, and the parameter that defines its payload.
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

/// Schedules a retry of a failed delivery, up to the limit.
pub(crate) fn redeliver(world: &mut World, now: Timestamp, delivery: Delivery) {
    if delivery.tried >= RETRIES {
        return;
    }
    let wait = Duration::from_millis(10_000 + world.ids.number() % 10_000);
    let at = world.settings.latencies.after(now, wait);
    world.events.enqueue(at, Delivery { tried: delivery.tried + 1, ..delivery });
}
