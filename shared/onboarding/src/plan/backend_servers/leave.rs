//! Members that leave: first drained, later deregistered, each for a reason, within the removal cap and above the floor.

use std::collections::BTreeSet;
use std::time::Duration;

use super::member::{HOLD, Member, STAGE, cap, hold, later, remove};
use crate::absence::Unproven;
use crate::binding::OnStop;
use crate::change::{Change, Leaving, Write};
use crate::checks;
use crate::desired;
use crate::ids::InstanceId;
use crate::inputs::Inputs;
use crate::mark::MemberState;
use crate::ordered::{Ordered, sort_few};
use crate::plan::Plan;
use crate::reason::{Code, Reason};
use crate::topology::{Endpoint, Health, HealthStatus, InstanceStatus, Instances, Known, Server, ServerStatus};
use crate::words::{are, counted};

/// A member that leaves.
struct Leaver<'a> {
    member: &'a Member<'a>,
    why: Leaving,
    healthy: bool,
}

/// Plans removals with their reasons, within cap and floor, and only after new members are healthy. Released members are
/// not included.
pub(super) fn plan(inputs: &Inputs<'_>, servers: &[Server], members: &[&Member<'_>], joining: bool, plan: &mut Plan) {
    let topology = inputs.topology;
    let unhealthy = topology.unhealthy.get();
    let released = |member: &&&Member<'_>| topology.released.contains(&member.instance);
    let gone: BTreeSet<Endpoint> = members.iter().filter(released).map(|member| member.server.endpoint()).ordered();
    let is_healthy = |server: &Server| {
        server.status == ServerStatus::Available
            && server.weight > 0
            && !gone.contains(&server.endpoint())
            && unhealthy.is_some_and(|unhealthy| unhealthy.get(&server.endpoint()).is_none_or(Health::is_unchecked))
    };
    let mut leavers: Vec<Leaver<'_>> = members
        .iter()
        .filter(|member| member.server.status == ServerStatus::Available)
        .filter_map(|member| Some(Leaver { why: reason(inputs, member)?, healthy: is_healthy(member.server), member }))
        .collect();
    // Unhealthy members leave first.
    sort_few(&mut leavers, |a, b| (a.healthy, &a.member.instance).cmp(&(b.healthy, &b.member.instance)).is_lt());

    let newcomers = joining
        || servers.iter().any(|server| {
            let initial = unhealthy.and_then(|unhealthy| unhealthy.get(&server.endpoint()));
            server.status == ServerStatus::Adding
                || initial.is_some_and(|health| health.status == HealthStatus::Initial)
        });
    let mut healthy = servers.iter().filter(|server| is_healthy(server)).count();
    let none = inputs.binding.removal.max_percent == 0;
    let cap = if none { 0 } else { cap(inputs, servers) };
    let floor = usize::try_from(inputs.binding.removal.min_healthy).unwrap_or(usize::MAX);
    // Members drained within the last hold: by this run, in any invocation, or by a run shortly before it.
    let recent =
        |member: &&&Member<'_>| matches!(member.state, MemberState::Draining(since) if later(since, HOLD) > inputs.now);
    let mut going: BTreeSet<&InstanceId> = inputs.departures.drained.iter().ordered();
    going.extend(members.iter().filter(recent).map(|member| &member.instance));
    for leaver in leavers {
        let (instance, why) = (&leaver.member.instance, leaver.why);
        if let MemberState::Draining(since) = leaver.member.state {
            let change = remove(leaver.member, why);
            let at = later(since, hold(inputs));
            plan.changes.push(if none {
                let message = format!("{instance} ({why}) has weight 0, and stays: removal.maxPercent is 0.");
                change.blocked_by(Reason::new(Code::RemovalCapped, instance, message))
            } else if at <= inputs.now {
                change
            } else {
                let message = format!("{instance} ({why}) has weight 0 since {since}, and is removed after {at}.");
                change.blocked_by(Reason::new(Code::RemovalWaits, instance, message).until(at))
            });
            continue;
        }
        let change = start_leaving(inputs, leaver.member).of_leaver(why);
        if inputs.departures.drained.contains(instance) {
            plan.changes.push(change); // no listing shows it yet
            continue;
        }
        let refusal = if let Some(why) = topology.unhealthy.why_unknown() {
            Some((why.code(), format!("The health of the members could not be read, so {instance} stays: {why}.")))
        } else if newcomers {
            Some((Code::RemovalWaits, format!("{instance} ({why}) stays until newcomers are healthy.")))
        } else if leaver.healthy && healthy <= floor {
            Some((
                Code::RemovalFloor,
                format!(
                    "{instance} ({why}) stays: {} {} healthy, and {floor} must be left.",
                    counted(healthy, "member"),
                    are(healthy)
                ),
            ))
        } else if going.len() >= cap {
            Some((
                Code::RemovalCapped,
                format!(
                    "{instance} ({why}) stays: {} of {} {} leaving, and at most {cap} may at a time.",
                    going.len(),
                    counted(servers.len(), "member"),
                    are(going.len())
                ),
            ))
        } else {
            None
        };
        match refusal {
            Some((code, message)) => {
                // Who lowered the floor for want of tags would take the last one out that serves.
                let is_for_tags = code == Code::RemovalFloor && why == Leaving::Untagged;
                let because = is_for_tags.then(|| untagged(inputs, instance)).flatten();
                plan.changes.push(change.blocked_by(Reason::new(code, instance, message).because(because)));
            }
            None => {
                going.insert(instance);
                healthy -= usize::from(leaver.healthy);
                plan.changes.push(change);
            }
        }
    }
}

/// That nothing has the tags in the VPC of an instance that lost them.
fn untagged(inputs: &Inputs<'_>, id: &InstanceId) -> Option<Reason> {
    let holds = |known: &Known<Instances>| known.get().into_iter().flatten().any(|instance| instance.id == *id);
    let (vpc, _) = inputs.topology.instances.iter().find(|of| holds(of.1))?;
    checks::none_selected(inputs, vpc)
}

/// Why a member has to leave, if there is proof for a reason.
fn reason(inputs: &Inputs<'_>, member: &Member<'_>) -> Option<Leaving> {
    let Inputs { binding, topology, now, .. } = *inputs;
    // A released mark is cleared before anything else is recorded about the member.
    if topology.released.contains(&member.instance) || matches!(member.state, MemberState::Released(_)) {
        return None;
    }
    if matches!(topology.unproven.get(&member.instance), Some(Unproven::Elsewhere { .. })) {
        // If another instance got its old address, that instance would receive its requests.
        return Some(Leaving::Moved);
    }
    let mut listed = topology.instances.values().filter_map(|known| known.get()).flatten();
    let Some(instance) = listed.find(|found| found.id == member.instance) else {
        // Whoever stands at that address, the binding does not want it. No listing of instances is needed to know that.
        return desired::is_outside(inputs, member.server.address).then_some(Leaving::Unnamed);
    };
    let settled = matches!(instance.status.as_str(), "Running" | "Stopped");
    let mut wanting = binding.backends.iter().filter(|backend| backend.vpc == instance.vpc);
    if settled && !wanting.any(|backend| backend.select.matches(&instance.tags)) {
        return Some(Leaving::Untagged);
    }
    if instance.status == InstanceStatus::Running
        && instance.address.is_some_and(|address| address != member.server.address)
    {
        return Some(Leaving::Moved);
    }
    if instance.status == InstanceStatus::Running && member.server.port != binding.server_group.port {
        return Some(Leaving::Moved);
    }
    match member.state {
        MemberState::Stopped(since)
            if instance.status == InstanceStatus::Stopped && binding.removal.on_stop == OnStop::Drain =>
        {
            let grace = Duration::from_secs(u64::from(binding.removal.stop_grace_seconds));
            (later(since, grace) <= now).then_some(Leaving::Stopped)
        }
        MemberState::Draining(_)
            if instance.status == InstanceStatus::Stopped && binding.removal.on_stop == OnStop::Drain =>
        {
            Some(Leaving::Stopped)
        }
        _ => None,
    }
}

/// Drains a member: weight 0, with the time in its description. It gets no new requests, and setting the weight again
/// undoes a mistake.
fn start_leaving(inputs: &Inputs<'_>, member: &Member<'_>) -> Change {
    let Member { instance, server, .. } = member;
    let state = MemberState::Draining(inputs.now);
    let (address, port) = (server.address, server.port);
    Change::new(STAGE, Write::UpdateServer { instance: instance.clone(), address, port, weight: 0, state })
}
