//! ECS 2014-05-26: instances, their network interfaces, security groups and prefix lists.
//!
//! An instance's life is a queue of dated steps; `settle` takes those that are due, in the order of their times, and
//! publishes an event for each.

mod fleet;
mod groups;
mod instance_rows;
mod instances;
mod interfaces;
mod lifecycle;
mod move_instance;
mod prefix_lists;
mod resource_tags;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::call::unknown_action;
use crate::call::{ApiError, Body, Call};
use crate::tags::Tags;
use crate::time::Held;
use crate::vpc;
use crate::world::World;

pub(crate) use fleet::Fleet;
pub(crate) use instances::{Launch, launch};
pub(crate) use interfaces::{attach_secondary, drop_interface, make_service_interface};
pub(crate) use lifecycle::State;
pub(crate) use rules::{Policy, Protocol, Rule, Source};

/// Every server of the account and what belongs to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ecs {
    pub(crate) instances: Fleet,
    pub(crate) interfaces: BTreeMap<String, Interface>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) prefix_lists: BTreeMap<String, PrefixList>,
    /// When which instance takes its next step.
    due: BTreeSet<(Timestamp, String)>,
}

/// A server.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) region: String,
    pub(crate) zone: String,
    pub(crate) vpc: String,
    pub(crate) switch: String,
    /// Its primary network interface.
    pub(crate) interface: String,
    /// Interfaces beside the primary one, each with an address and security groups of its own.
    pub(crate) secondary: Vec<String>,
    pub(crate) instance_type: String,
    pub(crate) image: String,
    pub(crate) state: State,
    /// What happens to it next, and when.
    pub(crate) steps: std::collections::VecDeque<(Timestamp, State)>,
    /// Ports its web server listens on while it runs.
    pub(crate) web_ports: BTreeSet<u16>,
    pub(crate) created: Timestamp,
    pub(crate) started: Option<Timestamp>,
    pub(crate) tags: Tags,
}

/// An elastic network interface: of an instance, or of a transit router's attachment.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) zone: String,
    pub(crate) vpc: String,
    pub(crate) switch: String,
    /// The instance it belongs to; none for a transit router's.
    pub(crate) instance: Option<String>,
    pub(crate) primary: bool,
    /// Its addresses, the primary one first.
    pub(crate) addresses: Vec<Ipv4Addr>,
    pub(crate) groups: Vec<String>,
    pub(crate) mac: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) service_managed: bool,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

/// A security group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) vpc: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// An enterprise group allows no group-source rules (cloud-apis.md section 11).
    pub(crate) enterprise: bool,
    pub(crate) service_managed: bool,
    pub(crate) rules: Vec<Rule>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

/// A named list of prefixes that rules can refer to.
#[derive(Debug, Clone)]
pub(crate) struct PrefixList {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) max_entries: usize,
    pub(crate) entries: Vec<(Ipv4Net, String)>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

/// Who answers at an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) interface: &'a Interface,
    /// None for a transit router's interface.
    pub(crate) instance: Option<&'a Instance>,
    /// The instance exists and is Running.
    pub(crate) running: bool,
}

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

/// Lets go of what a fault holds.
pub(crate) fn release(world: &mut World, hold: Held) {
    for (id, instance) in world.ecs.instances.iter_mut() {
        let Some((at, _)) = instance.steps.front_mut() else { continue };
        let before = *at;
        hold.date(at);
        if *at != before && world.ecs.due.remove(&(before, id.clone())) {
            world.ecs.due.insert((*at, id.clone()));
        }
        instance.steps.iter_mut().for_each(|(at, _)| hold.date(at));
    }
}

/// When the next instance changes its state, and so publishes an event.
pub(crate) fn next_due(world: &World, _now: Timestamp) -> Option<Timestamp> {
    world.ecs.due.first().map(|(at, _)| *at)
}

/// Who holds an address of a VPC: the interface, its instance, and whether that runs. None when nobody, or a load
/// balancer, does. The security groups are `owner.interface.groups`, the vSwitch `owner.interface.switch`.
pub(crate) fn owner_of_address<'a>(world: &'a World, vpc: &str, address: Ipv4Addr) -> Option<Owner<'a>> {
    let (_, holder) = vpc::lookup_address(world, vpc, address)?;
    let interface = world.ecs.interfaces.get(holder?)?;
    let instance = interface.instance.as_ref().and_then(|id| world.ecs.instances.get(id));
    Some(Owner { interface, instance, running: instance.is_some_and(|instance| instance.state == State::Running) })
}

/// The inbound rules of a security group, in the order they were made.
pub(crate) fn rules<'a>(world: &'a World, group: &str) -> &'a [Rule] {
    world.ecs.groups.get(group).map(|group| group.rules.as_slice()).unwrap_or_default()
}

/// The prefixes that a rule's source stands for: its own, those of its prefix list, or the addresses of its group.
pub(crate) fn source_prefixes(world: &World, rule: &Rule) -> Vec<Ipv4Net> {
    match &rule.source {
        Source::Cidr(net) => vec![*net],
        Source::PrefixList(id) => world
            .ecs
            .prefix_lists
            .get(id)
            .map(|list| list.entries.iter().map(|(net, _)| *net).collect())
            .unwrap_or_default(),
        Source::Group(id) => {
            let members = world.ecs.interfaces.values().filter(|interface| interface.groups.contains(id));
            members.flat_map(|interface| interface.addresses.iter().copied().map(Ipv4Net::from)).collect()
        }
    }
}
