//! The load balancer's side: members, listeners, server groups.

use std::time::Duration;

use crate::change::{Change, Leaving, Write};
use crate::desired;
use crate::ids::ServerGroupId;
use crate::inputs::Inputs;
use crate::mark::{MemberState, Role};
use crate::plan::server_group::{unless_not_ready, wait_until_active};
use crate::plan::{Awaited, Plan, lane};
use crate::reason::{Code, Reason};
use crate::topology::context::ForwardingRule;
use crate::topology::{Listener, ListenerStatus, Server, ServerGroup, ServerGroupStatus, ServerStatus};
use crate::words::counted;

use super::step::{STAGE, after, keep, waits_for};

/// The least time that a member stays with weight 0: the request timeout that a listener has by default.
const LEAST: Duration = Duration::from_secs(60);

/// The members that were registered for the binding: they get no new requests, finish those that they have, and go. Gives
/// what the next steps wait for.
pub(super) fn members(inputs: &Inputs<'_>, plan: &mut Plan) -> Option<Reason> {
    let Inputs { binding, topology, now, .. } = *inputs;
    if topology.server_groups.get().is_none() {
        return unread(plan, "the server groups", topology.server_groups.why_unknown());
    }
    own_group(inputs)?;
    let Some(servers) = topology.servers.get() else {
        return unread(plan, "the members", topology.servers.why_unknown());
    };
    let hold = LEAST.max(Duration::from_secs(u64::from(binding.server_group.drain_seconds)));
    let mut left = false;
    for server in servers {
        let Some((instance, state)) = inputs.deployment.read_member(&binding.name, &server.description) else {
            continue;
        };
        left = true;
        if server.status != ServerStatus::Available {
            plan.expect(STAGE, Awaited::Member, format!("member {} is {}", server.endpoint(), server.status));
            continue;
        }
        let (address, port) = (server.address, server.port);
        let remove = Write::RemoveServer { instance: instance.clone(), address, port, why: Leaving::TornDown };
        let remove = Change::new(STAGE, remove);
        match state {
            MemberState::Draining(since) if server.weight == 0 => {
                let at = since.checked_add(hold).unwrap_or(jiff::Timestamp::MAX);
                plan.changes.push(if at <= now {
                    remove
                } else {
                    let message = format!("{instance} has weight 0 since {since}, and is removed after {at}.");
                    remove.blocked_by(Reason::new(Code::RemovalWaits, &instance, message).until(at))
                });
            }
            _ => {
                let state = MemberState::Draining(now);
                let drain = Write::UpdateServer { instance: instance.clone(), address, port, weight: 0, state };
                plan.changes.push(Change::new(STAGE, drain).of_leaver(Leaving::TornDown));
                let message = format!("{instance} stays for {} s with weight 0, then it is removed.", hold.as_secs());
                plan.changes.push(remove.blocked_by(Reason::new(Code::RemovalWaits, &instance, message)));
            }
        }
    }
    left.then(|| waits_for(inputs, "The members"))
}

/// The listener that was made for the binding, if it leads to the binding's group alone and nobody else is served through it.
/// Gives what the server group waits for.
pub(super) fn listeners(inputs: &Inputs<'_>, first: Option<&Reason>, plan: &mut Plan) -> Option<Reason> {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let Some(listeners) = topology.listeners.get() else {
        return unread(plan, "the listeners", topology.listeners.why_unknown());
    };
    if topology.context.rules.failure().is_some() {
        return unread(plan, "the forwarding rules", topology.context.rules.why_unknown());
    }
    let mark = deployment.tag(&binding.name, Role::Listener);
    let mut left = false;
    for listener in listeners.iter().filter(|listener| listener.mark.as_deref() == Some(&*mark)) {
        if let Some(why) = serves_others(inputs, listener) {
            keep(plan, &listener.id, format!("Listener {} on port {} stays: {why}.", listener.id, listener.port));
            continue;
        }
        left = true;
        if !matches!(listener.status, ListenerStatus::Running | ListenerStatus::Stopped) {
            let what = format!("listener {} is {}", listener.id, listener.status);
            plan.wait(STAGE, lane::LOAD_BALANCER, Awaited::Listener, what);
            continue;
        }
        let (id, protocol) = (listener.id.clone(), listener.protocol.clone());
        let mut change = Change::new(STAGE, Write::DeleteListener { listener: id, protocol, port: listener.port });
        if let Ok(load_balancer) = desired::load_balancer(binding, topology) {
            wait_until_active(plan, STAGE, load_balancer);
            change = unless_not_ready(change, load_balancer);
        }
        plan.changes.push(after(change, first));
    }
    left.then(|| waits_for(inputs, "The listeners"))
}

/// The server group that was made for the binding, with duplicates of it, if nobody else uses it.
pub(super) fn groups(inputs: &Inputs<'_>, first: Option<&Reason>, plan: &mut Plan) {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let mark = deployment.tag(&binding.name, Role::ServerGroup);
    let own = own_group(inputs).map(|group| &group.id);
    let groups = topology.server_groups.get().into_iter().flatten();
    for group in groups.filter(|group| group.mark.as_deref() == Some(&*mark)) {
        if let Some(why) = is_used(inputs, group, Some(&group.id) == own) {
            keep(plan, &group.id, format!("Server group {} ({}) stays: {why}.", group.id, group.name));
            continue;
        }
        if group.status != ServerGroupStatus::Available {
            let what = format!("server group {} is {}", group.id, group.status);
            plan.wait(STAGE, lane::SERVER_GROUP, Awaited::ServerGroup, what);
            continue;
        }
        let listed = topology.servers.get().filter(|_| Some(&group.id) == own).map_or(0, Vec::len);
        if usize::try_from(group.server_count).unwrap_or(usize::MAX) > listed {
            // The two readings differ: one of them is older.
            let what = format!("server group {} counts {} and lists {listed}", group.id, group.server_count);
            plan.wait(STAGE, lane::SERVER_GROUP, Awaited::ServerGroup, what);
            continue;
        }
        let write = Write::RemoveServerGroup { group: group.id.clone(), name: group.name.clone() };
        plan.changes.push(after(Change::new(STAGE, write), first));
    }
}

fn own_group<'t>(inputs: &Inputs<'t>) -> Option<&'t ServerGroup> {
    let mark = inputs.deployment.tag(&inputs.binding.name, Role::ServerGroup);
    inputs.topology.server_group(&mark, &inputs.binding.server_group.name)
}

/// Members of the binding's group that were not registered for it.
fn foreign<'t>(inputs: &Inputs<'t>) -> Vec<&'t Server> {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let servers = topology.servers.get().into_iter().flatten();
    servers.filter(|server| deployment.read_member(&binding.name, &server.description).is_none()).collect()
}

/// Whom a listener of ours serves beside the binding, as the end of a sentence.
fn serves_others(inputs: &Inputs<'_>, listener: &Listener) -> Option<String> {
    let own = own_group(inputs).map(|group| &group.id);
    let elsewhere: Vec<&ServerGroupId> =
        listener.server_groups.iter().filter(|group| Some(*group) != own && !is_ours(inputs, group)).collect();
    if let [first, ..] = elsewhere[..] {
        return Some(format!("somebody let it forward to {first}"));
    }
    if let Some(rule) = rules(inputs).find(|rule| rule.listener == listener.id) {
        return Some(format!(
            "somebody gave it the forwarding rule {} ({}), which would go with it",
            rule.name, rule.id
        ));
    }
    if listener.server_groups.is_empty() {
        return Some("its default action forwards to no server group any more".to_owned());
    }
    let count = foreign(inputs).len();
    let own = own.is_some_and(|own| listener.server_groups.contains(own));
    (own && count > 0).then(|| format!("its group has {} of others", counted(count, "member")))
}

/// The forwarding rules of the load balancer: others made them, and they go with their listener.
fn rules<'t>(inputs: &Inputs<'t>) -> impl Iterator<Item = &'t ForwardingRule> + use<'t> {
    inputs.topology.context.rules.get().into_iter().flatten()
}

/// Whether a group carries the binding's mark.
fn is_ours(inputs: &Inputs<'_>, group: &ServerGroupId) -> bool {
    let mark = inputs.deployment.tag(&inputs.binding.name, Role::ServerGroup);
    let mut groups = inputs.topology.server_groups.get().into_iter().flatten();
    groups.any(|found| &found.id == group && found.mark.as_deref() == Some(&*mark))
}

/// Who uses a group of ours beside the binding, as the end of a sentence.
fn is_used(inputs: &Inputs<'_>, group: &ServerGroup, own: bool) -> Option<String> {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let count = foreign(inputs).len();
    if own && count > 0 {
        return Some(format!("it has {} of others", counted(count, "member")));
    }
    let mark = deployment.tag(&binding.name, Role::Listener);
    let listeners = topology.listeners.get().into_iter().flatten();
    let mut forwarding = listeners.filter(|listener| listener.server_groups.contains(&group.id));
    let is_kept =
        |listener: &&Listener| listener.mark.as_deref() != Some(&*mark) || serves_others(inputs, listener).is_some();
    if let Some(listener) = forwarding.find(is_kept) {
        return Some(format!("listener {} on port {} forwards to it", listener.id, listener.port));
    }
    if let Some(rule) = rules(inputs).find(|rule| rule.server_groups.contains(&group.id)) {
        return Some(format!(
            "the forwarding rule {} ({}) of listener {} leads to it",
            rule.name, rule.id, rule.listener
        ));
    }
    let elsewhere = group.load_balancers.iter().find(|id| **id != binding.alb.id);
    elsewhere.map(|id| format!("load balancer {id} uses it"))
}

/// Notes what could not be read. Gives the reason that blocks what depends on it.
fn unread(plan: &mut Plan, what: &str, why: Option<crate::topology::Unknown<'_>>) -> Option<Reason> {
    plan.unread(what, why);
    let message = format!("Could not read {what}, so nothing that depends on them is taken away.");
    Some(Reason::new(Code::Unread, what, message))
}
