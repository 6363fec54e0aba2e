//! The remedies of faults: a change that albridge may make itself, else a task for a person.

use ipnet::Ipv4Net;
use onboarding::change::{Change, Consent, StageName, Write};
use onboarding::desired::table_for;
use onboarding::ids::{AttachmentId, Region, RouteTableId, VpcId};
use onboarding::topology::AttachmentRef;
use onboarding::topology::{PeerAttachment, TransitRoute, TransitRouter, Vpc, VpcRoute, VpcRouteTable};

use crate::fault::{Remedy, Task};
use crate::trip::Trip;

/// A change of albridge's.
pub(crate) fn change(stage: StageName, write: Write) -> Remedy {
    Remedy::Albridge { change: Box::new(Change::new(stage, write)) }
}

impl Trip<'_> {
    /// A route in a VPC's table to its attachment, for the whole destination; the attachment first if there is none.
    pub(crate) fn add_route(&self, vpc: &Vpc, table: &VpcRouteTable) -> Remedy {
        if self.topology.vpc_attachments.get().is_some() && self.topology.vpc_attachment(&vpc.id).is_none() {
            return self.attach(&vpc.id);
        }
        let stage = if self.to_load_balancer { StageName::BackToOrigin } else { StageName::VpcRoutes };
        let write = Write::AddVpcRoute {
            region: vpc.region.clone(),
            vpc: vpc.id.clone(),
            table: table.id.clone(),
            destination: self.goal(),
        };
        change(stage, write)
    }

    /// The remedy for a route that leads elsewhere: a more specific route, or the removal of one that is as specific itself.
    pub(crate) fn correct_route(&self, vpc: &Vpc, table: &VpcRouteTable, route: &VpcRoute) -> Remedy {
        if route.destination.prefix_len() < self.goal().prefix_len() {
            return self.add_route(vpc, table);
        }
        self.remove_route(vpc, table, route)
    }

    pub(crate) fn remove_route(&self, vpc: &Vpc, table: &VpcRouteTable, route: &VpcRoute) -> Remedy {
        let (region, vpc) = (vpc.region.clone(), vpc.id.clone());
        let (table, destination) = (table.id.clone(), route.destination);
        if self.made_by_us(&route.description) {
            let write = Write::RemoveVpcRoute { region, vpc, table, route: route.id.clone(), destination };
            return change(StageName::Prune, write);
        }
        Remedy::Operator(Task::RemoveVpcRoute { vpc, table, route: route.id.clone(), destination })
    }

    pub(crate) fn remove_entry(&self, router: &TransitRouter, table: &RouteTableId, entry: &TransitRoute) -> Remedy {
        let (table, destination) = (table.clone(), entry.destination);
        match &entry.id {
            Some(route) if self.made_by_us(&entry.description) => {
                let (region, route) = (router.region.clone(), route.clone());
                change(StageName::Prune, Write::RemoveTransitRoute { region, table, route, destination })
            }
            route => Remedy::Operator(Task::RemoveTransitRoute {
                transit_router: router.id.clone(),
                table,
                route: route.clone(),
                destination,
            }),
        }
    }

    /// A static entry that leads to the destination VPC.
    pub(crate) fn add_entry(&self, router: &TransitRouter, table: &RouteTableId) -> Remedy {
        let write = Write::AddTransitRoute {
            region: router.region.clone(),
            table: table.clone(),
            destination: self.goal(),
            attachment: AttachmentRef::Vpc { vpc: self.to.clone() },
        };
        change(StageName::BackToOrigin, write)
    }

    /// A VPC's attachment, by the vSwitches that the binding names for it.
    pub(crate) fn attach(&self, vpc: &VpcId) -> Remedy {
        let by_person = Remedy::Operator(Task::AttachVpc { vpc: vpc.clone() });
        let (Some(wish), Some(seen)) = (self.wish, self.topology.vpc(vpc)) else { return by_person };
        let backend = wish.binding.backends.iter().find(|backend| &backend.vpc == vpc);
        let named = backend.map_or(&wish.binding.alb.attachment_vswitches, |backend| &backend.attachment_vswitches);
        let zones = named.iter().filter_map(|id| seen.vswitches.get(id));
        let zones = zones.map(|vswitch| (vswitch.zone.clone(), vswitch.id.clone())).collect();
        let write = Write::AttachVpc { region: seen.region.clone(), vpc: vpc.clone(), zones };
        approved(StageName::VpcAttachments, write)
    }

    /// A connection with the bandwidth that the binding names.
    pub(crate) fn connect(&self, one: &Region, other: &Region) -> Remedy {
        let (from, to) = self.outward(one, other);
        let wish = self.wish.and_then(|wish| wish.binding.cen.bandwidth.as_ref());
        let Some(wish) = wish else { return Remedy::Operator(Task::ConnectRegions { from, to }) };
        let write = Write::Connect { from, to, mbps: wish.mbps, package: wish.package.clone() };
        approved(StageName::PeerAttachment, write)
    }

    pub(crate) fn publish(&self, peer: &PeerAttachment) -> Remedy {
        let (from, to) = self.outward(&peer.regions.0, &peer.regions.1);
        self.linked(&peer.id, Write::PublishRoutes { from, to })
    }

    pub(crate) fn associate(&self, router: &TransitRouter, id: &AttachmentId) -> Option<Remedy> {
        let attachment = self.reference(id)?;
        let table = table_for(self.topology, router, &attachment)?;
        Some(self.linked(id, Write::Associate { region: router.region.clone(), table, attachment }))
    }

    pub(crate) fn propagate(&self, router: &TransitRouter, table: &RouteTableId, id: &AttachmentId) -> Option<Remedy> {
        let attachment = self.reference(id)?;
        let (region, table) = (router.region.clone(), table.clone());
        Some(self.linked(id, Write::Propagate { region, table, attachment }))
    }

    /// The prefix that albridge would route: a backend's whole vSwitch, or a source prefix.
    pub(crate) fn goal(&self) -> Ipv4Net {
        let vpc = self.topology.vpc(self.to).filter(|_| !self.to_load_balancer);
        let vswitch = vpc.and_then(|vpc| vpc.vswitches.values().find(|own| own.cidr.contains(&self.destination)));
        vswitch.map_or(self.destination, |vswitch| vswitch.cidr)
    }

    /// An addition to an attachment. It needs no approval only if the attachment is our own.
    fn linked(&self, id: &AttachmentId, write: Write) -> Remedy {
        let topology = self.topology;
        let vpcs = topology.vpc_attachments.get().into_iter().flatten().map(|found| (&found.id, &found.mark));
        let peers = topology.peer_attachments.get().into_iter().flatten().map(|found| (&found.id, &found.mark));
        let mark = vpcs.chain(peers).find(|(found, _)| *found == id).and_then(|(_, mark)| mark.as_deref());
        let is_peer = matches!(
            write,
            Write::PublishRoutes { .. }
                | Write::Associate { attachment: AttachmentRef::Peer { .. }, .. }
                | Write::Propagate { attachment: AttachmentRef::Peer { .. }, .. }
        );
        let stage = if is_peer { StageName::PeerAttachment } else { StageName::VpcAttachments };
        if self.wish.is_some_and(|wish| wish.deployment.owns_tag(mark)) {
            change(stage, write)
        } else {
            approved(stage, write)
        }
    }

    fn reference(&self, id: &AttachmentId) -> Option<AttachmentRef> {
        let vpcs = self.topology.vpc_attachments.get()?;
        if let Some(found) = vpcs.iter().find(|found| &found.id == id) {
            return Some(AttachmentRef::Vpc { vpc: found.vpc.clone() });
        }
        let peer = self.topology.peer_attachments.get()?.iter().find(|found| &found.id == id)?;
        let (from, to) = self.outward(&peer.regions.0, &peer.regions.1);
        Some(AttachmentRef::Peer { from, to })
    }

    /// Two regions, the load balancer's first if it is one of them.
    fn outward(&self, one: &Region, other: &Region) -> (Region, Region) {
        let load_balancer_vpc = if self.to_load_balancer { self.to } else { self.from };
        let home = self.topology.vpc(load_balancer_vpc).map(|vpc| &vpc.region);
        if home == Some(other) { (other.clone(), one.clone()) } else { (one.clone(), other.clone()) }
    }

    fn made_by_us(&self, description: &str) -> bool {
        self.wish.is_some_and(|wish| wish.deployment.binding_of(description).is_some())
    }
}

/// A change that needs the approval of a person.
fn approved(stage: StageName, write: Write) -> Remedy {
    Remedy::Albridge { change: Box::new(Change::new(stage, write).with_consent(Consent::Person)) }
}
