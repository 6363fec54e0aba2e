//! An instance moved to another vSwitch: its address changes, and an event says so.

use jiff::Timestamp;
use serde_json::json;

use super::lifecycle::{self, instance_here, wrong_state};
use crate::call::{Answer, ApiError, Call, done};
use crate::platform::bus;
use crate::state::ecs::State;
use crate::world::World;

pub(super) fn modify(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let instance = instance_here(world, call)?;
    if instance.state != State::Stopped {
        return Err(wrong_state());
    }
    let (id, interface, old) = (instance.id.clone(), instance.interface.clone(), instance.switch.clone());
    let target = params.required("VSwitchId")?;
    let missing = || ApiError::not_found("InvalidVSwitchId.NotFound", "The specified VSwitchId does not exist.");
    let switch = world.vpc.switches.get(target).ok_or_else(missing)?;
    let (vpc, zone) = (switch.vpc.clone(), switch.zone.clone());
    if zone != instance.zone {
        return Err(ApiError::bad(
            "InvalidParameter.Mismatch",
            "The specified VSwitch and the instance are not in the same zone.",
        ));
    }
    let expected = params.get("VpcId").unwrap_or(&instance.vpc);
    if vpc != expected {
        return Err(ApiError::bad("InvalidVSwitchId.VpcMismatch", "The specified VSwitch does not belong to the VPC."));
    }
    let groups = params.list("SecurityGroupId");
    if vpc != instance.vpc && groups.is_empty() {
        return Err(ApiError::bad(
            "MissingParameter",
            "The input parameter \"SecurityGroupId.N\" that is mandatory for processing this request is not supplied.",
        ));
    }
    for group in &groups {
        if world.ecs.groups.get(group).is_none_or(|group| group.vpc != vpc) {
            return Err(super::groups::no_such_group());
        }
    }
    let wanted = params.parse("PrivateIpAddress")?;
    if world.vpc.switches.get(target).is_some_and(|switch| switch.available() == 0) {
        return Err(ApiError::bad(
            "InvalidVSwitchId.IpNotEnough",
            "The specified VSwitch has not enough IP addresses.",
        ));
    }
    let address = world.vpc.take_address(target, wanted, &interface)?;
    if old == target {
        let former = world.ecs.interfaces.get(&interface).map(|held| held.addresses.clone()).unwrap_or_default();
        former.iter().filter(|held| **held != address).for_each(|held| world.vpc.release_address(&old, *held));
    } else {
        world.vpc.release_addresses(&old, &interface);
    }
    if let Some(held) = world.ecs.interfaces.get_mut(&interface) {
        held.vpc.clone_from(&vpc);
        target.clone_into(&mut held.switch);
        held.addresses = vec![address];
        if !groups.is_empty() {
            held.groups = groups;
        }
    }
    if let Some(instance) = world.ecs.instances.get_mut(&id) {
        instance.vpc = vpc;
        target.clone_into(&mut instance.switch);
    }
    let subject = lifecycle::subject(world, &call.region, "instance", &id);
    // The shape of this event's data is not documented; the instance is named as in a state change.
    let data =
        json!({"resourceId": id, "resourceType": "ALIYUN::ECS::Instance", "oldVSwitchId": old, "newVSwitchId": target});
    bus::publish(world, now, &call.region, "acs.ecs", "ecs:Instance:VSwitchChanged", &subject, data);
    done()
}
