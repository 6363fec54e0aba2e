//! VPC 2016-04-28: networks, vSwitches, route tables and their entries, network ACLs.
//!
//! System entries (one per vSwitch, 100.64.0.0/10) and the entries that an auto-publishing attachment brings are
//! computed when they are read; only custom entries are kept. Everything else in the emulator looks at networks
//! through the queries at the end of this file.

mod acls;
mod entries;
mod networks;
mod resource_tags;
mod routes;
mod switches;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::call::unknown_action;
use crate::call::{Answer, ApiError, Call};
use crate::cen;
use crate::tags::Tags;
use crate::time::Held;
use crate::time::Timed;
use crate::world::World;

pub(crate) use acls::{NetworkAcl, Policy as AclPolicy};
pub(crate) use networks::insert as insert_vpc;
pub(crate) use routes::{EffectiveRoute, Hop, routes};

/// Every network of the account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Network {
    pub(crate) vpcs: BTreeMap<String, Vpc>,
    pub(crate) switches: BTreeMap<String, Switch>,
    pub(crate) tables: BTreeMap<String, Table>,
    pub(crate) acls: BTreeMap<String, NetworkAcl>,
}

/// `Pending` while the cloud works on it, then `Available`; `Gone` is swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    Available,
    Deleting,
    Gone,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Available => "Available",
            Self::Deleting | Self::Gone => "Deleting",
        }
    }
}

/// A virtual private cloud.
#[derive(Debug, Clone)]
pub(crate) struct Vpc {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) cidr: Ipv4Net,
    pub(crate) secondary: Vec<Ipv4Net>,
    pub(crate) router: String,
    pub(crate) status: Timed<Status>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

impl Vpc {
    /// Whether an address or prefix lies in one of the VPC's CIDR blocks.
    pub(crate) fn holds(&self, net: Ipv4Net) -> bool {
        std::iter::once(&self.cidr).chain(&self.secondary).any(|cidr| cidr.contains(&net))
    }
}

/// A vSwitch, and who holds which of its addresses.
#[derive(Debug, Clone)]
pub(crate) struct Switch {
    pub(crate) id: String,
    pub(crate) vpc: String,
    pub(crate) zone: String,
    pub(crate) cidr: Ipv4Net,
    pub(crate) name: String,
    pub(crate) description: String,
    /// The route table associated with it; none means the VPC's system table.
    pub(crate) table: Option<String>,
    pub(crate) acl: Option<String>,
    /// Address to the id of what holds it: an `eni-`, or a load balancer.
    pub(crate) taken: BTreeMap<Ipv4Addr, String>,
    pub(crate) status: Timed<Status>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

impl Switch {
    /// The addresses that can be given out: the first one and the last three are the cloud's own (VPC documentation,
    /// "vSwitches").
    fn usable(&self) -> std::ops::Range<u32> {
        let (first, last) = (u32::from(self.cidr.network()), u32::from(self.cidr.broadcast()));
        first.saturating_add(1)..last.saturating_sub(2)
    }

    /// The lowest usable address that nobody holds.
    fn lowest_free(&self) -> Option<Ipv4Addr> {
        let usable = self.usable();
        let mut candidate = usable.start;
        for held in self.taken.keys().map(|held| u32::from(*held)) {
            if held > candidate {
                break;
            }
            if held == candidate {
                candidate += 1;
            }
        }
        usable.contains(&candidate).then(|| Ipv4Addr::from(candidate))
    }

    /// Takes every address that is left.
    pub(crate) fn fill(&mut self) {
        while let Some(address) = self.lowest_free() {
            self.taken.insert(address, "eni-others".to_owned());
        }
    }

    /// How many addresses are left.
    pub(crate) fn available(&self) -> usize {
        let size = 1usize.checked_shl(u32::from(32 - self.cidr.prefix_len())).unwrap_or(usize::MAX);
        size.saturating_sub(4).saturating_sub(self.taken.len())
    }
}

/// Whether a route table came with its VPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableKind {
    System,
    Custom,
}

impl TableKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Custom => "Custom",
        }
    }
}

/// A route table with its custom entries.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) id: String,
    pub(crate) vpc: String,
    pub(crate) kind: TableKind,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) status: Timed<Status>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
    pub(crate) entries: BTreeMap<String, Entry>,
}

/// A custom route entry.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) destination: Ipv4Net,
    pub(crate) hops: Vec<NextHop>,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) status: Timed<Status>,
    pub(crate) modified: Timestamp,
}

/// Where a custom entry sends packets, as the API names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NextHop {
    /// `Attachment`, `Instance`, `NetworkInterface` ...
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) weight: u32,
}

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

/// Sweeps the entries that have been deleted by `now`.
pub(crate) fn settle(world: &mut World, now: Timestamp) {
    let gone = |status: &Timed<Status>| *status.get(now) == Status::Gone;
    for table in world.vpc.tables.values_mut() {
        table.entries.retain(|_, entry| !gone(&entry.status));
    }
}

/// Lets go of what a fault holds.
pub(crate) fn release(world: &mut World, hold: Held) {
    let network = &mut world.vpc;
    network.vpcs.values_mut().for_each(|vpc| hold.release(&mut vpc.status));
    network.switches.values_mut().for_each(|switch| hold.release(&mut switch.status));
    for table in network.tables.values_mut() {
        hold.release(&mut table.status);
        table.entries.values_mut().for_each(|entry| hold.release(&mut entry.status));
    }
}

/// Nothing here acts by itself: states are read from time.
pub(crate) const fn next_due(_world: &World, _now: Timestamp) -> Option<Timestamp> {
    None
}

/// The VPC's system route table.
pub(crate) fn system_table<'a>(world: &'a World, vpc: &str) -> Option<&'a Table> {
    world.vpc.tables.values().find(|table| table.vpc == vpc && table.kind == TableKind::System)
}

/// The route table that a vSwitch's packets are routed by: its custom one, else the VPC's system table.
pub(crate) fn table_of_vswitch<'a>(world: &'a World, vswitch: &str) -> Option<&'a Table> {
    let switch = world.vpc.switches.get(vswitch)?;
    match &switch.table {
        Some(id) => world.vpc.tables.get(id),
        None => system_table(world, &switch.vpc),
    }
}

/// The vSwitches of a VPC, by id.
pub(crate) fn switches_of<'a>(world: &'a World, vpc: &str) -> impl Iterator<Item = &'a Switch> {
    world.vpc.switches.values().filter(move |switch| switch.vpc == vpc)
}

/// Where an address of a VPC lies: its vSwitch, and the id of what holds it (an `eni-` or a load balancer), if anything.
pub(crate) fn lookup_address<'a>(
    world: &'a World,
    vpc: &str,
    address: Ipv4Addr,
) -> Option<(&'a Switch, Option<&'a str>)> {
    let switch = switches_of(world, vpc).find(|switch| switch.cidr.contains(&address))?;
    Some((switch, switch.taken.get(&address).map(String::as_str)))
}

/// Gives `owner` an address of the vSwitch: the wanted one, or the lowest that is free.
///
/// # Errors
/// `InvalidVSwitchId.NotFound`, `InvalidPrivateIpAddress.*`, and `InvalidVSwitchId.IpNotEnough` on a full vSwitch.
pub(crate) fn take_address(
    world: &mut World,
    vswitch: &str,
    wanted: Option<Ipv4Addr>,
    owner: &str,
) -> Result<Ipv4Addr, ApiError> {
    let switch = world.vpc.switches.get_mut(vswitch).ok_or_else(no_such_switch)?;
    let address = match wanted {
        Some(address) if !switch.usable().contains(&u32::from(address)) => {
            return Err(ApiError::bad(
                "InvalidPrivateIpAddress.Malformed",
                "Specified private IP address is not in the CIDR block of the VSwitch.",
            ));
        }
        Some(address) if switch.taken.contains_key(&address) => {
            return Err(ApiError::bad(
                "InvalidPrivateIpAddress.Duplicated",
                "Specified private IP address is duplicated.",
            ));
        }
        Some(address) => address,
        None => switch.lowest_free().ok_or_else(|| {
            ApiError::bad("InvalidVSwitchId.IpNotEnough", "The specified VSwitch has not enough IP addresses.")
        })?,
    };
    switch.taken.insert(address, owner.to_owned());
    Ok(address)
}

/// Takes every address of `owner` back.
pub(crate) fn release_addresses(world: &mut World, vswitch: &str, owner: &str) {
    if let Some(switch) = world.vpc.switches.get_mut(vswitch) {
        switch.taken.retain(|_, holder| holder != owner);
    }
}

/// Takes one address back.
pub(crate) fn release_address(world: &mut World, vswitch: &str, address: Ipv4Addr) {
    if let Some(switch) = world.vpc.switches.get_mut(vswitch) {
        switch.taken.remove(&address);
    }
}

/// The network ACL of a vSwitch, if one is associated.
pub(crate) fn acl_of_vswitch<'a>(world: &'a World, vswitch: &str) -> Option<&'a NetworkAcl> {
    world.vpc.acls.get(world.vpc.switches.get(vswitch)?.acl.as_ref()?)
}

/// A VPC of the region asked.
fn vpc_here<'a>(world: &'a World, call: &Call, id: &str) -> Result<&'a Vpc, ApiError> {
    world.vpc.vpcs.get(id).filter(|vpc| vpc.region == call.region).ok_or_else(no_such_vpc)
}

/// A vSwitch of the region asked.
fn switch_here<'a>(world: &'a World, call: &Call, id: &str) -> Result<&'a Switch, ApiError> {
    let switch = world.vpc.switches.get(id).ok_or_else(no_such_switch)?;
    vpc_here(world, call, &switch.vpc).map_err(|_| no_such_switch())?;
    Ok(switch)
}

/// A route table of the region asked.
fn table_here<'a>(world: &'a World, call: &Call, id: &str) -> Result<&'a Table, ApiError> {
    let table = world.vpc.tables.get(id).ok_or_else(no_such_table)?;
    vpc_here(world, call, &table.vpc).map_err(|_| no_such_table())?;
    Ok(table)
}

/// Refuses while the VPC itself is unstable: being made, or being attached to or detached from a transit router
/// (cloud-apis.md section 13).
fn stable(world: &World, now: Timestamp, vpc: &Vpc) -> Result<(), ApiError> {
    if *vpc.status.get(now) == Status::Available && !cen::is_moving(world, now, &vpc.id) {
        return Ok(());
    }
    Err(ApiError::bad("IncorrectVpcStatus", "Current VPC status does not support this operation."))
}

fn no_such_vpc() -> ApiError {
    ApiError::not_found("InvalidVpcID.NotFound", "Specified VPC does not exist.")
}

fn no_such_switch() -> ApiError {
    ApiError::not_found("InvalidVSwitchId.NotFound", "Specified virtual switch does not exist.")
}

fn no_such_table() -> ApiError {
    ApiError::not_found("InvalidRouteTableId.NotFound", "Specified route table does not exist.")
}
