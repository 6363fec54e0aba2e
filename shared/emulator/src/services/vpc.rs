//! VPC 2016-04-28: networks, vSwitches, route tables and their entries, network ACLs.
//!
//! Only custom route entries are kept; the others are computed when they are read (`routing`).

mod acls;
mod checks;
mod entries;
mod networks;
mod resource_tags;
mod switches;
mod tables;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::call::{Answer, ApiError, Call, unknown_action};
use crate::world::World;

pub(crate) fn handle(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    if !world.settings.regions.contains(&call.region) {
        return Err(ApiError::not_found("InvalidRegionId.NotFound", "The specified RegionId does not exist."));
    }
    match call.action.as_str() {
        "CreateVpc" => networks::create(world, now, call),
        "DeleteVpc" => networks::delete(world, now, call),
        "DescribeVpcs" => networks::describe(world, now, call),
        "DescribeVpcAttribute" => networks::attribute(world, now, call),
        "AssociateVpcCidrBlock" => networks::add_cidr(world, now, call),
        "DescribeRegions" => networks::regions(world),
        "CreateVSwitch" => switches::create(world, now, call),
        "DeleteVSwitch" => switches::delete(world, now, call),
        "DescribeVSwitches" => switches::describe(world, now, call),
        "DescribeVSwitchAttributes" => switches::attributes(world, now, call),
        "CreateRouteTable" => tables::create(world, now, call),
        "DeleteRouteTable" => tables::delete(world, now, call),
        "DescribeRouteTableList" => tables::describe(world, now, call),
        "AssociateRouteTable" => tables::associate(world, now, call),
        "UnassociateRouteTable" => tables::unassociate(world, now, call),
        "CreateRouteEntry" => entries::create(world, now, call),
        "CreateRouteEntries" => entries::create_many(world, now, call),
        "DeleteRouteEntry" => entries::delete(world, now, call),
        "DescribeRouteEntryList" => entries::describe(world, now, call),
        "CreateNetworkAcl" => acls::create(world, now, call),
        "DeleteNetworkAcl" => acls::delete(world, call),
        "DescribeNetworkAcls" => acls::describe(world, call),
        "DescribeNetworkAclAttributes" => acls::attributes(world, call),
        "AssociateNetworkAcl" => acls::associate(world, call),
        "UnassociateNetworkAcl" => acls::unassociate(world, call),
        "UpdateNetworkAclEntries" => acls::update(world, call),
        "TagResources" => resource_tags::tag(world, call),
        "UnTagResources" => resource_tags::untag(world, call),
        _ => Err(unknown_action()),
    }
}
