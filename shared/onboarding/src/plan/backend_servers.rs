//! Step 1, second part: the members. Members are exactly the selected instances with an open path, by private address with
//! Remote IP on. Leavers are drained with weight 0 and deregistered later. No member is removed without a reason, and never
//! because a listing was incomplete.
//!
//! ```text
//!   join ── entries whose address another selected instance has now: handed over
//!     │     marks of instances that are shown again: cleared
//!     └── the other members ─┬─ release: their instance is released
//!                            └─ leave: stopped, untagged, moved
//! ```

mod hand_over;
mod join;
mod leave;
mod member;
mod release;

use crate::change::Write;
use crate::checks::Finding;
use crate::inputs::{Inputs, Verdicts};
use crate::mark::Role;
use crate::plan::{Awaited, Plan, consent};
use crate::topology::{Server, ServerStatus, Unknown};

pub use member::{HOLD, RECHECK};
pub(super) use member::{hold_of, longest_hold};

use member::{Member, STAGE};

pub(super) fn plan(inputs: &Inputs<'_>, verdicts: &Verdicts, findings: &[Finding], plan: &mut Plan) {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let mark = deployment.tag(&binding.name, Role::ServerGroup);
    let group = topology.server_group(&mark, &binding.server_group.name);
    let servers: &[Server] = match (topology.server_groups.get(), group, topology.servers.get()) {
        (None, ..) => return plan.unread("the server groups", topology.server_groups.why_unknown()),
        (Some(_), None, _) => &[],
        (Some(_), Some(_), None) => return plan.unread("the members", topology.servers.why_unknown()),
        (Some(_), Some(_), Some(servers)) => servers,
    };
    for backend in &binding.backends {
        let known = topology.instances.get(&backend.vpc);
        if known.and_then(|known| known.get()).is_none() {
            plan.unread(&format!("the instances of {}", backend.vpc), Unknown::of(known));
        }
    }
    if topology.unhealthy.failure().is_some() {
        plan.unread("the health of the members", topology.unhealthy.why_unknown());
    }
    for server in servers.iter().filter(|server| server.status != ServerStatus::Available) {
        plan.expect(STAGE, Awaited::Member, format!("member {} is {}", server.endpoint(), server.status));
    }
    let members: Vec<Member<'_>> = servers
        .iter()
        .filter_map(|server| {
            let (instance, state) = deployment.read_member(&binding.name, &server.description)?;
            Some(Member { instance, state, server })
        })
        .collect();
    let before = plan.changes.len();
    let kept = join::plan(inputs, verdicts, servers, &members, plan);
    for change in plan.changes.iter_mut().skip(before) {
        consent::block(inputs, findings, change);
    }
    let joining = plan
        .changes
        .iter()
        .skip(before)
        .any(|change| change.is_open() && matches!(change.write, Write::AddServer { .. }));
    release::take_back(inputs, &members, before, plan);
    let members: Vec<&Member<'_>> = members.iter().filter(|member| !kept.contains(&member.server.endpoint())).collect();
    release::plan(inputs, servers, &members, plan);
    leave::plan(inputs, servers, &members, joining, plan);
}
