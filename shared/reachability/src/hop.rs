//! What a packet meets on its way, and the line that says so.

use std::fmt;

use ipnet::Ipv4Net;
use onboarding::ids::{
    AttachmentId, NetworkAclId, Region, RouteEntryId, RouteTableId, RuleId, SecurityGroupId, TransitRouterId,
    VSwitchId, VpcId,
};
use onboarding::reason::Reason;
use onboarding::topology::{NextHop, TransitRoute, VpcRoute};
use serde::Serialize;

/// The way as far as it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    /// Where it should lead.
    pub destination: Ipv4Net,
    /// What was met, in order.
    pub hops: Vec<Hop>,
    /// The first thing wrong, if anything is.
    pub fault: Option<Reason>,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for hop in &self.hops {
            writeln!(f, "{hop}")?;
        }
        match &self.fault {
            Some(fault) => writeln!(f, "{fault}"),
            None => Ok(()),
        }
    }
}

/// Into a vSwitch, or out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Into the vSwitch.
    Ingress,
    /// Out of the vSwitch.
    Egress,
}

/// The entry of a VPC's table that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcEntry {
    /// Its id.
    pub id: RouteEntryId,
    /// Its destination.
    pub destination: Ipv4Net,
    /// Where it leads.
    pub next_hop: NextHop,
}

impl From<&VpcRoute> for VpcEntry {
    fn from(route: &VpcRoute) -> Self {
        Self { id: route.id.clone(), destination: route.destination, next_hop: route.next_hop.clone() }
    }
}

/// The entry of a transit router's table that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitEntry {
    /// Its id; learned entries have none.
    pub id: Option<RouteEntryId>,
    /// Its destination.
    pub destination: Ipv4Net,
    /// Where it leads; `None` is a black hole.
    pub next_hop: Option<AttachmentId>,
    /// Learned, or static.
    pub learned: bool,
}

impl From<&TransitRoute> for TransitEntry {
    fn from(route: &TransitRoute) -> Self {
        Self {
            id: route.id.clone(),
            destination: route.destination,
            next_hop: route.next_hop.clone(),
            learned: route.learned,
        }
    }
}

/// One thing that a packet meets, with what it decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "hop")]
pub enum Hop {
    /// A route table of a VPC.
    VpcTable {
        /// The VPC.
        vpc: VpcId,
        /// The table.
        table: RouteTableId,
        /// The VPC's system table, or a custom one.
        system: bool,
        /// What was looked up.
        destination: Ipv4Net,
        /// What was found.
        route: VpcEntry,
    },
    /// Between a VPC and the transit router of its region, either way.
    Attachment {
        /// The attachment.
        attachment: AttachmentId,
        /// The VPC.
        vpc: VpcId,
        /// The transit router.
        transit_router: TransitRouterId,
    },
    /// A route table of a transit router.
    TransitTable {
        /// The transit router.
        transit_router: TransitRouterId,
        /// The table that the packet's attachment is associated with.
        table: RouteTableId,
        /// What was looked up.
        destination: Ipv4Net,
        /// What was found.
        entry: TransitEntry,
    },
    /// An inter-region connection.
    Peer {
        /// The attachment, the same on both sides.
        attachment: AttachmentId,
        /// Where the packet comes from.
        from: Region,
        /// Where it goes.
        to: Region,
    },
    /// A network ACL on the backend's vSwitch, or on the load balancer's.
    NetworkAcl {
        /// The ACL.
        acl: NetworkAclId,
        /// Which of its lists.
        direction: Direction,
        /// Whom the packets come from or go to: the load balancer's prefix, or at its own vSwitch the backend's.
        prefix: Ipv4Net,
        /// Position of the entry that let the packet pass, from 1.
        entry: usize,
    },
    /// A security group of the backend's interface.
    SecurityGroup {
        /// The group.
        group: SecurityGroupId,
        /// The rule that let the packet pass.
        rule: RuleId,
        /// Its priority.
        priority: u8,
        /// The load balancer's prefix.
        source: Ipv4Net,
        /// The port.
        port: u16,
    },
    /// Arrived.
    Deliver {
        /// The VPC.
        vpc: VpcId,
        /// The vSwitch; `None` where the VPC hands the packet to a classic ALB, which is in none.
        vswitch: Option<VSwitchId>,
        /// Who was meant.
        destination: Ipv4Net,
    },
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VpcTable { vpc, table, system, destination, route } => {
                let kind = if *system { "system" } else { "custom" };
                write!(f, "{vpc}: {kind} table {table} sends {destination} by {} to ", route.destination)?;
                match &route.next_hop {
                    NextHop::Local => f.write_str("the VPC itself"),
                    NextHop::Service => f.write_str("the cloud's own services"),
                    NextHop::Attachment(attachment) => write!(f, "{attachment}"),
                    NextHop::Other(other) => f.write_str(other),
                }
            }
            Self::Attachment { attachment, vpc, transit_router } => {
                write!(f, "{attachment} joins {vpc} and {transit_router}")
            }
            Self::TransitTable { transit_router, table, destination, entry } => {
                let kind = if entry.learned { "learned" } else { "static" };
                write!(f, "{transit_router}: table {table} sends {destination} by {kind} {} to ", entry.destination)?;
                match &entry.next_hop {
                    Some(attachment) => write!(f, "{attachment}"),
                    None => f.write_str("a black hole"),
                }
            }
            Self::Peer { attachment, from, to } => write!(f, "{attachment} carries it from {from} to {to}"),
            Self::NetworkAcl { acl, direction, prefix, entry } => {
                let (list, word) = match direction {
                    Direction::Ingress => ("ingress", "from"),
                    Direction::Egress => ("egress", "to"),
                };
                write!(f, "{acl}: {list} entry {entry} passes packets {word} {prefix}")
            }
            Self::SecurityGroup { group, rule, priority, source, port } => {
                write!(f, "{group}: rule {rule} (priority {priority}) accepts {source} on port {port}")
            }
            Self::Deliver { vpc, vswitch: Some(vswitch), destination } => {
                write!(f, "{vpc}: {destination} is in {vswitch}")
            }
            Self::Deliver { vpc, vswitch: None, destination } => {
                write!(f, "{vpc}: hands {destination} to the load balancer")
            }
        }
    }
}
