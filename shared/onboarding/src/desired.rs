//! The desired state of a binding, given the observed state: source prefixes, instances, routes, rules.
//!
//! Both the planners and prune use it, so prune keeps exactly what the planners add.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::binding::{Backend, Binding};
use crate::change::DesiredRule;
use crate::ids::{InstanceId, Region, RouteTableId, SecurityGroupId, VpcId};
use crate::inputs::Inputs;
use crate::mark::Role;
use crate::ordered::Ordered;
use crate::reason::{Code, Reason};
use crate::topology::AttachmentRef;
use crate::topology::{
    Generation, Instance, LoadBalancer, SecurityGroup, Server, Topology, TransitRouter, Unknown, Vpc,
};

/// The routes and rules that a binding wants. If `complete` is false, part of the input could not be read, and then nothing
/// may count as unwanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    /// Routes of VPC tables to the transit router.
    pub vpc_routes: BTreeSet<DesiredVpcRoute>,
    /// Static routes of transit-router tables.
    pub transit_routes: BTreeSet<DesiredTransitRoute>,
    /// Ingress rules, by security group.
    pub rules: BTreeSet<(SecurityGroupId, DesiredRule)>,
    /// What members that leave still need: nothing is added for them, and nothing is taken from them while they are there.
    pub held: Held,
    /// The same for members of others.
    pub of_others: Held,
    /// Whether all of the input could be read.
    pub complete: bool,
}

/// What requests to members need that are not wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Routes, by table and destination: those of members of others.
    pub routes: BTreeSet<(RouteTableId, Ipv4Net)>,
    /// Ingress: the security group (any, where the member's are not known), the port, the source.
    pub rules: BTreeSet<(Option<SecurityGroupId>, u16, Ipv4Net)>,
    /// Addresses in no VPC that the binding names.
    pub addresses: BTreeSet<Ipv4Addr>,
}

/// A route that a VPC's table should have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DesiredVpcRoute {
    /// Its region.
    pub region: Region,
    /// The VPC.
    pub vpc: VpcId,
    /// The table.
    pub table: RouteTableId,
    /// The destination prefix.
    pub destination: Ipv4Net,
    /// Whether it is a forward route (in the ALB's VPC) or a back-to-origin route.
    pub forward: bool,
}

/// A static route that a transit router's table should have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DesiredTransitRoute {
    /// Its region.
    pub region: Region,
    /// The table.
    pub table: RouteTableId,
    /// The destination prefix.
    pub destination: Ipv4Net,
    /// The next hop.
    pub attachment: AttachmentRef,
}

/// The ALB's generation: the binding's if it states one, else by the API's fields. Local addresses mean upgraded.
#[must_use]
pub fn generation(binding: &Binding, load_balancer: &LoadBalancer) -> Generation {
    let has_local_addresses = load_balancer.zones.iter().any(|zone| !zone.local_addresses.is_empty());
    binding.alb.generation.unwrap_or(if has_local_addresses { Generation::Upgraded } else { Generation::Classic })
}

/// The source prefixes of the ALB's requests and health checks.
///
/// # Errors
/// Why they are not known.
pub fn sources(binding: &Binding, topology: &Topology) -> Result<Vec<Ipv4Net>, Reason> {
    let load_balancer = load_balancer(binding, topology)?;
    match generation(binding, load_balancer) {
        Generation::Classic => binding.back_to_origin.as_ref().map(|spec| spec.cidrs.clone()).ok_or_else(|| {
            Reason::new(
                Code::BackToOriginMissing,
                &load_balancer.id,
                format!("{} is a non-upgraded ALB and the binding names no back-to-origin prefixes.", load_balancer.id),
            )
        }),
        Generation::Upgraded => {
            let vpc = topology.vpc(&load_balancer.vpc).ok_or_else(|| unread_vpc(topology, &load_balancer.vpc))?;
            let mut prefixes = BTreeSet::new();
            for zone in &load_balancer.zones {
                let vswitch = vpc.vswitches.get(&zone.vswitch).ok_or_else(|| {
                    Reason::new(
                        Code::Unread,
                        &zone.vswitch,
                        format!("vSwitch {} of the ALB was not found.", zone.vswitch),
                    )
                })?;
                prefixes.insert(vswitch.cidr);
            }
            Ok(prefixes.into_iter().collect())
        }
    }
}

/// The load balancer, or why it is not available.
///
/// # Errors
/// It is unread, or does not exist.
pub fn load_balancer<'a>(binding: &Binding, topology: &'a Topology) -> Result<&'a LoadBalancer, Reason> {
    let id = &binding.alb.id;
    if let Some(why) = topology.load_balancer.why_unknown() {
        return Err(why.reason(id, format!("Load balancer {id} could not be read: {why}.")));
    }
    topology.alb().ok_or_else(|| {
        Reason::new(Code::AlbMissing, id, format!("There is no load balancer {id} in {}.", binding.alb.region))
    })
}

/// Instances with the selected tags and their backend, whatever their status.
pub fn selected<'a>(
    binding: &'a Binding,
    topology: &'a Topology,
) -> impl Iterator<Item = (&'a Backend, &'a Instance)> + use<'a> {
    binding.backends.iter().flat_map(|backend| {
        let instances = topology.instances.get(&backend.vpc).and_then(|instances| instances.get());
        let instances = instances.into_iter().flatten();
        instances.filter(|instance| backend.select.matches(&instance.tags)).map(move |instance| (backend, instance))
    })
}

/// Why an address cannot be a remote member: it is outside of the prefixes that Remote IP accepts (cloud-apis.md section
/// 4).
pub(crate) fn not_private(id: &InstanceId, address: Ipv4Addr) -> Option<Reason> {
    let prefixes = [([10, 0, 0, 0], 8), ([100, 64, 0, 0], 10), ([172, 16, 0, 0], 12), ([192, 168, 0, 0], 16)];
    let private = prefixes.iter().any(|(base, length)| Ipv4Net::new_assert((*base).into(), *length).contains(&address));
    let message = || format!("{address} of {id} is no private address.");
    (!private).then(|| Reason::new(Code::AddressNotPrivate, id, message()))
}

/// All routes and rules that the binding wants.
#[must_use]
pub fn entries(inputs: &Inputs<'_>) -> Desired {
    let Inputs { binding, topology, .. } = *inputs;
    let mut desired = Desired { complete: is_complete(binding, topology), ..Desired::default() };
    let (Ok(load_balancer), Ok(sources)) = (load_balancer(binding, topology), sources(binding, topology)) else {
        return Desired { complete: false, ..desired };
    };
    let mut of_others = Desired::default();
    // A backend in the ALB's own VPC needs no routes, and none are possible; the checks refuse it.
    for backend in binding.backends.iter().filter(|backend| backend.vpc != load_balancer.vpc) {
        let Some(vpc) = topology.vpc(&backend.vpc) else { continue };
        let inside = |own| {
            let addresses = members(inputs, own).map(|server| server.address);
            addresses.filter(|at| vpc.cidrs.iter().any(|cidr| cidr.contains(at)))
        };
        let selected = selected(binding, topology).filter(|(of, _)| of.vpc == backend.vpc);
        let selected = selected.filter_map(|(_, instance)| instance.address);
        let ways = Ways { inputs, load_balancer, backend, vpc, sources: &sources };
        ways.add(&selected.chain(inside(true)).collect(), &mut desired);
        ways.add(&inside(false).collect(), &mut of_others);
    }
    desired.rules = rules(binding, topology, &sources);
    desired.held = held(inputs, &sources, true);
    desired.of_others = held(inputs, &sources, false);
    let routes = of_others.vpc_routes.into_iter().map(|route| (route.table, route.destination));
    let routes = routes.chain(of_others.transit_routes.into_iter().map(|route| (route.table, route.destination)));
    desired.of_others.routes.extend(routes);
    desired
}

/// The registered members: this binding's own, or those of others.
fn members<'a>(inputs: &Inputs<'a>, own: bool) -> impl Iterator<Item = &'a Server> + use<'a> {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let members = topology.servers.get().into_iter().flatten();
    members.filter(move |server| deployment.read_member(&binding.name, &server.description).is_some() == own)
}

/// Between the load balancer and a VPC of a backend.
struct Ways<'a> {
    inputs: &'a Inputs<'a>,
    load_balancer: &'a LoadBalancer,
    backend: &'a Backend,
    vpc: &'a Vpc,
    sources: &'a [Ipv4Net],
}

impl Ways<'_> {
    /// Adds the routes that packets to and from these addresses need.
    fn add(&self, addresses: &BTreeSet<Ipv4Addr>, desired: &mut Desired) {
        let Self { load_balancer, backend, vpc, sources, .. } = *self;
        let Inputs { binding, topology, .. } = *self.inputs;
        if addresses.is_empty() {
            return;
        }
        let classic = generation(binding, load_balancer) == Generation::Classic;
        let vswitches: Vec<_> =
            vpc.vswitches.values().filter(|vswitch| addresses.iter().any(|at| vswitch.cidr.contains(at))).collect();
        if let Some(table) = topology.vpc(&load_balancer.vpc).and_then(|vpc| vpc.system_table()) {
            desired.vpc_routes.extend(vswitches.iter().map(|vswitch| DesiredVpcRoute {
                region: load_balancer.region.clone(),
                vpc: load_balancer.vpc.clone(),
                table: table.id.clone(),
                destination: vswitch.cidr,
                forward: true,
            }));
        }
        for vswitch in &vswitches {
            // For a classic ALB only the system table is supported; a check reports backends with custom tables.
            let table = if classic { vpc.system_table() } else { vpc.table_of(vswitch) };
            let Some(table) = table else { continue };
            desired.vpc_routes.extend(sources.iter().map(|source| DesiredVpcRoute {
                region: backend.region.clone(),
                vpc: backend.vpc.clone(),
                table: table.id.clone(),
                destination: *source,
                forward: false,
            }));
        }
        if classic {
            desired.transit_routes.extend(back_to_alb(topology, load_balancer, backend, sources));
        }
    }
}

/// What registered members need, wanted or not: this binding's own, or those of others, whose packets go the ways that it made.
fn held(inputs: &Inputs<'_>, sources: &[Ipv4Net], own: bool) -> Held {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let checked = topology
        .server_group(&deployment.tag(&binding.name, Role::ServerGroup), &binding.server_group.name)
        .map(|group| &group.settings.health_check)
        .and_then(|check| (check.enabled && check.port != 0).then_some(check.port));
    let mut held = Held::default();
    let mut members = members(inputs, own).peekable();
    if members.peek().is_none() {
        return held;
    }
    // Once for all members: there may be a thousand, among ten thousand instances.
    let groups_at = groups_by_address(topology);
    let home = topology.alb().and_then(|alb| topology.vpc(&alb.vpc));
    for server in members {
        let is_outside = is_outside(inputs, server.address);
        // In the load balancer's own VPC a member needs no route.
        if is_outside && !home.is_some_and(|vpc| vpc.cidrs.iter().any(|cidr| cidr.contains(&server.address))) {
            held.addresses.insert(server.address);
        }
        let groups: Vec<Option<SecurityGroupId>> = match groups_at.get(&server.address) {
            Some(groups) => groups.iter().cloned().map(Some).collect(),
            // Another's member that is in none of the VPCs has none of their security groups either.
            None if is_outside && !own => Vec::new(),
            None => vec![None],
        };
        for (group, source) in groups.iter().flat_map(|group| sources.iter().map(move |source| (group, source))) {
            held.rules
                .extend([Some(server.port), checked].into_iter().flatten().map(|port| (group.clone(), port, *source)));
        }
    }
    held
}

/// The security groups at each address of the listed instances.
fn groups_by_address(topology: &Topology) -> BTreeMap<Ipv4Addr, &[SecurityGroupId]> {
    let instances = || topology.instances.values().filter_map(|known| known.get()).flatten();
    let interfaces = instances().flat_map(|instance| &instance.interfaces);
    let others = interfaces.flat_map(|found| found.addresses.iter().map(|at| (*at, &found.security_groups[..])));
    let first = instances().filter_map(|instance| Some((instance.address?, &instance.security_groups[..])));
    others.chain(first).ordered()
}

/// Whether an address is known to be in no VPC of a backend of the binding.
pub(crate) fn is_outside(inputs: &Inputs<'_>, address: Ipv4Addr) -> bool {
    inputs.binding.backends.iter().all(|backend| {
        let known = inputs.topology.vpcs.get(&backend.vpc).and_then(|vpc| vpc.get());
        let vpc = known.and_then(Option::as_ref);
        // A VPC that is not there is a slip of the binding, and says nothing about members.
        vpc.is_some_and(|vpc| !vpc.cidrs.iter().any(|cidr| cidr.contains(&address)))
    })
}

/// Only for a non-upgraded ALB: routes from the source prefixes to the ALB's VPC, in the route table of the ALB region's
/// transit router where this backend's packets are looked up.
fn back_to_alb(
    topology: &Topology,
    load_balancer: &LoadBalancer,
    backend: &Backend,
    sources: &[Ipv4Net],
) -> Vec<DesiredTransitRoute> {
    let Some(router) = topology.transit_router(&load_balancer.region) else { return Vec::new() };
    let from = arriving(load_balancer, backend);
    let Some(table) = table_for(topology, router, &from) else { return Vec::new() };
    sources
        .iter()
        .map(|source| DesiredTransitRoute {
            region: load_balancer.region.clone(),
            table: table.clone(),
            destination: *source,
            attachment: AttachmentRef::Vpc { vpc: load_balancer.vpc.clone() },
        })
        .collect()
}

/// The attachment through which a backend's packets arrive at the transit router of the ALB's region.
fn arriving(load_balancer: &LoadBalancer, backend: &Backend) -> AttachmentRef {
    if backend.region == load_balancer.region {
        AttachmentRef::Vpc { vpc: backend.vpc.clone() }
    } else {
        AttachmentRef::Peer { from: load_balancer.region.clone(), to: backend.region.clone() }
    }
}

/// The table of a transit router where packets of an attachment are, or will be, looked up: the associated one, else the
/// system table.
#[must_use]
pub fn table_for(topology: &Topology, router: &TransitRouter, attachment: &AttachmentRef) -> Option<RouteTableId> {
    topology
        .resolve(attachment)
        .and_then(|id| router.table_of(id))
        .or_else(|| router.system_table())
        .map(|table| table.id.clone())
}

/// One rule for each source prefix and port, in one security group of each selected instance's interface.
fn rules(binding: &Binding, topology: &Topology, sources: &[Ipv4Net]) -> BTreeSet<(SecurityGroupId, DesiredRule)> {
    let ports = binding.server_group.ports();
    let mut wanted = BTreeSet::new();
    for (_, instance) in selected(binding, topology) {
        let Some(group) = group_for_rules(topology, instance) else { continue };
        for source in sources {
            for port in &ports {
                let rule = DesiredRule { port: *port, source: *source, priority: binding.security.priority };
                wanted.insert((group.id.clone(), rule));
            }
        }
    }
    wanted
}

/// The security group for the rules of an instance: the first of its interface's groups that is not service-managed.
#[must_use]
pub fn group_for_rules<'a>(topology: &'a Topology, instance: &Instance) -> Option<&'a SecurityGroup> {
    instance.security_groups.iter().filter_map(|id| topology.security_group(id)).find(|group| !group.service_managed)
}

fn is_complete(binding: &Binding, topology: &Topology) -> bool {
    let mut vpcs =
        topology.alb().map(|alb| &alb.vpc).into_iter().chain(binding.backends.iter().map(|backend| &backend.vpc));
    let mut groups = selected(binding, topology).flat_map(|(_, instance)| &instance.security_groups);
    topology.alb().is_some()
        && topology.servers.get().is_some()
        && topology.vpc_attachments.get().is_some()
        && topology.peer_attachments.get().is_some()
        && vpcs.all(|vpc| topology.vpc(vpc).is_some())
        && binding
            .backends
            .iter()
            .all(|backend| topology.instances.get(&backend.vpc).is_some_and(|all| all.get().is_some()))
        && groups.all(|group| topology.security_group(group).is_some())
        && binding.regions().iter().all(|region| topology.transit_router(region).is_some())
}

pub(crate) fn unread_vpc(topology: &Topology, vpc: &VpcId) -> Reason {
    match Unknown::of(topology.vpcs.get(vpc)) {
        Some(why) => why.reason(vpc, format!("VPC {vpc} could not be read: {why}.")),
        None => Reason::new(Code::VpcMissing, vpc, format!("There is no VPC {vpc}.")),
    }
}
