//! Cloud Enterprise Network: transit routers with their tables, attachments, inter-region connections, bandwidth plans.

use std::collections::BTreeMap;
use std::fmt;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::ids::{
    AttachmentId, BandwidthPackageId, Region, RouteEntryId, RouteTableId, TransitRouterId, VSwitchId, VpcId, ZoneId,
};
use crate::topology::status::{
    AttachmentStatus, BusinessStatus, LinkStatus, TransitRouteStatus, TransitRouterStatus, TransitRouterType,
};

/// A reference to an attachment by its purpose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum AttachmentRef {
    /// The attachment of a VPC to the transit router of its region.
    Vpc {
        /// The VPC.
        vpc: VpcId,
    },
    /// The inter-region connection of two regions.
    Peer {
        /// The ALB's region.
        from: Region,
        /// The backends' region.
        to: Region,
    },
}

impl fmt::Display for AttachmentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vpc { vpc } => write!(f, "the attachment of {vpc}"),
            Self::Peer { from, to } => write!(f, "the connection {from} - {to}"),
        }
    }
}

/// A transit router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitRouter {
    /// Its id.
    pub id: TransitRouterId,
    /// Its region.
    pub region: Region,
    /// `Enterprise` or `Basic`.
    pub kind: TransitRouterType,
    /// `Active`, `Creating`, ...
    pub status: TransitRouterStatus,
    /// Its route tables.
    pub tables: BTreeMap<RouteTableId, TransitTable>,
}

impl TransitRouter {
    /// The system route table.
    #[must_use]
    pub fn system_table(&self) -> Option<&TransitTable> {
        self.tables.values().find(|table| table.system)
    }

    /// The table that an attachment is associated with, even if the association is still in progress.
    #[must_use]
    pub fn table_of(&self, attachment: &AttachmentId) -> Option<&TransitTable> {
        self.tables.values().find(|table| table.associations.contains_key(attachment))
    }
}

/// A route table of a transit router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitTable {
    /// Its id.
    pub id: RouteTableId,
    /// `true` for the system table, `false` for a custom one.
    pub system: bool,
    /// Attachments whose packets are looked up here, with their status (`Active`, `Associating`, ...).
    pub associations: BTreeMap<AttachmentId, LinkStatus>,
    /// Attachments whose routes are propagated into this table, with their status (`Active`, `Enabling`, ...).
    pub propagations: BTreeMap<AttachmentId, LinkStatus>,
    /// Static and propagated entries.
    pub routes: Vec<TransitRoute>,
}

/// A route entry of a transit router's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitRoute {
    /// Its id; propagated entries have none.
    pub id: Option<RouteEntryId>,
    /// The destination prefix.
    pub destination: Ipv4Net,
    /// The next hop; `None` for a black hole.
    pub next_hop: Option<AttachmentId>,
    /// `true` if it was propagated from an attachment, `false` if it is static.
    pub propagated: bool,
    /// `Active`, `Creating`, `Rejected`, ...
    pub status: TransitRouteStatus,
    /// The description; ours starts with the ownership mark.
    pub description: String,
}

/// An attachment of a VPC to a transit router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcAttachment {
    /// Its id.
    pub id: AttachmentId,
    /// The VPC.
    pub vpc: VpcId,
    /// The transit router.
    pub transit_router: TransitRouterId,
    /// Its region.
    pub region: Region,
    /// `Attached`, `Attaching`, ...
    pub status: AttachmentStatus,
    /// The vSwitches of its interfaces, by zone.
    pub zones: BTreeMap<ZoneId, VSwitchId>,
    /// Whether the transit router publishes its routes into the VPC by itself.
    pub auto_publish: bool,
    /// The value of the `albridge` tag, if it has one.
    pub mark: Option<String>,
    /// Its creation time, as the API returns it.
    pub created: String,
}

/// An inter-region connection: one peer attachment between two transit routers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerAttachment {
    /// Its id, the same on both sides.
    pub id: AttachmentId,
    /// The two regions, in any order.
    pub regions: (Region, Region),
    /// `Attached`, `Attaching`, ...
    pub status: AttachmentStatus,
    /// Mbit/s, if the API states a value; a connection paid by traffic may have none.
    pub bandwidth: Option<u32>,
    /// The bandwidth plan that it uses; `None` if it is paid by traffic.
    pub bandwidth_package: Option<BandwidthPackageId>,
    /// Whether each side publishes its routes to the other.
    pub auto_publish: bool,
    /// The value of the `albridge` tag, if it has one.
    pub mark: Option<String>,
    /// Its creation time, as the API returns it.
    pub created: String,
}

impl PeerAttachment {
    /// Whether it connects these two regions.
    #[must_use]
    pub fn joins(&self, one: &Region, other: &Region) -> bool {
        (&self.regions.0 == one && &self.regions.1 == other) || (&self.regions.0 == other && &self.regions.1 == one)
    }
}

/// A CEN bandwidth plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BandwidthPackage {
    /// Its id.
    pub id: BandwidthPackageId,
    /// The total bandwidth in Mbit/s.
    pub bandwidth: u32,
    /// The bandwidth already assigned to connections, in Mbit/s.
    pub used: u32,
    /// `InUse`, `Idle`.
    pub status: String,
    /// `Normal`, `FinancialLocked`, `SecurityLocked`.
    pub business_status: BusinessStatus,
    /// Whether it is associated with the binding's CEN.
    pub associated: bool,
    /// The two areas that it connects, in the API's spelling (`China`, `Asia-Pacific`, ...), in any order.
    #[serde(default)]
    pub areas: (String, String),
}
