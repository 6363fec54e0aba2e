//! ALB 2020-06-16: load balancers, server groups, listeners, health, and where a request goes.
//!
//! ```text
//!   Listener ──forwards to──► ServerGroup ──has──► Server ◄──probed── Check (per load balancer)
//!      │ of                        ▲                                     │ along
//!      ▼                           └──────── World::route picks ─────────┤
//!   LoadBalancer ──sends from──► sources (local or back-to-origin) ──────┴──► dataplane::Forwarder
//! ```
//! Writes are asynchronous, and one at a time per load balancer and per server group (cloud-apis.md sections 4 and 5).
//! ALB requests carry no region: the region is that of the port they came in by.

#[cfg(test)]
pub(crate) mod bench;
mod config;
mod fault;
mod health;
mod health_check;
mod jobs;
mod listeners;
mod load_balancers;
mod paging;
mod regions;
mod request;
mod scenario;
mod server_groups;
mod servers;
mod sources;
mod tags;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::call::unknown_action;
use crate::call::{Answer, Call};
use crate::time::Held;
use crate::world::World;

pub(crate) use load_balancers::move_to;
pub use request::{Decision, Frontend, Request};
pub(crate) use scenario::{AlbScenario, insert_scenario};
pub use sources::{Generation, back_to_origin};

/// How the load balancers of a world behave where the real ones differ by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The generation of load balancers that are made from now on.
    pub generation: Generation,
    /// Whether requests that name the load balancer's own domain name are refused, as for names given since
    /// 2024-11-15 (cloud-apis.md section 6).
    pub refuse_own_name: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { generation: Generation::Upgraded, refuse_own_name: true }
    }
}

/// Everything of the ALB service, in all regions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alb {
    pub(crate) policy: Policy,
    pub(crate) load_balancers: BTreeMap<String, load_balancers::LoadBalancer>,
    pub(crate) server_groups: BTreeMap<String, server_groups::ServerGroup>,
    pub(crate) listeners: BTreeMap<String, listeners::Listener>,
    jobs: VecDeque<jobs::Job>,
    health: health::Health,
}

pub(crate) fn handle(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    match call.action.as_str() {
        "DescribeRegions" => regions::regions(world, call),
        "DescribeZones" => regions::zones(world, call),
        "CreateLoadBalancer" => load_balancers::create(world, now, call),
        "DeleteLoadBalancer" => load_balancers::delete(world, now, call),
        "GetLoadBalancerAttribute" => load_balancers::attribute(world, now, call),
        "ListLoadBalancers" => load_balancers::list(world, now, call),
        "CreateServerGroup" => server_groups::create(world, now, call),
        "UpdateServerGroupAttribute" => server_groups::update(world, now, call),
        "DeleteServerGroup" => server_groups::delete(world, now, call),
        "ListServerGroups" => server_groups::list(world, now, call),
        "AddServersToServerGroup" => servers::add(world, now, call),
        "RemoveServersFromServerGroup" => servers::remove(world, now, call),
        "ReplaceServersInServerGroup" => servers::replace(world, now, call),
        "UpdateServerGroupServersAttribute" => servers::update(world, now, call),
        "ListServerGroupServers" => servers::list(world, now, call),
        "CreateListener" => listeners::create(world, now, call),
        "UpdateListenerAttribute" => listeners::update(world, now, call),
        "StartListener" => listeners::start(world, now, call),
        "StopListener" => listeners::stop(world, now, call),
        "DeleteListener" => listeners::delete(world, now, call),
        "GetListenerAttribute" => listeners::attribute(world, now, call),
        "ListListeners" => listeners::list(world, now, call),
        "GetListenerHealthStatus" => health::status(world, now, call),
        "ListAsynJobs" => jobs::list(world, now, call),
        "TagResources" => tags::tag(world, call),
        "UnTagResources" => tags::untag(world, call),
        "ListTagResources" => tags::list(world, call),
        _ => Err(unknown_action()),
    }
}

/// Sweeps what is gone by `now`, then probes every server that is to be probed.
pub(crate) fn settle(world: &mut World, now: Timestamp) {
    load_balancers::sweep(world, now);
    let alb = &mut world.alb;
    alb.listeners.retain(|_, listener| !listener.is_gone(now));
    alb.server_groups.retain(|_, group| !group.is_gone(now));
    for group in alb.server_groups.values_mut() {
        group.servers.retain(|_, server| !server.is_gone(now));
    }
    health::probe(world, now);
}

impl Alb {
    /// How many servers there are in all groups.
    pub(crate) fn server_count(&self) -> usize {
        self.server_groups.values().map(|group| group.servers.len()).sum()
    }
}

/// Lets go of what a fault holds.
pub(crate) fn release(world: &mut World, hold: Held) {
    let alb = &mut world.alb;
    alb.load_balancers.values_mut().for_each(|balancer| hold.release(&mut balancer.status));
    alb.listeners.values_mut().for_each(|listener| hold.release(&mut listener.status));
    for group in alb.server_groups.values_mut() {
        hold.release(&mut group.status);
        group.servers.values_mut().for_each(|server| hold.release(&mut server.status));
    }
    jobs::release(&mut alb.jobs, hold);
}

/// When a state changes next: probing begins and ends with it, so somebody has to look at that instant.
pub(crate) fn next_due(world: &World, now: Timestamp) -> Option<Timestamp> {
    let alb = &world.alb;
    let groups = alb.server_groups.values();
    let servers = groups.clone().flat_map(|group| group.servers.values()).filter_map(|server| server.status.due(now));
    let listeners = alb.listeners.values().filter_map(|listener| listener.status.due(now));
    let load_balancers = alb.load_balancers.values().filter_map(|lb| lb.status.due(now));
    servers.chain(listeners).chain(load_balancers).chain(groups.filter_map(|group| group.status.due(now))).min()
}
