//! Resources of bindings that were removed from the store, and attachments and connections that no binding uses. Reported,
//! never removed.

use crate::ids::{Region, VpcId};
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
        found.push(Reason::new(Code::Orphan, id, message));
        for (balancer, listener, port) in &group.listeners {
            let message = format!(
                "Listener {listener} on port {port} of {balancer} forwards to {id} of binding {binding}, which is not in the store."
            );
            found.push(Reason::new(Code::Orphan, listener, message));
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
        is_gone(inputs, binding.as_str()).then(|| Reason::new(Code::Orphan, server.endpoint(), message))
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
        Reason::new(Code::Orphan, &found.id, message)
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
        Reason::new(Code::Orphan, &peer.id, message)
    });
    left.collect()
}
