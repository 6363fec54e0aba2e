//! CEN instances, bandwidth plans, transit routers, attachments, and their route tables.
//!
//! Propagated entries are never stored: `routing` computes them from attachments, associations and propagations each time
//! they are read, so they cannot become inconsistent.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::tags::Tags;
use crate::time::{Held, Timed};

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
    pub(crate) grants: Vec<Grant>,
}

/// The status of a resource of this service; each kind has its own names for the values.
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
    /// No longer listed; removed at the next `settle`.
    Gone,
}

impl Status {
    /// The name for CEN instances, transit routers, tables and static entries.
    pub(crate) const fn resource(self) -> &'static str {
        match self {
            Self::Coming => "Creating",
            Self::Up => "Active",
            Self::Changing => "Modifying",
            Self::Going | Self::Gone => "Deleting",
        }
    }

    /// The name for attachments.
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

/// A VPC of this account, and the CEN that may attach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) instance: String,
    pub(crate) kind: String,
    pub(crate) region: String,
    pub(crate) cen: String,
    pub(crate) cen_owner: u64,
    pub(crate) order_type: String,
    pub(crate) created: Timestamp,
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

impl Cen {
    /// The attachment with this id, of either kind.
    pub(crate) fn attachment<'a>(&'a self, id: &str) -> Option<Attachment<'a>> {
        let vpc = self.vpc_attachments.get(id).map(Attachment::Vpc);
        vpc.or_else(|| self.peers.get(id).map(Attachment::Peer))
    }

    /// Whether a VPC is being attached, detached, or has its attachment's zones changed (cloud-apis.md section 13).
    pub(crate) fn is_moving(&self, now: Timestamp, vpc: &str) -> bool {
        self.vpc_attachments.values().any(|attachment| attachment.vpc == vpc && attachment.status.is_changing(now))
    }

    /// The CENs that a VPC is attached to.
    pub(crate) fn cens_of_vpc<'a>(&'a self, vpc: &'a str) -> impl Iterator<Item = &'a str> {
        self.vpc_attachments
            .values()
            .filter(move |attachment| attachment.vpc == vpc)
            .map(|attachment| attachment.cen.as_str())
    }

    /// The table that a transit router routes an attachment's packets by.
    pub(crate) fn table_of(&self, now: Timestamp, router: &str, attachment: &str) -> Option<String> {
        let mut links = self
            .associations
            .iter()
            .filter(|link| link.attachment == attachment && *link.status.get(now) == Status::Up);
        links
            .find(|link| self.tables.get(&link.table).is_some_and(|table| table.router == router))
            .map(|link| link.table.clone())
    }

    /// Adds a transit router with its system route table.
    pub(crate) fn insert_router(&mut self, router: Router, table: String) {
        let system = Table {
            id: table.clone(),
            router: router.id.clone(),
            system: true,
            name: String::new(),
            description: String::new(),
            status: router.status.clone(),
            created: router.created,
            tags: Tags::new(),
        };
        self.tables.insert(table, system);
        self.routers.insert(router.id.clone(), router);
    }

    /// Releases what a fault rule holds.
    pub(crate) fn release(&mut self, hold: Held) {
        self.instances.values_mut().for_each(|instance| hold.release(&mut instance.status));
        self.routers.values_mut().for_each(|router| hold.release(&mut router.status));
        self.tables.values_mut().for_each(|table| hold.release(&mut table.status));
        self.vpc_attachments.values_mut().for_each(|attachment| hold.release(&mut attachment.status));
        for peer in self.peers.values_mut() {
            hold.release(&mut peer.status);
            hold.date(&mut peer.published);
        }
        for link in self.associations.iter_mut().chain(&mut self.propagations) {
            hold.release(&mut link.status);
            hold.date(&mut link.active);
        }
        for entry in self.entries.values_mut() {
            hold.release(&mut entry.status);
            hold.date(&mut entry.active);
        }
    }
}
