//! ALB 2020-06-16: load balancers, server groups, listeners and health checks.
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
pub(crate) mod health;
mod health_check;
mod jobs;
mod listeners;
pub(crate) mod load_balancers;
mod paging;
mod regions;
mod rules;
mod server_groups;
mod servers;
mod tags;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::call::{Answer, Call, unknown_action};
use crate::state::alb::Alb;
use crate::world::World;

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
        "CreateRule" => rules::create(world, now, call),
        "DeleteRule" => rules::delete(world, now, call),
        "ListRules" => rules::list(world, now, call),
        "GetListenerHealthStatus" => health::status(world, now, call),
        "ListAsynJobs" => jobs::list(world, now, call),
        "TagResources" => tags::tag(world, call),
        "UnTagResources" => tags::untag(world, call),
        "ListTagResources" => tags::list(world, call),
        _ => Err(unknown_action()),
    }
}

/// Removes what is deleted by `now`, then probes the servers that have health checks.
pub(crate) fn settle(world: &mut World, now: Timestamp) {
    load_balancers::sweep(world, now);
    let alb = &mut world.alb;
    alb.listeners.retain(|_, listener| !listener.is_gone(now));
    // Rules go with their listener.
    let Alb { rules, listeners, .. } = alb;
    rules.retain(|_, rule| !rule.is_gone(now) && listeners.contains_key(&rule.listener));
    alb.server_groups.retain(|_, group| !group.is_gone(now));
    for group in alb.server_groups.values_mut() {
        group.servers.retain(|_, server| !server.is_gone(now));
    }
    health::probe(world, now);
}
