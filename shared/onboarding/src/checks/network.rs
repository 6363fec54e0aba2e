//! The VPCs: overlapping prefixes, and routes that divert the traffic.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::checks::finding::Finding;
use crate::checks::target::Target;
use crate::ids::{Region, VpcId};
use crate::inputs::Inputs;

use crate::desired::{self, Desired, DesiredVpcRoute};
use crate::reason::{Code, Reason};
use crate::topology::AttachmentRef;
use crate::topology::{Generation, LoadBalancer, NextHop, Topology, TransitRoute, TransitRouteStatus, Vpc, VpcRoute};

/// The prefix of the cloud's own services; every VPC has a route for it.
const SERVICES: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10);

pub(super) fn check(inputs: &Inputs<'_>, load_balancer: &LoadBalancer, desired: &Desired, findings: &mut Vec<Finding>) {
    let Inputs { binding, topology, .. } = *inputs;
    let home = &load_balancer.vpc;
    let mut earlier: Vec<&VpcId> = vec![home];
    for backend in &binding.backends {
        if &backend.vpc == home {
            let message = format!("{} is the ALB's own VPC.", backend.vpc);
            let reason = Reason::new(Code::BackendInAlbVpc, &backend.vpc, message);
            findings.push(Finding::new(reason, vec![Target::Backend(backend.vpc.clone())]));
            continue;
        }
        for other in &earlier {
            findings.extend(overlap(inputs, home, other, &backend.vpc));
        }
        earlier.push(&backend.vpc);
    }
    for id in earlier {
        findings.extend(topology.vpc(id).and_then(|vpc| in_services(home, vpc)));
    }
    strangers(inputs, load_balancer, desired, findings);
    findings.extend(custom_front(inputs, load_balancer));
    for wanted in &desired.vpc_routes {
        let shadows = shadowed(inputs, wanted, findings);
        findings.extend(shadows);
    }
    if desired::generation(binding, load_balancer) == Generation::Classic {
        custom_tables(inputs, findings);
    }
}

/// Two VPCs with overlapping prefixes, secondary prefixes included. Only changes for backends are blocked, never those for
/// the ALB's VPC, because it serves other backends too.
fn overlap(inputs: &Inputs<'_>, home: &VpcId, one: &VpcId, other: &VpcId) -> Option<Finding> {
    let (first, second) = (inputs.topology.vpc(one)?, inputs.topology.vpc(other)?);
    let pairs = first.cidrs.iter().flat_map(|mine| second.cidrs.iter().map(move |theirs| (mine, theirs)));
    let (mine, theirs) = pairs.into_iter().find(|(mine, theirs)| mine.contains(*theirs) || theirs.contains(*mine))?;
    let message = format!("{theirs} of {other} overlaps {mine} of {one}.");
    let targets = [one, other].into_iter().filter(|id| *id != home).cloned().map(Target::Backend);
    Some(Finding::new(Reason::new(Code::CidrOverlap, other, message), targets.collect()))
}

/// Prefixes that other VPCs propagate into the transit routers' tables and that overlap those of this binding's VPCs:
/// packets could reach the wrong VPC.
fn strangers(inputs: &Inputs<'_>, load_balancer: &LoadBalancer, desired: &Desired, findings: &mut Vec<Finding>) {
    let Inputs { binding, topology, .. } = *inputs;
    let home = (&load_balancer.region, &load_balancer.vpc);
    let backends = binding.backends.iter().map(|backend| (&backend.region, &backend.vpc));
    for (region, id) in std::iter::once(home).chain(backends.filter(|(_, vpc)| *vpc != home.1)) {
        let Some(vpc) = topology.vpc(id) else { continue };
        let near = topology.transit_router(region).into_iter().flat_map(|router| router.tables.values());
        let near = near.flat_map(|table| learned(&table.routes)).filter_map(|route| {
            let overlaps = |mine: &&Ipv4Net| mine.contains(&route.destination) || route.destination.contains(*mine);
            Some((route, vpc.cidrs.iter().find(overlaps)?))
        });
        let far = elsewhere(topology, region).filter_map(|route| {
            let wanted =
                |to: &&DesiredVpcRoute| to.forward == (id != home.1) && to.destination.contains(&route.destination);
            desired.vpc_routes.iter().find(wanted)?;
            Some((route, vpc.cidrs.iter().find(|mine| mine.contains(&route.destination))?))
        });
        let clash = near.chain(far).filter_map(|(route, mine)| {
            let hop = route.next_hop.as_ref()?;
            let stranger = topology.context.strangers.iter().find(|found| &found.id == hop)?;
            Some((route.destination, stranger, mine))
        });
        let Some((theirs, stranger, mine)) = clash.min_by_key(|(theirs, ..)| *theirs) else { continue };
        let message = format!(
            "{theirs} of {}, which is attached to the same CEN instance ({}), overlaps {mine} of {id}.",
            stranger.vpc, stranger.id
        );
        let target = if id == home.1 { Target::Paths } else { Target::Way(id.clone()) };
        let advice = format!(
            "Keep {} from teaching {theirs} (DisableTransitRouterRouteTablePropagation), or use another VPC or vSwitch.",
            stranger.id
        );
        let reason = Reason::new(Code::CidrOverlap, id, message).advising(Some(advice));
        findings.push(Finding::new(reason, vec![target]));
    }
}

fn learned(routes: &[TransitRoute]) -> impl Iterator<Item = &TransitRoute> {
    routes.iter().filter(|route| route.propagated)
}

/// What is learned and in effect where packets of the binding are looked up in other regions. Of the many prefixes there only those count
/// that take packets from the routes of the binding.
fn elsewhere<'t>(topology: &'t Topology, region: &'t Region) -> impl Iterator<Item = &'t TransitRoute> {
    let own = topology.vpc_attachments.get().into_iter().flatten().map(|found| &found.id);
    let peers = topology.peer_attachments.get().into_iter().flatten().map(|found| &found.id);
    let ours: Vec<_> = own.chain(peers).collect();
    let routers = topology.transit_routers.values().filter_map(|router| router.get()?.as_ref());
    let tables = routers.filter(move |router| router.region != *region).flat_map(|router| router.tables.values());
    let tables = tables.filter(move |table| table.associations.keys().any(|id| ours.contains(&id)));
    tables.flat_map(|table| learned(&table.routes)).filter(|route| route.status == TransitRouteStatus::Active)
}

/// A vSwitch of the ALB with a custom route table. The routes to the backends are in the system table, and only that is
/// supported for the ALB's traffic, whatever its generation (`procedure.md`, "Precautions"; cloud-apis.md section 10,
/// "Upgraded ALB").
fn custom_front(inputs: &Inputs<'_>, load_balancer: &LoadBalancer) -> Option<Finding> {
    let vpc = inputs.topology.vpc(&load_balancer.vpc)?;
    let vswitches = load_balancer.zones.iter().filter_map(|zone| vpc.vswitches.get(&zone.vswitch));
    let mut custom =
        vswitches.filter_map(|vswitch| Some((vswitch, vpc.table_of(vswitch).filter(|table| !table.system)?)));
    let (vswitch, table) = custom.next()?;
    let message = format!(
        "vSwitch {} of load balancer {} uses the custom route table {} of {}.",
        vswitch.id, load_balancer.id, table.id, vpc.id
    );
    let advice = format!(
        "Associate {} with the system route table of {}, or give the load balancer a vSwitch that uses it.",
        vswitch.id, vpc.id
    );
    let reason = Reason::new(Code::CustomRouteTable, &table.id, message).advising(Some(advice));
    Some(Finding::new(reason, vec![Target::Paths]))
}

/// Every VPC routes 100.64.0.0/10 to the cloud's services, so a VPC with a prefix in that range cannot be reached from
/// another VPC.
fn in_services(home: &VpcId, vpc: &Vpc) -> Option<Finding> {
    let prefix = vpc.cidrs.iter().find(|prefix| SERVICES.contains(*prefix) || prefix.contains(&SERVICES))?;
    let message = format!("{prefix} of {} overlaps {SERVICES}, which the cloud's own services use.", vpc.id);
    let target = if &vpc.id == home { Target::Paths } else { Target::Backend(vpc.id.clone()) };
    Some(Finding::new(Reason::new(Code::CidrOverlap, &vpc.id, message), vec![target]))
}

/// A more specific route sends part of a wanted destination elsewhere. The wanted route is still added, because it serves
/// the rest; members in that part are not registered.
///
/// Where the VPC keeps it for itself, the prefixes overlap: nothing can be done about that route alone.
fn shadowed(inputs: &Inputs<'_>, wanted: &DesiredVpcRoute, found: &[Finding]) -> Vec<Finding> {
    let Some(vpc) = inputs.topology.vpc(&wanted.vpc) else { return Vec::new() };
    let Some(table) = vpc.tables.get(&wanted.table) else { return Vec::new() };
    let overlaps = || found.iter().map(|finding| &finding.reason).filter(|reason| reason.code == Code::CidrOverlap);
    let ours = inputs.topology.resolve(&AttachmentRef::Vpc { vpc: wanted.vpc.clone() });
    let leads_to_us = |hop: &NextHop| matches!(hop, NextHop::Attachment(id) if Some(id) == ours);
    let inside = table.routes.iter().filter(|route| {
        route.destination != wanted.destination
            && wanted.destination.contains(&route.destination)
            && !leads_to_us(&route.next_hop)
    });
    let shadow = |route: &VpcRoute| {
        let message = format!(
            "{} of {} ({}) takes a part of {} to {}.",
            route.destination, vpc.id, table.id, wanted.destination, route.next_hop
        );
        let lost = |address: &Ipv4Addr| wanted.forward && route.destination.contains(address);
        let members = desired::selected(inputs.binding, inputs.topology).filter_map(|(_, instance)| instance.address);
        let members = members.filter(lost).map(Target::Member).collect();
        let reason = Reason::new(Code::RouteShadowed, &route.id, message);
        let is_own = route.next_hop == NextHop::Local;
        Finding::new(if is_own { reason.because(overlaps().cloned()) } else { reason }, members)
    };
    inside.map(shadow).collect()
}

/// The documented procedure supports only system route tables: backends with a custom one are reported and not registered.
fn custom_tables(inputs: &Inputs<'_>, findings: &mut Vec<Finding>) {
    let Inputs { binding, topology, .. } = *inputs;
    let mut named = BTreeSet::new();
    for (backend, instance) in desired::selected(binding, topology) {
        let Some(vpc) = topology.vpc(&backend.vpc) else { continue };
        let Some(vswitch) = vpc.vswitches.get(&instance.vswitch) else { continue };
        let Some(table) = vpc.table_of(vswitch).filter(|table| !table.system) else { continue };
        if !named.insert(&vswitch.id) {
            continue;
        }
        let here = desired::selected(binding, topology).filter(|(_, other)| other.vswitch == vswitch.id);
        let members = here.filter_map(|(_, other)| other.address).map(Target::Member);
        let message = format!("vSwitch {} of {} uses the custom route table {}.", vswitch.id, vpc.id, table.id);
        // What the table lacks follows from it, so the table is what it is about.
        let advice = format!(
            "Associate {} with the system route table of {}, move the instances to a vSwitch that uses it, or use an upgraded ALB.",
            vswitch.id, vpc.id
        );
        let reason = Reason::new(Code::CustomRouteTable, &table.id, message).advising(Some(advice));
        findings.push(Finding::new(reason, members.collect()));
    }
}
