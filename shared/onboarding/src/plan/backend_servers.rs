//! Step 1, second half: exactly the wanted instances whose path is open are members, by private address with Remote IP
//! on; leavers get weight 0, and are removed later. Nothing goes without a reason, and never because a list came back short.
//!
//! ```text
//!   join ── entries whose address a wanted instance holds now: handed over
//!     │     marks of instances that are shown again: taken back
//!     └── the other members ─┬─ release: their instance is gone
//!                            └─ leave: stopped, untagged, moved
//! ```

mod hand_over;
mod join;
mod leave;
mod release;

use std::time::Duration;

use jiff::Timestamp;

use crate::change::{Change, Leaving, StageName, Write};
use crate::checks::Finding;
use crate::ids::InstanceId;
use crate::mark::{MemberState, Role};
use crate::plan::{Inputs, Plan, Verdicts, consent};
use crate::topology::{Server, Unknown};

const STAGE: StageName = StageName::BackendServers;

/// Servers that a group holds (cloud-apis.md, section 4; design.md, "Limits of the world").
pub(crate) const SERVERS_PER_GROUP: usize = 1000;

/// How long a leaver stays a member of weight 0 at the least, unless its release is proven. Longer than one run can spend on
/// members, so that whoever was sent away in a run is seen, and counted by the cap, until that run is over
/// (docs/decisions/0009-removal-cap.md).
pub const HOLD: Duration = Duration::from_secs(20 * 60);

/// How long after a member was marked as released a reading has to prove it again
/// (docs/decisions/0020-absence.md).
pub const RECHECK: Duration = Duration::from_secs(10 * 60);

/// A member that this deployment registered for this binding.
struct Member<'a> {
    instance: InstanceId,
    state: MemberState,
    server: &'a Server,
}

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
    for server in servers.iter().filter(|server| server.status != "Available") {
        plan.expect(STAGE, format!("member {} is {}", server.endpoint(), server.status));
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

/// Takes a member out.
fn remove(member: &Member<'_>, why: Leaving) -> Change {
    let Member { instance, server, .. } = member;
    let (address, port) = (server.address, server.port);
    Change::new(STAGE, Write::RemoveServer { instance: instance.clone(), address, port, why })
}

/// How many members may go at a time: the larger of one and the binding's percentage of the group.
fn cap(inputs: &Inputs<'_>, servers: &[Server]) -> usize {
    let percent = usize::try_from(inputs.binding.removal.max_percent).unwrap_or(usize::MAX);
    (servers.len().saturating_mul(percent) / 100).max(1)
}

/// How long a member stays after a note about it was written.
pub(super) fn hold_of(inputs: &Inputs<'_>, state: MemberState) -> Duration {
    if matches!(state, MemberState::Released(_)) { RECHECK } else { hold(inputs) }
}

/// The longest that a member stays after a note about it was written.
pub(super) fn longest_hold(inputs: &Inputs<'_>) -> Duration {
    hold(inputs).max(RECHECK)
}

/// Until when a leaver stays a member of weight 0: its requests may finish, and the cap has to see it.
fn hold(inputs: &Inputs<'_>) -> Duration {
    HOLD.max(Duration::from_secs(u64::from(inputs.binding.server_group.drain_seconds)))
}

fn later(from: Timestamp, by: Duration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}
