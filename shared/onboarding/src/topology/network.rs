//! VPCs and their parts on a packet's path: vSwitches, route tables, network ACLs.

use std::collections::BTreeMap;
use std::fmt;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::ids::{AttachmentId, NetworkAclId, Region, RouteEntryId, RouteTableId, VSwitchId, VpcId, ZoneId};
use crate::topology::status::{VpcRouteStatus, VpcRouteType};

/// A VPC with all its parts on a packet's path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// Its region.
    pub region: Region,
    /// Its name.
    pub name: String,
    /// Primary and secondary prefixes.
    pub cidrs: Vec<Ipv4Net>,
    /// Its vSwitches.
    pub vswitches: BTreeMap<VSwitchId, VSwitch>,
    /// Its route tables.
    pub tables: BTreeMap<RouteTableId, VpcRouteTable>,
}

impl Vpc {
    /// The system route table; every VPC has exactly one.
    #[must_use]
    pub fn system_table(&self) -> Option<&VpcRouteTable> {
        self.tables.values().find(|table| table.system)
    }

    /// The table that a vSwitch uses: the one it names, else the system table.
    #[must_use]
    pub fn table_of(&self, vswitch: &VSwitch) -> Option<&VpcRouteTable> {
        vswitch.table.as_ref().and_then(|table| self.tables.get(table)).or_else(|| self.system_table())
    }
}

/// A vSwitch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VSwitch {
    /// Its id.
    pub id: VSwitchId,
    /// Its zone.
    pub zone: ZoneId,
    /// Its prefix.
    pub cidr: Ipv4Net,
    /// The number of free addresses.
    pub free_addresses: u32,
    /// Its route table, if the API returns one.
    pub table: Option<RouteTableId>,
    /// Its network ACL.
    pub network_acl: Option<NetworkAclId>,
}

/// A route table of a VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcRouteTable {
    /// Its id.
    pub id: RouteTableId,
    /// `true` for the system table, `false` for a custom one.
    pub system: bool,
    /// Its entries, including system entries.
    pub routes: Vec<VpcRoute>,
}

/// A route entry of a VPC's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcRoute {
    /// Its id.
    pub id: RouteEntryId,
    /// The destination prefix.
    pub destination: Ipv4Net,
    /// The next hop.
    pub next_hop: NextHop,
    /// `Available`, `Pending`, `Modifying`, `Deleting`.
    pub status: VpcRouteStatus,
    /// `System`, `Custom`, `CEN`, ...
    pub kind: VpcRouteType,
    /// Its name.
    pub name: String,
    /// The description; ours starts with the ownership mark.
    pub description: String,
}

/// The next hop of a VPC route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type", content = "id")]
pub enum NextHop {
    /// The VPC itself.
    Local,
    /// The cloud's own services (the built-in 100.64.0.0/10).
    Service,
    /// A transit router, through this attachment.
    Attachment(AttachmentId),
    /// Anything else, in the cloud's own words.
    Other(String),
}

/// A network ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkAcl {
    /// Its id.
    pub id: NetworkAclId,
    /// Ingress entries in order; the first match decides.
    pub ingress: Vec<AclEntry>,
    /// Egress entries in order; the first match decides.
    pub egress: Vec<AclEntry>,
}

/// An entry of a network ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AclEntry {
    /// `all`, `tcp`, ...
    pub protocol: String,
    /// First and last port; `None` for all ports.
    pub ports: Option<(u16, u16)>,
    /// The source prefix (ingress) or destination prefix (egress).
    pub cidr: Ipv4Net,
    /// `true` to accept, `false` to drop.
    pub accept: bool,
}

impl fmt::Display for NextHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("the VPC itself"),
            Self::Service => f.write_str("the cloud's own services"),
            Self::Attachment(id) => write!(f, "{id}"),
            Self::Other(other) => f.write_str(other),
        }
    }
}
