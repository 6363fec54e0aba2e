//! Step 1, second half: exactly the wanted instances whose path is open are members, by private address with Remote IP
//! on; leavers get weight 0, and are removed later. Nothing goes without a reason, and never because a list came back short.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::binding::OnStop;
use crate::change::{Change, Leaving, StageName, Write};
use crate::checks::Finding;
use crate::ids::InstanceId;
use crate::mark::{MemberState, Role};
use crate::plan::{Inputs, Plan, Verdict, Verdicts, consent};
use crate::reason::{Code, Reason};
use crate::topology::{Endpoint, Instance, Server, Unknown};
use crate::wanted;

const STAGE: StageName = StageName::BackendServers;

/// Servers that a group holds (cloud-apis.md, section 4; design.md, "Limits of the world").
const SERVERS_PER_GROUP: usize = 1000;

/// How long a leaver stays a member of weight 0 at the least, unless its release is proven. Longer than one run can spend on
/// members, so that whoever was sent away in a run is seen, and counted by the cap, until that run is over
/// (docs/decisions/0009-removal-cap.md).
pub const HOLD: Duration = Duration::from_secs(20 * 60);

/// A member that this deployment registered for this binding.
struct Member<'a> {
    instance: InstanceId,
    state: MemberState,
    server: &'a Server,
}

/// A member on its way out.
struct Leaver<'a> {
    member: &'a Member<'a>,
    why: Leaving,
    healthy: bool,
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
    join(inputs, verdicts, servers, &members, plan);
    for change in plan.changes.iter_mut().skip(before) {
        consent::block(inputs, findings, change);
    }
    let joining = plan
        .changes
        .iter()
        .skip(before)
        .any(|change| change.is_open() && matches!(change.write, Write::AddServer { .. }));
    leave(inputs, servers, &members, joining, plan);
}

/// Additions, and members whose note or weight is no longer right.
fn join(inputs: &Inputs<'_>, verdicts: &Verdicts, servers: &[Server], members: &[Member<'_>], plan: &mut Plan) {
    let Inputs { deployment, binding, topology, now, .. } = *inputs;
    let wish = &binding.server_group;
    let by_endpoint: BTreeMap<Endpoint, &Server> = servers.iter().map(|server| (server.endpoint(), server)).collect();
    let mut count = servers.len();
    let mut seen = BTreeSet::new();
    for (_, instance) in wanted::selected(binding, topology) {
        let Some(address) = instance.address else { continue };
        let endpoint = Endpoint { address, port: wish.port };
        if !seen.insert(&instance.id) {
            continue; // two backends of one binding select it
        }
        let Some(server) = by_endpoint.get(&endpoint) else {
            if instance.status == "Running" {
                let add =
                    Write::AddServer { instance: instance.id.clone(), address, port: wish.port, weight: wish.weight };
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
                // The address counts as one of the ALB's own VPC then, where no instance of ours is.
                let message = format!("{endpoint} of {} is registered by others without Remote IP.", instance.id);
                let add =
                    Write::AddServer { instance: instance.id.clone(), address, port: wish.port, weight: wish.weight };
                plan.changes.push(Change::new(STAGE, add).blocked_by(Reason::new(Code::NotRemote, endpoint, message)));
            }
            continue;
        };
        if !server.remote {
            let message = format!("{endpoint} of {} is registered without Remote IP.", instance.id);
            plan.find(Reason::new(Code::NotRemote, endpoint, message));
        }
        if server.status != "Available" {
            continue;
        }
        let state = match (instance.status.as_str(), member.state) {
            ("Stopped", MemberState::Serving) if binding.removal.on_stop == OnStop::Drain => MemberState::Stopped(now),
            ("Stopped", state) => state,
            ("Running", _) => MemberState::Serving,
            // Starting, Stopping, Pending and whatever else there may be: wait and see.
            _ => continue,
        };
        let draining = matches!(state, MemberState::Draining(_));
        let weight = if draining { 0 } else { wish.weight };
        let description = deployment.member(&binding.name, &instance.id, state);
        if server.weight != weight || server.description != description {
            let update =
                Write::UpdateServer { instance: instance.id.clone(), address, port: wish.port, weight, description };
            plan.changes.push(Change::new(STAGE, update));
        }
    }
}

/// Paths gate members: the ALB fails open and would send traffic to whatever is registered.
fn gate(change: Change, instance: &Instance, address: Ipv4Addr, verdict: Option<&Verdict>, count: usize) -> Change {
    let id = &instance.id;
    if !is_private(address) {
        let message = format!("{address} of {id} is no private address.");
        return change.blocked_by(Reason::new(Code::AddressNotPrivate, id, message));
    }
    if count >= SERVERS_PER_GROUP {
        let message = format!("The server group already has {count} servers, so {id} is not registered.");
        return change.blocked_by(Reason::new(Code::ServerQuota, id, message));
    }
    match verdict {
        Some(Verdict::Reachable) => change,
        Some(Verdict::Unreachable(reason) | Verdict::Ambiguous(reason) | Verdict::Undetermined(reason)) => {
            let message = format!("The path of {id} is not open, so it is not registered.");
            change.blocked_by(Reason::new(Code::PathNotOpen, id, message)).blocked_by(reason.clone())
        }
        None => {
            let message = format!("The path of {id} was not analysed.");
            change.blocked_by(Reason::new(Code::Unread, id, message))
        }
    }
}

/// The prefixes that Remote IP takes (cloud-apis.md, section 4).
fn is_private(address: Ipv4Addr) -> bool {
    let prefixes = [([10, 0, 0, 0], 8), ([100, 64, 0, 0], 10), ([172, 16, 0, 0], 12), ([192, 168, 0, 0], 16)];
    prefixes.iter().any(|(base, length)| Ipv4Net::new_assert((*base).into(), *length).contains(&address))
}

/// Removals, each with its reason, proven releases first; the rest within cap and floor, after newcomers are healthy.
fn leave(inputs: &Inputs<'_>, servers: &[Server], members: &[Member<'_>], joining: bool, plan: &mut Plan) {
    let topology = inputs.topology;
    let unhealthy = topology.unhealthy.get();
    let is_healthy = |server: &Server| {
        server.status == "Available"
            && server.weight > 0
            && unhealthy.is_some_and(|unhealthy| !unhealthy.contains_key(&server.endpoint()))
    };
    let mut leavers: Vec<Leaver<'_>> = members
        .iter()
        .filter(|member| member.server.status == "Available")
        .filter_map(|member| Some(Leaver { why: reason(inputs, member)?, healthy: is_healthy(member.server), member }))
        .collect();
    // Those that serve nobody go first.
    leavers.sort_by(|a, b| (a.healthy, &a.member.instance).cmp(&(b.healthy, &b.member.instance)));

    let newcomers = joining
        || servers.iter().any(|server| {
            let initial = unhealthy.and_then(|unhealthy| unhealthy.get(&server.endpoint()));
            server.status == "Adding" || initial.is_some_and(|health| health.status == "Initial")
        });
    let mut healthy = servers.iter().filter(|server| is_healthy(server)).count();
    let percent = usize::try_from(inputs.binding.removal.max_percent).unwrap_or(usize::MAX);
    let cap = (servers.len().saturating_mul(percent) / 100).max(1);
    let floor = usize::try_from(inputs.binding.removal.min_healthy).unwrap_or(usize::MAX);
    // Whoever was sent away less than the hold ago: by this run, in whatever invocation, or by one shortly before it.
    let recent =
        |member: &&Member<'_>| matches!(member.state, MemberState::Draining(since) if later(since, HOLD) > inputs.now);
    let mut going = inputs.removed.max(members.iter().filter(recent).count());
    for leaver in leavers {
        let instance = &leaver.member.instance;
        if leaver.why == Leaving::Released {
            plan.changes.push(Change::new(STAGE, remove(&leaver)));
            continue;
        }
        if let MemberState::Draining(since) = leaver.member.state {
            let change = Change::new(STAGE, remove(&leaver));
            let at = held_until(inputs, since);
            plan.changes.push(if at <= inputs.now {
                change
            } else {
                let message =
                    format!("{instance} ({}) has weight 0 since {since}, and is removed after {at}.", leaver.why);
                change.blocked_by(Reason::new(Code::RemovalWaits, instance, message))
            });
            continue;
        }
        let change = Change::new(STAGE, start_leaving(inputs, &leaver));
        let refusal = if let Some(why) = topology.unhealthy.why_unknown() {
            Some((why.code(), format!("The health of the members could not be read, so {instance} stays: {why}.")))
        } else if newcomers {
            Some((Code::RemovalWaits, format!("{instance} ({}) stays until newcomers are healthy.", leaver.why)))
        } else if leaver.healthy && healthy <= floor {
            Some((
                Code::RemovalFloor,
                format!("{instance} ({}) stays: {healthy} members are healthy, and {floor} must be left.", leaver.why),
            ))
        } else if going >= cap {
            Some((
                Code::RemovalCapped,
                format!(
                    "{instance} ({}) stays: {going} of {} members are leaving, and at most {cap} may at a time.",
                    leaver.why,
                    servers.len()
                ),
            ))
        } else {
            None
        };
        match refusal {
            Some((code, message)) => plan.changes.push(change.blocked_by(Reason::new(code, instance, message))),
            None => {
                going += 1;
                healthy -= usize::from(leaver.healthy);
                plan.changes.push(change);
            }
        }
    }
}

/// Why a member leaves, if it does. No proof, no removal.
fn reason(inputs: &Inputs<'_>, member: &Member<'_>) -> Option<Leaving> {
    let Inputs { binding, topology, now, .. } = *inputs;
    if topology.released.contains(&member.instance) {
        return Some(Leaving::Released);
    }
    let instance = topology
        .instances
        .values()
        .filter_map(|known| known.get())
        .flatten()
        .find(|found| found.id == member.instance)?;
    let settled = matches!(instance.status.as_str(), "Running" | "Stopped");
    let mut wanting = binding.backends.iter().filter(|backend| backend.vpc == instance.vpc);
    if settled && !wanting.any(|backend| backend.select.matches(&instance.tags)) {
        return Some(Leaving::Untagged);
    }
    if instance.status == "Running" && instance.address.is_some_and(|address| address != member.server.address) {
        return Some(Leaving::Moved);
    }
    if instance.status == "Running" && member.server.port != binding.server_group.port {
        return Some(Leaving::Moved);
    }
    match member.state {
        MemberState::Stopped(since) if instance.status == "Stopped" && binding.removal.on_stop == OnStop::Drain => {
            let grace = Duration::from_secs(u64::from(binding.removal.stop_grace_seconds));
            (later(since, grace) <= now).then_some(Leaving::Stopped)
        }
        MemberState::Draining(_) if instance.status == "Stopped" && binding.removal.on_stop == OnStop::Drain => {
            Some(Leaving::Stopped)
        }
        _ => None,
    }
}

/// Weight 0 first, and a note since when: it gets no new requests, and a mistake is undone by setting its weight again.
fn start_leaving(inputs: &Inputs<'_>, leaver: &Leaver<'_>) -> Write {
    let Inputs { deployment, binding, now, .. } = *inputs;
    let Member { instance, server, .. } = leaver.member;
    let description = deployment.member(&binding.name, instance, MemberState::Draining(now));
    Write::UpdateServer {
        instance: instance.clone(),
        address: server.address,
        port: server.port,
        weight: 0,
        description,
    }
}

fn remove(leaver: &Leaver<'_>) -> Write {
    let Member { instance, server, .. } = leaver.member;
    Write::RemoveServer { instance: instance.clone(), address: server.address, port: server.port, why: leaver.why }
}

/// Until when a leaver stays a member of weight 0: its requests may finish, and the cap has to see it.
fn held_until(inputs: &Inputs<'_>, since: Timestamp) -> Timestamp {
    later(since, HOLD.max(Duration::from_secs(u64::from(inputs.binding.server_group.drain_seconds))))
}

fn later(from: Timestamp, by: Duration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}
