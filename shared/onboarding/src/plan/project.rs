//! The projected topology: as it will be after the open network changes of a plan are made. Paths are judged on it before
//! any of them is written.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use crate::change::{Change, Write};
use crate::ids::{AttachmentId, RouteEntryId, RouteTableId, RuleId};
use crate::inputs::Inputs;
use crate::ordered::Ordered;
use crate::reason::Code;
use crate::topology::AttachmentRef;
use crate::topology::{
    AttachmentStatus, LinkStatus, NextHop, PeerAttachment, RuleSource, SecurityRule, Topology, TransitRoute,
    TransitRouteStatus, VpcAttachment, VpcRoute, VpcRouteStatus, VpcRouteType,
};

/// The most rounds of propagation: one more than the transit routers that a route can cross.
const ROUNDS: usize = 4;

/// `inputs.topology` after the open ones of `changes` are made and active. It cannot know changes by others.
#[must_use]
pub fn project(inputs: &Inputs<'_>, changes: &[Change]) -> Topology {
    made(inputs, changes, Change::is_open)
}

/// The same, with changes that only wait also made: what a path still lacks then is its own fault, and the cause of the
/// wait.
#[must_use]
pub fn project_unwaiting(inputs: &Inputs<'_>, changes: &[Change]) -> Topology {
    made(inputs, changes, |change| change.blocked.iter().all(|reason| reason.code == Code::Waits))
}

fn made(inputs: &Inputs<'_>, changes: &[Change], which: impl Fn(&Change) -> bool) -> Topology {
    let mut topology = inputs.topology.clone();
    settle(&mut topology);
    for change in changes.iter().filter(|change| which(change)) {
        make(inputs, &mut topology, &change.write);
    }
    for _ in 0..ROUNDS {
        if !propagate(&mut topology) {
            break;
        }
    }
    topology
}

/// Completes all changes in progress.
fn settle(topology: &mut Topology) {
    fn arrive<S: PartialEq>(status: &mut S, on_the_way: &[S], arrived: S) {
        if on_the_way.contains(status) {
            *status = arrived;
        }
    }
    let attaching = [AttachmentStatus::Attaching, AttachmentStatus::Modifying];
    let linking = [LinkStatus::Associating, LinkStatus::Enabling];
    let changing = [VpcRouteStatus::Pending, VpcRouteStatus::Modifying];
    for attachment in topology.vpc_attachments.get_mut().into_iter().flatten() {
        arrive(&mut attachment.status, &attaching, AttachmentStatus::Attached);
    }
    for peer in topology.peer_attachments.get_mut().into_iter().flatten() {
        arrive(&mut peer.status, &attaching, AttachmentStatus::Attached);
    }
    for router in topology.transit_routers.values_mut().filter_map(|router| router.get_mut()?.as_mut()) {
        for table in router.tables.values_mut() {
            let links = table.associations.values_mut().chain(table.propagations.values_mut());
            links.for_each(|status| arrive(status, &linking, LinkStatus::Active));
            for route in &mut table.routes {
                arrive(&mut route.status, &[TransitRouteStatus::Creating], TransitRouteStatus::Active);
            }
        }
    }
    for vpc in topology.vpcs.values_mut().filter_map(|vpc| vpc.get_mut()?.as_mut()) {
        for route in vpc.tables.values_mut().flat_map(|table| &mut table.routes) {
            arrive(&mut route.status, &changing, VpcRouteStatus::Available);
        }
    }
}

fn make(inputs: &Inputs<'_>, topology: &mut Topology, write: &Write) {
    match write {
        Write::AttachVpc { region, vpc, zones } => {
            let Some(router) = topology.transit_router(region).map(|router| router.id.clone()) else { return };
            let Some(attachments) = topology.vpc_attachments.get_mut() else { return };
            attachments.push(VpcAttachment {
                id: AttachmentId::from(format!("planned-{vpc}")),
                vpc: vpc.clone(),
                transit_router: router,
                region: region.clone(),
                status: AttachmentStatus::Attached,
                zones: zones.iter().cloned().collect(),
                auto_publish: false,
                mark: None,
                created: String::new(),
            });
        }
        Write::Connect { from, to, mbps, package } => {
            let Some(peers) = topology.peer_attachments.get_mut() else { return };
            peers.push(PeerAttachment {
                id: AttachmentId::from(format!("planned-{from}-{to}")),
                regions: (from.clone(), to.clone()),
                status: AttachmentStatus::Attached,
                bandwidth: Some(*mbps),
                bandwidth_package: package.clone(),
                auto_publish: true,
                mark: None,
                created: String::new(),
            });
        }
        Write::SetBandwidth { from, to, mbps } => {
            let peers = topology.peer_attachments.get_mut().into_iter().flatten();
            peers.filter(|peer| peer.joins(from, to)).for_each(|peer| peer.bandwidth = Some(*mbps));
        }
        Write::PublishRoutes { from, to } => {
            let peers = topology.peer_attachments.get_mut().into_iter().flatten();
            peers.filter(|peer| peer.joins(from, to)).for_each(|peer| peer.auto_publish = true);
        }
        Write::Associate { region, table, attachment } | Write::Propagate { region, table, attachment } => {
            let Some(id) = topology.resolve(attachment).cloned() else { return };
            let router = topology.transit_routers.get_mut(region).and_then(|router| router.get_mut()?.as_mut());
            let Some(table) = router.and_then(|router| router.tables.get_mut(table)) else { return };
            let links = match write {
                Write::Associate { .. } => &mut table.associations,
                _ => &mut table.propagations,
            };
            links.insert(id, LinkStatus::Active);
        }
        Write::AddVpcRoute { vpc, table, destination, .. } => add_vpc_route(inputs, topology, vpc, table, *destination),
        Write::AddTransitRoute { region, table, destination, attachment } => {
            let Some(id) = topology.resolve(attachment).cloned() else { return };
            let router = topology.transit_routers.get_mut(region).and_then(|router| router.get_mut()?.as_mut());
            let Some(table) = router.and_then(|router| router.tables.get_mut(table)) else { return };
            table.routes.push(TransitRoute {
                id: None,
                destination: *destination,
                next_hop: Some(id),
                propagated: false,
                status: TransitRouteStatus::Active,
                description: inputs.deployment.description(&inputs.binding.name),
            });
        }
        Write::AllowIngress { group, rules, .. } => {
            let group = topology.security_groups.get_mut(group).and_then(|group| group.get_mut()?.as_mut());
            let Some(group) = group else { return };
            group.rules.extend(rules.iter().map(|rule| SecurityRule {
                id: RuleId::from("planned"),
                protocol: "TCP".to_owned(),
                ports: Some((rule.port, rule.port)),
                source: RuleSource::Cidr(rule.source),
                accept: true,
                priority: rule.priority,
                description: inputs.deployment.description(&inputs.binding.name),
            }));
        }
        // Removals come last and never affect a wanted path, and members are not part of the network.
        _ => {}
    }
}

fn add_vpc_route(
    inputs: &Inputs<'_>,
    topology: &mut Topology,
    vpc: &crate::ids::VpcId,
    table: &RouteTableId,
    destination: Ipv4Net,
) {
    let attachment = AttachmentRef::Vpc { vpc: vpc.clone() };
    let Some(id) = topology.resolve(&attachment).cloned() else { return };
    let vpc = topology.vpcs.get_mut(vpc).and_then(|vpc| vpc.get_mut()?.as_mut());
    let Some(table) = vpc.and_then(|vpc| vpc.tables.get_mut(table)) else { return };
    table.routes.push(VpcRoute {
        id: RouteEntryId::from("planned"),
        destination,
        next_hop: NextHop::Attachment(id),
        status: VpcRouteStatus::Available,
        kind: VpcRouteType::Custom,
        name: String::new(),
        description: inputs.deployment.description(&inputs.binding.name),
    });
}

/// One round of propagation: every active propagation adds the prefixes that its attachment advertises and the table does
/// not contain yet. So each prefix comes from the nearest transit router, and at equal distance from the attachment with
/// the smaller id (`docs/decisions/0017-three-judges.md`). Returns whether any route was added.
fn propagate(topology: &mut Topology) -> bool {
    let mut lessons: Vec<(crate::ids::Region, RouteTableId, AttachmentId, Ipv4Net)> = Vec::new();
    for (region, router) in &topology.transit_routers {
        let Some(Some(router)) = router.get() else { continue };
        for table in router.tables.values() {
            let active = table.routes.iter().filter(|route| route.status == TransitRouteStatus::Active);
            let mut held: BTreeSet<Ipv4Net> = active.map(|route| route.destination).ordered();
            for (attachment, _) in table.propagations.iter().filter(|(_, status)| **status == LinkStatus::Active) {
                for prefix in advertised(topology, region, attachment) {
                    if held.insert(prefix) {
                        lessons.push((region.clone(), table.id.clone(), attachment.clone(), prefix));
                    }
                }
            }
        }
    }
    let new = !lessons.is_empty();
    for (region, table, attachment, prefix) in lessons {
        let router = topology.transit_routers.get_mut(&region).and_then(|router| router.get_mut()?.as_mut());
        let Some(table) = router.and_then(|router| router.tables.get_mut(&table)) else { continue };
        table.routes.push(TransitRoute {
            id: None,
            destination: prefix,
            next_hop: Some(attachment),
            propagated: true,
            status: TransitRouteStatus::Active,
            description: String::new(),
        });
    }
    new
}

/// The prefixes that an attachment advertises to a table of `region`. A VPC advertises the prefixes of its vSwitches. A
/// connection that publishes routes advertises those in the far side's table, except routes that came over the same
/// connection.
fn advertised(topology: &Topology, region: &crate::ids::Region, attachment: &AttachmentId) -> Vec<Ipv4Net> {
    let vpcs = topology.vpc_attachments.get().into_iter().flatten();
    if let Some(found) = vpcs.into_iter().find(|found| &found.id == attachment) {
        let vpc = topology.vpc(&found.vpc);
        return vpc.into_iter().flat_map(|vpc| vpc.vswitches.values()).map(|vswitch| vswitch.cidr).collect();
    }
    let peers = topology.peer_attachments.get().into_iter().flatten();
    let Some(peer) = peers.into_iter().find(|peer| &peer.id == attachment && peer.auto_publish) else {
        return Vec::new();
    };
    let far = if &peer.regions.0 == region { &peer.regions.1 } else { &peer.regions.0 };
    let Some(table) = topology.transit_router(far).and_then(|router| router.table_of(attachment)) else {
        return Vec::new();
    };
    if table.associations.get(attachment).is_none_or(|status| *status != LinkStatus::Active) {
        return Vec::new();
    }
    let publishable = |route: &&TransitRoute| {
        route.status == TransitRouteStatus::Active && route.next_hop.as_ref() != Some(attachment)
    };
    table.routes.iter().filter(publishable).map(|route| route.destination).collect()
}
