//! The follow-up changes of a plan: drained members are deregistered, and routes and rules that no binding wants any more
//! are pruned. Pure: it plans again over the projected topology, at a later time.
//!
//! ```text
//!   topology ── open changes made ──► prune ...................................► once this is made
//!                    │
//!                    └── the hold is over ──► members ──► removals .............► after minutes
//!                                                  └── members gone ──► prune ..► once those members are gone
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use crate::change::{Change, Write};
use crate::ids::BindingName;
use crate::inputs::{Inputs, Verdicts};
use crate::mark::MemberState;
use crate::plan::compose::members;
use crate::plan::follow_up::{After, FollowUp};
use crate::plan::project::project;
use crate::plan::prune::prune;
use crate::plan::{Plan, backend_servers};
use crate::topology::{Endpoint, Topology};

/// The follow-up changes of `plan`, in the order in which they can be made. `others` and `store` are those of [`prune`].
#[must_use]
pub fn follow_ups(inputs: &Inputs<'_>, plan: &Plan, others: &[Inputs<'_>], store: &[BindingName]) -> Vec<FollowUp> {
    let mut follow_ups = Vec::new();
    if plan.changes.is_empty() {
        return follow_ups;
    }
    let mut topology = project(inputs, &plan.changes);
    for change in plan.changes.iter().filter(|change| change.is_open()) {
        move_member(inputs, &mut topology, &change.write);
    }
    let pruned = prune(&Inputs { topology: &topology, ..*inputs }, others, store);
    note(plan, pruned, After::Changes, &mut follow_ups);

    let hold = backend_servers::longest_hold(inputs);
    let now = inputs.now.checked_add(hold).unwrap_or(jiff::Timestamp::MAX);
    let removals = members(&Inputs { topology: &topology, now, opened: now, ..*inputs }, &Verdicts::new());
    let mut going = BTreeSet::new();
    for change in removals.changes.into_iter().filter(Change::is_open) {
        let Write::RemoveServer { address, port, .. } = change.write else { continue };
        let endpoint = Endpoint { address, port };
        let listed = topology.servers.get().into_iter().flatten().find(|server| server.endpoint() == endpoint);
        let Some(server) = listed else { continue };
        going.insert(endpoint);
        let state = inputs.deployment.read_member(&inputs.binding.name, &server.description).map(|(_, state)| state);
        let after = backend_servers::hold_of(inputs, state.unwrap_or(MemberState::Serving));
        let removal = Plan { changes: vec![change], ..Plan::default() };
        note(plan, removal, After::Minutes { minutes: minutes(after) }, &mut follow_ups);
    }
    if let Some(servers) = topology.servers.get_mut() {
        servers.retain(|server| !going.contains(&server.endpoint()));
    }
    let pruned = prune(&Inputs { topology: &topology, ..*inputs }, others, store);
    note(plan, pruned, After::Members, &mut follow_ups);
    follow_ups
}

/// Adds the open changes of `found` that are neither in the plan nor in an earlier follow-up.
fn note(plan: &Plan, found: Plan, after: After, into: &mut Vec<FollowUp>) {
    for change in found.changes.into_iter().filter(Change::is_open) {
        let known = plan.covers(&change.write) || into.iter().any(|known| known.write.same_intent(&change.write));
        if !known {
            into.push(FollowUp { stage: change.stage, write: change.write, after });
        }
    }
}

/// Applies a change of a member to the topology.
fn move_member(inputs: &Inputs<'_>, topology: &mut Topology, write: &Write) {
    let Some(servers) = topology.servers.get_mut() else { return };
    match write {
        Write::UpdateServer { instance, address, port, weight, state } => {
            let endpoint = Endpoint { address: *address, port: *port };
            for server in servers.iter_mut().filter(|server| server.endpoint() == endpoint) {
                server.weight = *weight;
                server.description = inputs.deployment.member(&inputs.binding.name, instance, *state);
            }
        }
        Write::RemoveServer { address, port, .. } => {
            let endpoint = Endpoint { address: *address, port: *port };
            servers.retain(|server| server.endpoint() != endpoint);
        }
        _ => {}
    }
}

fn minutes(time: Duration) -> u64 {
    time.as_secs().div_ceil(60)
}
