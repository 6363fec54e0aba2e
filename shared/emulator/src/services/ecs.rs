//! ECS 2014-05-26: instances, their network interfaces, security groups and prefix lists.
//!
//! An instance's life is a queue of dated steps; `settle` takes those that are due, in the order of their times, and
//! publishes an event for each.

mod groups;
mod instance_rows;
pub(crate) mod instances;
pub(crate) mod interfaces;
mod lifecycle;
mod move_instance;
mod prefix_lists;
mod resource_tags;
mod rules;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::call::{ApiError, Body, Call, unknown_action};
use crate::world::World;

pub(crate) fn handle(world: &mut World, now: Timestamp, call: &Call) -> Result<Body, ApiError> {
    if !world.settings.regions.contains(&call.region) {
        return Err(ApiError::not_found("InvalidRegionId.NotFound", "The specified RegionId does not exist."));
    }
    let answer = match call.action.as_str() {
        "DescribeInstances" => return instances::describe(world, call),
        "RunInstances" => instances::run(world, now, call),
        "StartInstance" => lifecycle::start(world, now, call),
        "StopInstance" => lifecycle::stop(world, now, call),
        "RebootInstance" => lifecycle::reboot(world, now, call),
        "DeleteInstance" => lifecycle::delete(world, now, call),
        "DescribeInstanceStatus" => instances::describe_status(world, call),
        "ModifyInstanceVpcAttribute" => move_instance::modify(world, now, call),
        "DescribeNetworkInterfaces" => interfaces::describe(world, call),
        "AssignPrivateIpAddresses" => interfaces::assign(world, now, call),
        "UnassignPrivateIpAddresses" => interfaces::unassign(world, now, call),
        "CreateSecurityGroup" => groups::create(world, now, call),
        "DeleteSecurityGroup" => groups::delete(world, call),
        "DescribeSecurityGroups" => groups::describe(world, call),
        "JoinSecurityGroup" => groups::join(world, call),
        "LeaveSecurityGroup" => groups::leave(world, call),
        "DescribeSecurityGroupAttribute" => rules::describe(world, call),
        "AuthorizeSecurityGroup" => rules::authorize(world, now, call),
        "RevokeSecurityGroup" => rules::revoke(world, call),
        "ModifySecurityGroupRule" => rules::modify(world, call),
        "CreatePrefixList" => prefix_lists::create(world, now, call),
        "DeletePrefixList" => prefix_lists::delete(world, call),
        "ModifyPrefixList" => prefix_lists::modify(world, call),
        "DescribePrefixListAttributes" => prefix_lists::attributes(world, call),
        "TagResources" => resource_tags::tag(world, now, call),
        "UntagResources" => resource_tags::untag(world, now, call),
        "DescribeRegions" => instances::regions(world),
        _ => Err(unknown_action()),
    };
    answer.map(Body::Tree)
}

pub(crate) fn settle(world: &mut World, now: Timestamp) {
    lifecycle::settle(world, now);
}
