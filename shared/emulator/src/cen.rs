//! CEN (Cbn) 2017-09-12: CEN instances, bandwidth plans, transit routers, attachments, and their route tables.
//!
//! Learned entries are never stored: `learned` computes them from attachments, associations and propagations each time
//! they are read, so they cannot fall out of step.

mod attachments;
mod bandwidth;
mod checks;
mod entries;
mod grants;
mod instances;
mod learned;
mod links;
mod peers;
mod resource_tags;
mod routers;
mod tables;
#[cfg(test)]
mod tests;
mod zones;

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::call::unknown_action;
use crate::call::{Answer, Call};
use crate::tags::Tags;
use crate::time::Held;
use crate::time::Timed;
use crate::world::World;

pub(crate) use learned::{EntryStatus, published_to_vpc, transit_entries};
pub(crate) use links::table_of;
pub(crate) use routers::insert as insert_router;

/// Everything of the CEN service.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cen {
    pub(crate) instances: BTreeMap<String, CenInstance>,
    pub(crate) packages: BTreeMap<String, Package>,
    pub(crate) routers: BTreeMap<String, Router>,
    pub(crate) tables: BTreeMap<String, Table>,
    pub(crate) vpc_attachments: BTreeMap<String, VpcAttachment>,
    pub(crate) peers: BTreeMap<String, Peer>,
    pub(crate) associations: Vec<Link>,
    pub(crate) propagations: Vec<Link>,
    pub(crate) entries: BTreeMap<String, StaticEntry>,
    pub(crate) grants: Vec<grants::Grant>,
}

/// The life of a thing of this service; each kind has its own words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Creating, Attaching, Associating, Enabling.
    Coming,
    /// Active, Attached.
    Up,
    /// Modifying.
    Changing,
    /// Deleting, Detaching, Dissociating, Disabling.
    Going,
    /// No longer listed; swept.
    Gone,
}

impl Status {
    /// The words of CEN instances, transit routers, tables and static entries.
    pub(crate) const fn resource(self) -> &'static str {
        match self {
            Self::Coming => "Creating",
            Self::Up => "Active",
            Self::Changing => "Modifying",
            Self::Going | Self::Gone => "Deleting",
        }
    }

    /// The words of attachments.
    pub(crate) const fn attachment(self) -> &'static str {
        match self {
            Self::Coming => "Attaching",
            Self::Up => "Attached",
            Self::Changing => "Modifying",
            Self::Going | Self::Gone => "Detaching",
        }
    }
}

/// A CEN instance.
#[derive(Debug, Clone)]
pub(crate) struct CenInstance {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) protection: String,
    pub(crate) status: Timed<Status>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

/// A bandwidth plan.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// In Mbit/s, over all connections that draw on it.
    pub(crate) bandwidth: u32,
    /// The two geographic areas it joins, as in `China`.
    pub(crate) areas: (String, String),
    pub(crate) charge_type: String,
    pub(crate) cen: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

/// Which edition a transit router is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edition {
    Enterprise,
    Basic,
}

impl Edition {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Enterprise => "Enterprise",
            Self::Basic => "Basic",
        }
    }
}

/// A transit router: one per region and CEN.
#[derive(Debug, Clone)]
pub(crate) struct Router {
    pub(crate) id: String,
    pub(crate) cen: String,
    pub(crate) region: String,
    pub(crate) edition: Edition,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) cidrs: Vec<Ipv4Net>,
    pub(crate) status: Timed<Status>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

/// A route table of a transit router.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) id: String,
    pub(crate) router: String,
    pub(crate) system: bool,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) status: Timed<Status>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

/// One zone of a VPC attachment: its vSwitch and the interface that was made there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ZoneMapping {
    pub(crate) zone: String,
    pub(crate) switch: String,
    pub(crate) interface: String,
}

/// A VPC joined to the transit router of its region.
#[derive(Debug, Clone)]
pub(crate) struct VpcAttachment {
    pub(crate) id: String,
    pub(crate) cen: String,
    pub(crate) router: String,
    pub(crate) vpc: String,
    pub(crate) region: String,
    pub(crate) zones: Vec<ZoneMapping>,
    pub(crate) auto_publish: bool,
    pub(crate) order_type: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) status: Timed<Status>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

/// An inter-region connection. One id serves both transit routers.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) id: String,
    pub(crate) cen: String,
    /// The side it was made from.
    pub(crate) router: String,
    pub(crate) region: String,
    pub(crate) far_router: String,
    pub(crate) far_region: String,
    pub(crate) bandwidth_type: String,
    pub(crate) bandwidth: u32,
    pub(crate) package: Option<String>,
    pub(crate) link_type: String,
    pub(crate) auto_publish: bool,
    /// Since when it has published.
    pub(crate) published: Timestamp,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) status: Timed<Status>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

impl Peer {
    /// The transit router on the other side of `router`.
    pub(crate) fn other_side(&self, router: &str) -> Option<&str> {
        if self.router == router {
            Some(&self.far_router)
        } else if self.far_router == router {
            Some(&self.router)
        } else {
            None
        }
    }
}

/// An attachment's association with a table, or its propagation into one.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) attachment: String,
    pub(crate) table: String,
    pub(crate) status: Timed<Status>,
    /// When it becomes, or became, Active.
    pub(crate) active: Timestamp,
}

/// A static entry of a transit router's table.
#[derive(Debug, Clone)]
pub(crate) struct StaticEntry {
    pub(crate) id: String,
    pub(crate) table: String,
    pub(crate) destination: Ipv4Net,
    /// The attachment it sends packets to; none drops them (`BlackHole`).
    pub(crate) hop: Option<String>,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) status: Timed<Status>,
    pub(crate) active: Timestamp,
    pub(crate) created: Timestamp,
}

pub(crate) fn handle(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    match call.action.as_str() {
        "CheckTransitRouterService" => instances::check_service(world),
        "CreateCen" => instances::create(world, now, call),
        "DeleteCen" => instances::delete(world, now, call),
        "DescribeCens" => instances::describe(world, now, call),
        "CreateCenBandwidthPackage" => bandwidth::create(world, now, call),
        "DeleteCenBandwidthPackage" => bandwidth::delete(world, call),
        "AssociateCenBandwidthPackage" => bandwidth::associate(world, call),
        "UnassociateCenBandwidthPackage" => bandwidth::unassociate(world, call),
        "DescribeCenBandwidthPackages" => bandwidth::describe(world, now, call),
        "CreateTransitRouter" => routers::create(world, now, call),
        "DeleteTransitRouter" => routers::delete(world, now, call),
        "ListTransitRouters" => routers::list(world, now, call),
        "ListTransitRouterAvailableResource" => routers::available(world, call),
        "CreateTransitRouterVpcAttachment" => attachments::create(world, now, call),
        "DeleteTransitRouterVpcAttachment" => attachments::delete(world, now, call),
        "UpdateTransitRouterVpcAttachmentAttribute" => attachments::update(world, now, call),
        "UpdateTransitRouterVpcAttachmentZones" => zones::update(world, now, call),
        "ListTransitRouterVpcAttachments" => attachments::list(world, now, call),
        "CreateTransitRouterPeerAttachment" => peers::create(world, now, call),
        "DeleteTransitRouterPeerAttachment" => peers::delete(world, now, call),
        "UpdateTransitRouterPeerAttachmentAttribute" => peers::update(world, now, call),
        "ListTransitRouterPeerAttachments" => peers::list(world, now, call),
        "CreateTransitRouterRouteTable" => tables::create(world, now, call),
        "DeleteTransitRouterRouteTable" => tables::delete(world, now, call),
        "ListTransitRouterRouteTables" => tables::list(world, now, call),
        "AssociateTransitRouterAttachmentWithRouteTable" => links::associate(world, now, call),
        "DissociateTransitRouterAttachmentFromRouteTable" => links::dissociate(world, now, call),
        "ListTransitRouterRouteTableAssociations" => links::associations(world, now, call),
        "EnableTransitRouterRouteTablePropagation" => links::enable(world, now, call),
        "DisableTransitRouterRouteTablePropagation" => links::disable(world, now, call),
        "ListTransitRouterRouteTablePropagations" => links::propagations(world, now, call),
        "CreateTransitRouterRouteEntry" => entries::create(world, now, call),
        "DeleteTransitRouterRouteEntry" => entries::delete(world, now, call),
        "ListTransitRouterRouteEntries" => entries::list(world, now, call),
        "GrantInstanceToTransitRouter" => grants::grant(world, now, call),
        "RevokeInstanceFromTransitRouter" => grants::revoke(world, call),
        "DescribeGrantRulesToCen" => grants::describe(world, call),
        "TagResources" => resource_tags::tag(world, call),
        "UntagResources" => resource_tags::untag(world, call),
        "ListTagResources" => resource_tags::list(world, call),
        _ => Err(unknown_action()),
    }
}

/// Sweeps what is gone by `now`, and gives the addresses of removed attachments back.
pub(crate) fn settle(world: &mut World, now: Timestamp) {
    let gone = |status: &Timed<Status>| *status.get(now) == Status::Gone;
    attachments::sweep(world, now);
    let cen = &mut world.cen;
    cen.peers.retain(|_, peer| !gone(&peer.status));
    cen.associations.retain(|link| !gone(&link.status));
    cen.propagations.retain(|link| !gone(&link.status));
    cen.entries.retain(|_, entry| !gone(&entry.status));
    cen.tables.retain(|_, table| !gone(&table.status));
    cen.routers.retain(|_, router| !gone(&router.status));
    let routers = &cen.routers;
    cen.tables.retain(|_, table| routers.contains_key(&table.router));
    cen.instances.retain(|_, instance| !gone(&instance.status));
}

/// Lets go of what a fault holds.
pub(crate) fn release(world: &mut World, hold: Held) {
    let cen = &mut world.cen;
    cen.instances.values_mut().for_each(|instance| hold.release(&mut instance.status));
    cen.routers.values_mut().for_each(|router| hold.release(&mut router.status));
    cen.tables.values_mut().for_each(|table| hold.release(&mut table.status));
    cen.vpc_attachments.values_mut().for_each(|attachment| hold.release(&mut attachment.status));
    for peer in cen.peers.values_mut() {
        hold.release(&mut peer.status);
        hold.date(&mut peer.published);
    }
    for link in cen.associations.iter_mut().chain(&mut cen.propagations) {
        hold.release(&mut link.status);
        hold.date(&mut link.active);
    }
    for entry in cen.entries.values_mut() {
        hold.release(&mut entry.status);
        hold.date(&mut entry.active);
    }
}

/// Nothing here acts by itself: states are read from time.
pub(crate) const fn next_due(_world: &World, _now: Timestamp) -> Option<Timestamp> {
    None
}

/// What an attachment id names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Attachment<'a> {
    Vpc(&'a VpcAttachment),
    Peer(&'a Peer),
}

impl<'a> Attachment<'a> {
    pub(crate) const fn status(self) -> &'a Timed<Status> {
        match self {
            Self::Vpc(attachment) => &attachment.status,
            Self::Peer(peer) => &peer.status,
        }
    }

    /// Whether it ends at this transit router.
    pub(crate) fn touches(self, router: &str) -> bool {
        match self {
            Self::Vpc(attachment) => attachment.router == router,
            Self::Peer(peer) => peer.other_side(router).is_some(),
        }
    }

    /// What is attached to `router`: the VPC, or the transit router of the other side.
    pub(crate) fn resource(self, router: &str) -> (&'a str, &'static str) {
        match self {
            Self::Vpc(attachment) => (&attachment.vpc, "VPC"),
            Self::Peer(peer) => (peer.other_side(router).unwrap_or_default(), "TR"),
        }
    }

    /// Whether packets pass through it.
    pub(crate) fn is_up(self, now: Timestamp) -> bool {
        // A change of zones or bandwidth does not interrupt traffic.
        matches!(self.status().get(now), Status::Up | Status::Changing)
    }
}

/// The attachment with this id, of either kind.
pub(crate) fn attachment<'a>(world: &'a World, id: &str) -> Option<Attachment<'a>> {
    let vpc = world.cen.vpc_attachments.get(id).map(Attachment::Vpc);
    vpc.or_else(|| world.cen.peers.get(id).map(Attachment::Peer))
}

/// Whether a VPC is being attached, detached, or has its attachment's zones changed (cloud-apis.md section 13).
pub(crate) fn is_moving(world: &World, now: Timestamp, vpc: &str) -> bool {
    world.cen.vpc_attachments.values().any(|attachment| attachment.vpc == vpc && attachment.status.is_changing(now))
}

/// The CENs that a VPC is attached to.
pub(crate) fn cens_of_vpc<'a>(world: &'a World, vpc: &'a str) -> impl Iterator<Item = &'a str> {
    world
        .cen
        .vpc_attachments
        .values()
        .filter(move |attachment| attachment.vpc == vpc)
        .map(|attachment| attachment.cen.as_str())
}
