//! An instance's life: started, stopped, rebooted, deleted, and an event for every state it enters.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::json;

use crate::call::{Answer, ApiError, Call, done};
use crate::platform::bus;
use crate::platform::interfaces::drop_interface;
use crate::state::ecs::{Instance, State};
use crate::world::World;

/// Takes every transition that is due, in the order of time.
pub(super) fn settle(world: &mut World, now: Timestamp) {
    while let Some((at, id)) = world.ecs.due.pop_first() {
        if at > now {
            world.ecs.due.insert((at, id));
            return;
        }
        let Some(instance) = world.ecs.instances.get_mut(&id) else { continue };
        // A transition that was replaced (a stop while starting) left its date in the queue: nothing is due then.
        let Some((_, state)) = instance.steps.front().copied().filter(|(due, _)| *due <= at) else { continue };
        instance.steps.pop_front();
        enter(world, at, &id, state);
        queue(world, &id);
    }
}

/// Replaces the planned transitions of an instance.
pub(super) fn plan(world: &mut World, id: &str, steps: impl IntoIterator<Item = (Timestamp, State)>) {
    let Some(instance) = world.ecs.instances.get_mut(id) else { return };
    // Only an instance's next step is in the queue.
    if let Some((at, _)) = instance.steps.front() {
        world.ecs.due.remove(&(*at, id.to_owned()));
    }
    instance.steps = steps.into_iter().collect::<VecDeque<_>>();
    queue(world, id);
}

fn queue(world: &mut World, id: &str) {
    let next = world.ecs.instances.get(id).and_then(|instance| instance.steps.front()).map(|(at, _)| *at);
    if let Some(at) = next {
        world.ecs.due.insert((at, id.to_owned()));
    }
}

fn enter(world: &mut World, at: Timestamp, id: &str, state: State) {
    let Some(instance) = world.ecs.instances.get_mut(id) else { return };
    instance.state = state;
    if state == State::Running {
        instance.started = Some(at);
    }
    let region = instance.region.clone();
    announce(world, at, &region, id, state.name());
}

/// `ecs:Instance:StateChange` (workflow-events-template.md section 2.2).
pub(super) fn announce(world: &mut World, at: Timestamp, region: &str, id: &str, state: &str) {
    let data = json!({"resourceId": id, "resourceType": "ALIYUN::ECS::Instance", "state": state});
    let subject = subject(world, region, "instance", id);
    bus::publish(world, at, region, "acs.ecs", "ecs:Instance:StateChange", &subject, data);
}

pub(super) fn subject(world: &World, region: &str, kind: &str, id: &str) -> String {
    format!("acs:ecs:{region}:{}:{kind}/{id}", world.settings.account_id)
}

pub(super) fn start(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let instance = instance_here(world, call)?;
    if instance.state != State::Stopped {
        return Err(wrong_state());
    }
    let id = instance.id.clone();
    let running = world.settings.latencies.after(now, world.settings.latencies.instance_start);
    enter(world, now, &id, State::Starting);
    plan(world, &id, [(running, State::Running)]);
    done()
}

pub(super) fn stop(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let instance = instance_here(world, call)?;
    if instance.state != State::Running {
        return Err(wrong_state());
    }
    let id = instance.id.clone();
    let stopped = world.settings.latencies.after(now, world.settings.latencies.instance_stop);
    enter(world, now, &id, State::Stopping);
    plan(world, &id, [(stopped, State::Stopped)]);
    done()
}

pub(super) fn reboot(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let instance = instance_here(world, call)?;
    if instance.state != State::Running {
        return Err(wrong_state());
    }
    let id = instance.id.clone();
    let latencies = &world.settings.latencies;
    let down = latencies.after(now, latencies.instance_stop);
    let up = latencies.after(down, latencies.instance_start);
    enter(world, now, &id, State::Stopping);
    plan(world, &id, [(down, State::Starting), (up, State::Running)]);
    done()
}

/// Only a stopped instance can be deleted, any with `Force`.
pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let instance = instance_here(world, call)?;
    let forced = call.params.flag("Force")? == Some(true) || call.params.flag("ForceStop")? == Some(true);
    if instance.state != State::Stopped && !forced {
        return Err(wrong_state());
    }
    let (id, region) = (instance.id.clone(), instance.region.clone());
    let owned: Vec<String> = std::iter::once(&instance.interface).chain(&instance.secondary).cloned().collect();
    for interface in owned {
        drop_interface(world, &interface);
    }
    plan(world, &id, []);
    world.ecs.instances.remove(&id);
    announce(world, now, &region, &id, "Deleted");
    done()
}

pub(super) fn instance_here<'a>(world: &'a World, call: &Call) -> Result<&'a Instance, ApiError> {
    let id = call.params.required("InstanceId")?;
    let missing = || ApiError::not_found("InvalidInstanceId.NotFound", "The specified InstanceId does not exist.");
    world.ecs.instances.get(id).filter(|instance| instance.region == call.region).ok_or_else(missing)
}

pub(super) fn wrong_state() -> ApiError {
    ApiError::new(403, "IncorrectInstanceStatus", "The current status of the resource does not support this operation.")
}
