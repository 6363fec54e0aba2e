//! Resources of bindings that were removed from the store, and attachments and connections that no binding uses. Reported,
//! never removed.

use std::fmt::Display;

use crate::ids::{BindingName, Region, VpcId, is_name};
use crate::inputs::Inputs;
use crate::reason::{Code, Reason};
use crate::topology::Known;
use crate::words::counted;

/// All such resources, except routes and rules: prune reports those.
pub(crate) fn orphans(inputs: &Inputs<'_>) -> Vec<Reason> {
    let mut found = groups(inputs);
    found.extend(members(inputs));
    found.extend(attachments(inputs));
    found.extend(connections(inputs));
    found
}

/// Something that was made for a binding that is not in the store, with the command that takes it away. A mark is text that anybody may have
/// written, so a name is put into a command only if a binding may have it.
pub(crate) fn left_by(binding: &BindingName, resource: impl Display, message: String) -> Reason {
    let advice = is_name(binding.as_str()).then(|| {
        format!(
            "Put the binding {binding} back into the store, or take away what it left: `albridge teardown {binding} --was FILE`, \
             with a file of bindings that still has it."
        )
    });
    Reason::new(Code::Orphan, resource, message).advising(advice)
}

/// An attachment or a connection that no binding needs; which one it was made for is not written on it.
fn link(resource: impl Display, message: String) -> Reason {
    let advice = "Put the binding that needs it back into the store, or take it away: `albridge teardown` with that binding's name, \
                  `--was FILE`, a file of bindings that still has it, and `--attachments`.";
    Reason::new(Code::Orphan, resource, message).advising(Some(advice.to_owned()))
}

fn is_gone(inputs: &Inputs<'_>, binding: &str) -> bool {
    inputs.store.iter().all(|known| known.name.as_str() != binding)
}

/// Server groups, with their members and the listeners that forward to them.
fn groups(inputs: &Inputs<'_>) -> Vec<Reason> {
    let mut found = Vec::new();
    for group in inputs.topology.context.left_groups.get().into_iter().flatten() {
        let (id, binding) = (&group.id, &group.binding);
        let message = format!(
            "Server group {id} ({}) was made for binding {binding}, which is not in the store; it has {}{}.",
            group.name,
            counted(group.members.len(), "member"),
            first(&group.members)
        );
        found.push(left_by(binding, id, message));
        for (balancer, listener, port) in &group.listeners {
            let message = format!(
                "Listener {listener} on port {port} of {balancer} forwards to {id} of binding {binding}, which is not in the store."
            );
            found.push(left_by(binding, listener, message));
        }
    }
    found
}

/// The first entries of a list, in brackets.
fn first(all: &[String]) -> String {
    const NAMED: usize = 3;
    match all.get(..NAMED) {
        _ if all.is_empty() => String::new(),
        Some(some) if all.len() > NAMED => format!(" ({}, ...)", some.join(", ")),
        _ => format!(" ({})", all.join(", ")),
    }
}

/// Members of this binding's group that were registered for a binding that is not in the store.
fn members(inputs: &Inputs<'_>) -> Vec<Reason> {
    let servers = inputs.topology.servers.get().into_iter().flatten();
    let left = servers.filter_map(|server| {
        let binding = inputs.deployment.binding_of(&server.description)?;
        let message =
            format!("Member {} was registered for binding {binding}, which is not in the store.", server.endpoint());
        is_gone(inputs, binding.as_str()).then(|| left_by(&binding, server.endpoint(), message))
    });
    left.collect()
}

/// Our attachments to VPCs that no binding names. This needs the VPC of the load balancer of every binding with the same
/// CEN instance: a load balancer that could not be read may be in any of these VPCs.
fn attachments(inputs: &Inputs<'_>) -> Vec<Reason> {
    let Inputs { deployment, binding, store, topology, .. } = *inputs;
    let context = &topology.context;
    let same_cen = || store.iter().filter(|other| other.cen.id == binding.cen.id);
    let in_region = |region: &Region| context.strangers.iter().any(|found| &found.region == region);
    if topology.alb().is_none() && in_region(&binding.alb.region) {
        return Vec::new();
    }
    let mut homes: Vec<&VpcId> = Vec::new();
    for other in same_cen().filter(|other| other.alb.id != binding.alb.id) {
        match context.siblings.get(&other.name) {
            Some(Known::Known(sibling)) => homes.extend(sibling.as_ref().map(|sibling| &sibling.vpc)),
            // Not read: its load balancer may be in any VPC of that region.
            _ if in_region(&other.alb.region) => return Vec::new(),
            _ => {}
        }
    }
    let named = |vpc: &VpcId| {
        let backend = same_cen().flat_map(|other| &other.backends).any(|backend| &backend.vpc == vpc);
        backend || homes.contains(&vpc) || topology.alb().is_some_and(|alb| &alb.vpc == vpc)
    };
    let ours = context.strangers.iter().filter(|found| deployment.owns_tag(found.mark.as_deref()));
    let left = ours.filter(|found| !named(&found.vpc)).map(|found| {
        let message = format!(
            "Attachment {} of {} in {} was made by this deployment, and no binding names that VPC.",
            found.id, found.vpc, found.region
        );
        link(&found.id, message)
    });
    left.collect()
}

/// Our connections between regions that no binding connects.
fn connections(inputs: &Inputs<'_>) -> Vec<Reason> {
    let Inputs { deployment, binding, store, topology, .. } = *inputs;
    let joined = |one: &Region, other: &Region| {
        store.iter().filter(|each| each.cen.id == binding.cen.id).any(|each| {
            let remote = each.remote_regions();
            (&each.alb.region == one && remote.contains(&other)) || (&each.alb.region == other && remote.contains(&one))
        })
    };
    let own = topology.peer_attachments.get().into_iter().flatten();
    let all = own.chain(&topology.context.foreign_peers);
    let ours =
        all.filter(|peer| deployment.owns_tag(peer.mark.as_deref()) && !joined(&peer.regions.0, &peer.regions.1));
    let left = ours.map(|peer| {
        let message = format!(
            "Connection {} ({} - {}) was made by this deployment, and no binding joins these regions.",
            peer.id, peer.regions.0, peer.regions.1
        );
        link(&peer.id, message)
    });
    left.collect()
}
