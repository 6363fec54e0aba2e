//! VPCs, vSwitches, route tables and network ACLs.
//!
//! System entries (one per vSwitch, 100.64.0.0/10) and the entries that an auto-publishing attachment brings are
//! not kept: `routing` computes them when they are read.

mod acl;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::call::ApiError;
use crate::tags::Tags;
use crate::time::{Held, Timed};

pub(crate) use acl::{AclEntry, AclPolicy, NetworkAcl};

/// Every network of the account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Network {
    pub(crate) vpcs: BTreeMap<String, Vpc>,
    pub(crate) switches: BTreeMap<String, Switch>,
    pub(crate) tables: BTreeMap<String, Table>,
    pub(crate) acls: BTreeMap<String, NetworkAcl>,
}

/// `Pending` while the cloud works on it, then `Available`; `Gone` is removed at the next `settle`.
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
    pub(crate) fn usable(&self) -> std::ops::Range<u32> {
        let (first, last) = (u32::from(self.cidr.network()), u32::from(self.cidr.broadcast()));
        first.saturating_add(1)..last.saturating_sub(2)
    }

    /// The lowest free address.
    pub(crate) fn lowest_free(&self) -> Option<Ipv4Addr> {
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

    /// Occupies every free address.
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

/// Whether a route table is its VPC's system table.
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

impl Network {
    /// The VPC's system route table.
    pub(crate) fn system_table<'a>(&'a self, vpc: &str) -> Option<&'a Table> {
        self.tables.values().find(|table| table.vpc == vpc && table.kind == TableKind::System)
    }

    /// The route table that a vSwitch's packets are routed by: its custom one, else the VPC's system table.
    pub(crate) fn table_of_vswitch<'a>(&'a self, vswitch: &str) -> Option<&'a Table> {
        let switch = self.switches.get(vswitch)?;
        match &switch.table {
            Some(id) => self.tables.get(id),
            None => self.system_table(&switch.vpc),
        }
    }

    /// The vSwitches of a VPC, by id.
    pub(crate) fn switches_of<'a>(&'a self, vpc: &str) -> impl Iterator<Item = &'a Switch> {
        self.switches.values().filter(move |switch| switch.vpc == vpc)
    }

    /// Where an address of a VPC lies: its vSwitch, and the id of what holds it (an `eni-` or a load balancer), if anything.
    pub(crate) fn lookup_address<'a>(&'a self, vpc: &str, address: Ipv4Addr) -> Option<(&'a Switch, Option<&'a str>)> {
        let switch = self.switches_of(vpc).find(|switch| switch.cidr.contains(&address))?;
        Some((switch, switch.taken.get(&address).map(String::as_str)))
    }

    /// Gives `owner` an address of the vSwitch: the wanted one, or the lowest that is free.
    ///
    /// # Errors
    /// `InvalidVSwitchId.NotFound`, `InvalidPrivateIpAddress.*`, and `InvalidVSwitchId.IpNotEnough` on a full vSwitch.
    pub(crate) fn take_address(
        &mut self,
        vswitch: &str,
        wanted: Option<Ipv4Addr>,
        owner: &str,
    ) -> Result<Ipv4Addr, ApiError> {
        let switch = self.switches.get_mut(vswitch).ok_or_else(no_such_switch)?;
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

    /// Releases every address of `owner`.
    pub(crate) fn release_addresses(&mut self, vswitch: &str, owner: &str) {
        if let Some(switch) = self.switches.get_mut(vswitch) {
            switch.taken.retain(|_, holder| holder != owner);
        }
    }

    /// Releases one address.
    pub(crate) fn release_address(&mut self, vswitch: &str, address: Ipv4Addr) {
        if let Some(switch) = self.switches.get_mut(vswitch) {
            switch.taken.remove(&address);
        }
    }

    /// The network ACL of a vSwitch, if one is associated.
    pub(crate) fn acl_of_vswitch<'a>(&'a self, vswitch: &str) -> Option<&'a NetworkAcl> {
        self.acls.get(self.switches.get(vswitch)?.acl.as_ref()?)
    }

    /// Adds a VPC with its system route table.
    pub(crate) fn insert_vpc(&mut self, vpc: Vpc, table: String) {
        let system = Table {
            id: table.clone(),
            vpc: vpc.id.clone(),
            kind: TableKind::System,
            name: String::new(),
            description: String::new(),
            status: vpc.status.clone(),
            created: vpc.created,
            tags: Tags::new(),
            entries: BTreeMap::new(),
        };
        self.tables.insert(table, system);
        self.vpcs.insert(vpc.id.clone(), vpc);
    }

    /// Removes the entries that are deleted by `now`.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        let gone = |status: &Timed<Status>| *status.get(now) == Status::Gone;
        for table in self.tables.values_mut() {
            table.entries.retain(|_, entry| !gone(&entry.status));
        }
    }

    /// Releases what a fault rule holds.
    pub(crate) fn release(&mut self, hold: Held) {
        self.vpcs.values_mut().for_each(|vpc| hold.release(&mut vpc.status));
        self.switches.values_mut().for_each(|switch| hold.release(&mut switch.status));
        for table in self.tables.values_mut() {
            hold.release(&mut table.status);
            table.entries.values_mut().for_each(|entry| hold.release(&mut entry.status));
        }
    }
}

pub(crate) fn no_such_switch() -> ApiError {
    ApiError::not_found("InvalidVSwitchId.NotFound", "Specified virtual switch does not exist.")
}
