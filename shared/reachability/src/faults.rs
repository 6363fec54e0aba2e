//! The faults of every instance of a binding that serves, or should: the ways that [`explain`](crate::explain) knows, for all
//! at once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use onboarding::causes::{Effect, InstanceFault, Mend};
use onboarding::desired;
use onboarding::ids::{InstanceId, RouteTableId};
use onboarding::inputs::Verdict;
use onboarding::mark::{MemberState, Role};
use onboarding::ordered::Ordered;
use onboarding::reason::{Code, Reason};
use onboarding::topology::{Endpoint, Instance, InstanceStatus, Known, Server, Topology};

use crate::analysis::Analysis;
use crate::explanation::Explanation;
use crate::fault::{Fault, Remedy, Task};
use crate::hop::Hop;
use crate::path::Path;
use crate::question::{Scope, Wish};
use crate::unowned;

/// The faults of selected instances that run, and of members. A fault of the way hides what follows from it: that the instance is no
/// member, or not healthy. What could not be read is no fault: the reading says so.
#[must_use]
pub fn faults(topology: &Topology, wish: Wish<'_>) -> Vec<InstanceFault> {
    let known = desired::load_balancer(wish.binding, topology)
        .and_then(|load_balancer| Ok((&load_balancer.vpc, desired::sources(wish.binding, topology)?)));
    let Ok((vpc, sources)) = known else { return Vec::new() };
    let ports = wish.binding.server_group.ports();
    let port = wish.binding.server_group.port;
    let instances = instances(topology, wish);
    let mut analysis =
        Analysis::new(Scope { topology, load_balancer_vpc: vpc, sources: &sources, ports: &ports, wish: Some(wish) });
    let mut faults = Vec::new();
    let mut judged = BTreeSet::new();
    for (instance, is_member) in &instances {
        let found = of(&mut analysis, instance, *is_member);
        judged.extend(instance.address.map(|address| Endpoint { address, port }));
        // What serves at another port is not what has the fault.
        let other = !is_member && serves_elsewhere(topology, instance, port);
        let address = instance.address.filter(|_| other);
        faults.extend(found.into_iter().map(|found| InstanceFault {
            port: address.map(|_| port),
            ..found.of(instance, *is_member, address, mend)
        }));
    }
    let elsewhere = elsewhere(topology, port);
    for (server, instance) in &elsewhere {
        let found = of(&mut analysis, instance, true);
        // What was not read of its way hides nothing: its health is still known.
        if !found.is_empty() {
            judged.insert(server.endpoint());
        }
        let mend = |remedy: &Remedy| mend_elsewhere(topology, wish, server, remedy);
        faults.extend(found.into_iter().map(|found| found.of(instance, true, Some(server.address), mend)));
    }
    faults.extend(unowned::faults(topology, wish, &judged));
    faults
}

/// A fault of an instance, and what comes of it.
struct Found {
    fault: Fault,
    table: Option<RouteTableId>,
    effect: Effect,
}

impl Found {
    fn of(
        self,
        instance: &Instance,
        is_member: bool,
        address: Option<Ipv4Addr>,
        mend: impl Fn(&Remedy) -> Mend,
    ) -> InstanceFault {
        let Self { fault, table, effect } = self;
        InstanceFault {
            instance: Some(instance.id.clone()),
            name: instance.name.clone(),
            is_member,
            address,
            port: None,
            together: fault.remedy.for_all().map(Box::new),
            mend: mend(&fault.remedy),
            reason: fault.reason,
            table,
            effect,
        }
    }
}

/// The instances that serve or should, at the address in question, and whether they are members.
fn instances(topology: &Topology, wish: Wish<'_>) -> Vec<(Instance, bool)> {
    let Wish { binding, deployment } = wish;
    let servers = || topology.servers.get().into_iter().flatten();
    // Of two entries of one instance, the one at the binding's port counts: the other one leaves.
    let (there, elsewhere): (Vec<&Server>, Vec<&Server>) =
        servers().partition(|server| server.port == binding.server_group.port);
    let marked = elsewhere.into_iter().chain(there);
    let ours: BTreeMap<InstanceId, MemberState> =
        marked.filter_map(|server| deployment.read_member(&binding.name, &server.description)).ordered();
    let endpoints: BTreeSet<Endpoint> = servers().map(Server::endpoint).ordered();
    let port = binding.server_group.port;
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (_, instance) in desired::selected(binding, topology) {
        let state = ours.get(&instance.id);
        let endpoint = instance.address.map(|address| Endpoint { address, port });
        let is_here = endpoint.is_some_and(|endpoint| endpoints.contains(&endpoint));
        let is_member = is_here || (state.is_some() && !serves_elsewhere(topology, instance, port));
        if matches!(state, Some(MemberState::Draining(_) | MemberState::Released(_))) {
            continue; // it leaves, and the plan says why
        }
        if (instance.status == InstanceStatus::Running || is_member) && seen.insert(&instance.id) {
            found.push((instance.clone(), is_member));
        }
    }
    found
}

/// Whether an instance is a member at another port of its address: the binding's port was changed, and what is there serves until it leaves.
fn serves_elsewhere(topology: &Topology, instance: &Instance, port: u16) -> bool {
    let mut servers = topology.servers.get().into_iter().flatten();
    servers.any(|server| Some(server.address) == instance.address && server.port != port)
}

/// Members at an address of another interface than their instance's primary one. Others registered them; their way is their own, with the
/// vSwitch and the security groups of that interface.
fn elsewhere(topology: &Topology, port: u16) -> Vec<(&Server, Instance)> {
    let instances = || topology.instances.values().filter_map(Known::get).flatten();
    let servers = topology.servers.get().into_iter().flatten().filter(|server| server.port == port);
    let at = |server: &Server| {
        let mut others = instances().filter(|instance| instance.address != Some(server.address));
        others.find_map(|instance| instance.at(server.address))
    };
    servers.filter_map(|server| Some((server, at(server)?))).collect()
}

/// No plan opens a way to another interface: what albridge would change for a primary address is a person's to decide here.
fn mend_elsewhere(topology: &Topology, wish: Wish<'_>, server: &Server, remedy: &Remedy) -> Mend {
    let Wish { binding, deployment } = wish;
    let tag = deployment.tag(&binding.name, Role::ServerGroup);
    let group = topology.server_group(&tag, &binding.server_group.name);
    match (remedy, group) {
        (Remedy::Albridge { .. }, Some(group)) => {
            let task = Task::RemoveMember { group: group.id.clone(), member: server.endpoint() };
            Mend::Person { task: task.sentence() }
        }
        (remedy, _) => mend(remedy),
    }
}

fn of<'a>(analysis: &mut Analysis<'a>, instance: &'a Instance, is_member: bool) -> Vec<Found> {
    let verdict = analysis.verdict(instance);
    let is_open = verdict == Verdict::Reachable;
    let mut found: Vec<Found> = Vec::new();
    let mut add = |fault: Fault, table, effect| {
        if !found.iter().any(|known| known.fault.reason == fault.reason) {
            found.push(Found { fault, table, effect });
        }
    };
    if !is_open {
        let Explanation { forward, back, also, lost_ports, some_ports, .. } = analysis.explain(instance);
        let effect = match verdict {
            Verdict::Ambiguous(_) if some_ports => Effect::SomePorts,
            Verdict::Ambiguous(_) if lost_ports.is_empty() => Effect::InPart,
            Verdict::Ambiguous(_) => Effect::Ports(lost_ports),
            Verdict::Undetermined(_) => Effect::NotKnown,
            _ => Effect::NotServed,
        };
        for Path { hops, fault, .. } in [forward, back].into_iter().chain(also) {
            let Some(fault) = fault else { continue };
            let table = fault.hop.and_then(|hop| hops.get(hop)).and_then(table);
            add(fault, table, effect.clone());
        }
        if instance.status == InstanceStatus::Stopped && is_member {
            add(not_running(instance), None, Effect::NotServed);
        }
    }
    let first = analysis.front(instance, &verdict).and_then(|front| front.fault);
    for fault in first.into_iter().chain(analysis.behind(instance, &verdict)) {
        let code = fault.reason.code;
        let follows = matches!(code, Code::NotMember | Code::Unhealthy);
        // What a plan brings about together with the way is not told of newcomers that have none.
        let comes = !is_member && matches!(fault.remedy, Remedy::Albridge { .. });
        if is_open || !(follows || comes) {
            let effect = if code == Code::Unhealthy { Effect::NotHealthy } else { Effect::NotServed };
            add(fault, None, effect);
        }
    }
    found.retain(|found| !matches!(found.fault.reason.code, Code::Unread | Code::NotAsked));
    found
}

/// The route table of a VPC in which packets end.
fn table(hop: &Hop) -> Option<RouteTableId> {
    let Hop::VpcTable { table, .. } = hop else { return None };
    Some(table.clone())
}

fn not_running(instance: &Instance) -> Fault {
    let id = &instance.id;
    Fault {
        reason: Reason::new(Code::NotRunning, id, format!("{id} is {}.", instance.status)),
        hop: None,
        remedy: Remedy::Operator(Task::StartInstance { instance: id.clone() }),
    }
}

fn mend(remedy: &Remedy) -> Mend {
    match remedy {
        Remedy::Albridge { change } => Mend::Change { write: Box::new(change.write.clone()) },
        Remedy::Operator(task) => Mend::Person { task: task.sentence() },
        Remedy::Time { resource, status } => Mend::Time { what: format!("Wait: {resource} is {status}.") },
    }
}
