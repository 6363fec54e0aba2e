//! CEN (Cbn) 2017-09-12: CEN instances, bandwidth plans, transit routers, attachments, and their route tables.
//!
//! Propagated routes are never stored: `routing` computes them when they are read.

mod attachments;
mod bandwidth;
mod checks;
mod entries;
mod grants;
mod instances;
mod links;
mod peers;
mod resource_tags;
mod routers;
mod tables;
#[cfg(test)]
mod tests;
mod zones;

use jiff::Timestamp;

use crate::call::{Answer, Call, unknown_action};
use crate::state::cen::Status;
use crate::time::Timed;
use crate::world::World;

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

/// Removes what is deleted by `now`, and releases the addresses of removed attachments.
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
