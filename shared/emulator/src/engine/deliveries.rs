//! Events and timers that are due, brought to functions and flows.

use jiff::Timestamp;

use crate::platform::{bus, invocations};
use crate::services::fnf::executions;
use crate::state::events::{Delivery, Destination};
use crate::state::fc::{Attempt, Origin};
use crate::world::World;

/// Delivers what is due, and fires timers.
pub(super) fn advance(world: &mut World, now: Timestamp) {
    for delivery in world.events.fire(now) {
        world.events.enqueue(now, delivery);
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
            invocations::start(world, now, attempt).map(drop)
        }
        Destination::Flow(flow) => {
            let input = String::from_utf8_lossy(&delivery.payload).into_owned();
            executions::start_from_event(world, now, &delivery.region, flow, &input)
        }
    };
    if let Err(error) = result {
        tracing::warn!(code = error.code, message = error.message, "an event was not delivered");
        bus::redeliver(world, now, delivery);
    }
}
