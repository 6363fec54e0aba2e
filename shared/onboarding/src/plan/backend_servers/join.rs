//! Members to add: selected instances with an open path; and members to update: wrong weight or recorded state.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::hand_over::{self, Entry};
use super::member::{Member, STAGE};
use crate::binding::OnStop;
use crate::change::{Change, Write};
use crate::desired;
use crate::inputs::{Inputs, Verdict, Verdicts};
use crate::limits::SERVERS_PER_GROUP;
use crate::mark::MemberState;
use crate::ordered::Ordered;
use crate::plan::{Ignored, Plan};
use crate::reason::{Code, Reason};
use crate::topology::{Endpoint, Instance, InstanceStatus, Server, ServerStatus};

/// Plans additions and updates. Returns the entries that are kept although their instances have left, because other
/// selected instances have their addresses now.
pub(super) fn plan(
    inputs: &Inputs<'_>,
    verdicts: &Verdicts,
    servers: &[Server],
    members: &[Member<'_>],
    plan: &mut Plan,
) -> BTreeSet<Endpoint> {
    let Inputs { deployment, binding, topology, now, .. } = *inputs;
    let mut kept = BTreeSet::new();
    let spec = &binding.server_group;
    let by_endpoint: BTreeMap<Endpoint, &Server> = servers.iter().map(|server| (server.endpoint(), server)).ordered();
    let mut count = servers.len();
    let mut seen = BTreeSet::new();
    for (_, instance) in desired::selected(binding, topology) {
        let Some(address) = instance.address else { continue };
        let endpoint = Endpoint { address, port: spec.port };
        if !seen.insert(&instance.id) {
            continue; // two backends of one binding select it
        }
        let Some(server) = by_endpoint.get(&endpoint) else {
            if instance.status == InstanceStatus::Running {
                let add =
                    Write::AddServer { instance: instance.id.clone(), address, port: spec.port, weight: spec.weight };
                let change = gate(Change::new(STAGE, add), instance, address, verdicts.get(&instance.id), count);
                count += usize::from(change.is_open());
                plan.changes.push(change);
            }
            continue;
        };
        let member = members.iter().find(|member| member.server.endpoint() == endpoint);
        let Some(member) = member else {
            if server.remote {
                let message = format!("{endpoint} of {} is a member that others registered.", instance.id);
                plan.find(Reason::new(Code::MemberForeign, endpoint, message));
            } else {
                // Without Remote IP, the address counts as one in the ALB's own VPC, where none of our instances is.
                let message = format!("{endpoint} of {} is registered by others without Remote IP.", instance.id);
                let add =
                    Write::AddServer { instance: instance.id.clone(), address, port: spec.port, weight: spec.weight };
                plan.changes.push(Change::new(STAGE, add).blocked_by(Reason::new(Code::NotRemote, endpoint, message)));
            }
            continue;
        };
        if !server.remote {
            let message = format!("{endpoint} of {} is registered without Remote IP.", instance.id);
            plan.find(Reason::new(Code::NotRemote, endpoint, message));
        }
        if member.instance != instance.id {
            match hand_over::entry(inputs, member, instance) {
                Entry::Left => {}
                Entry::Kept => {
                    kept.insert(endpoint);
                }
                Entry::HandedOver => {
                    kept.insert(endpoint);
                    let change = hand_over::change(inputs, member, instance);
                    // It already has its place in the group.
                    plan.changes.push(gate(change, instance, address, verdicts.get(&instance.id), 0));
                }
            }
            continue;
        }
        if server.status != ServerStatus::Available {
            continue;
        }
        let state = match (instance.status.as_str(), member.state) {
            ("Stopped", MemberState::Serving | MemberState::Released(_))
                if binding.removal.on_stop == OnStop::Drain =>
            {
                MemberState::Stopped(now)
            }
            ("Running", _) | ("Stopped", MemberState::Released(_)) => MemberState::Serving,
            ("Stopped", state) => state,
            // Starting, Stopping, Pending, or an unknown status: wait.
            _ => continue,
        };
        let draining = matches!(state, MemberState::Draining(_));
        let weight = if draining { 0 } else { spec.weight_beside(member.state, server.weight) };
        if !draining && weight != spec.weight {
            plan.ignore(Ignored {
                resource: endpoint.to_string(),
                setting: "weight".to_owned(),
                have: weight.to_string(),
                wanted: spec.weight.to_string(),
            });
        }
        let description = deployment.member(&binding.name, &instance.id, state);
        if server.weight != weight || server.description != description {
            let update = Write::UpdateServer { instance: instance.id.clone(), address, port: spec.port, weight, state };
            plan.changes.push(Change::new(STAGE, update));
        }
    }
    kept
}

/// Blocks a member without an open path: the ALB fails open, so it would send traffic to it even if it is unhealthy.
fn gate(change: Change, instance: &Instance, address: Ipv4Addr, verdict: Option<&Verdict>, count: usize) -> Change {
    let id = &instance.id;
    if let Some(reason) = desired::not_private(id, address) {
        return change.blocked_by(reason);
    }
    if count >= SERVERS_PER_GROUP {
        let message = format!("The server group already has {count} servers, so {id} is not registered.");
        return change.blocked_by(Reason::new(Code::ServerQuota, id, message));
    }
    match verdict {
        Some(Verdict::Reachable) => change,
        Some(Verdict::Unreachable(reason) | Verdict::Ambiguous(reason) | Verdict::Undetermined(reason)) => {
            let message = format!("The path of {id} is not open, so it is not registered.");
            let closed = Reason::new(Code::PathNotOpen, id, message).because([reason.clone()]);
            change.blocked_by(closed).blocked_by(reason.clone())
        }
        None => {
            let message = format!("The path of {id} was not analysed.");
            change.blocked_by(Reason::new(Code::Unread, id, message))
        }
    }
}
