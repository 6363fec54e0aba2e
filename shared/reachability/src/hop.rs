//! The hops of a path, and their text.

use std::fmt;

use ipnet::Ipv4Net;
use onboarding::ids::{
    AttachmentId, InterfaceId, ListenerId, NetworkAclId, Region, RouteEntryId, RouteTableId, RuleId, SecurityGroupId,
    ServerGroupId, TransitRouterId, VSwitchId, VpcId,
};
use onboarding::topology::{Endpoint, Health, NextHop, TransitRoute, VpcRoute};
use serde::Serialize;

/// Into a vSwitch, or out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Into the vSwitch.
    Ingress,
    /// Out of the vSwitch.
    Egress,
}

impl Direction {
    /// Which list of an ACL it means, and how its prefix relates to packets.
    pub(crate) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Ingress => ("ingress", "from"),
            Self::Egress => ("egress", "to"),
        }
    }
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
    #[serde(rename = "learned")]
    pub propagated: bool,
}

impl From<&TransitRoute> for TransitEntry {
    fn from(route: &TransitRoute) -> Self {
        Self {
            id: route.id.clone(),
            destination: route.destination,
            next_hop: route.next_hop.clone(),
            propagated: route.propagated,
        }
    }
}

/// A member of a server group, as the load balancer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerEntry {
    /// 0 gets no new requests.
    pub weight: u32,
    /// Whether it is registered as a remote address.
    pub remote: bool,
    /// `Available`, `Adding`, ...
    pub status: String,
    /// Why it is not healthy; `None` if it is, or if its health is not known.
    pub health: Option<Health>,
}

/// The security rule that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecidingRule {
    /// Its group.
    pub group: SecurityGroupId,
    /// Its id.
    pub id: RuleId,
    /// 1 (first) to 100.
    pub priority: u8,
}

/// One hop: a listener, a table, a filter and so on, with its decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "hop")]
pub enum Hop {
    /// The load balancer's listener.
    Listener {
        /// The listener.
        listener: ListenerId,
        /// `HTTP`, `HTTPS`, `QUIC`.
        protocol: String,
        /// Its port.
        port: u16,
        /// `Running`, `Stopped`, ...
        status: String,
    },
    /// The server group that the listener should forward to.
    ServerGroup {
        /// The group.
        group: ServerGroupId,
        /// Its name.
        name: String,
        /// Whether the listener forwards to it.
        forwarded: bool,
    },
    /// The backend's entry in the server group.
    Server {
        /// The group.
        group: ServerGroupId,
        /// Address and port.
        member: Endpoint,
        /// What the entry says; nothing where there is none.
        entry: Option<ServerEntry>,
    },
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
        /// What was found, if anything was.
        route: Option<VpcEntry>,
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
        /// What was found, if anything was.
        entry: Option<TransitEntry>,
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
        /// Position of the entry that decided, from 1; nothing where none matches, and packets are dropped.
        entry: Option<usize>,
        /// Whether packets pass.
        passes: bool,
    },
    /// The security groups of the interface that owns the backend's address, taken together.
    SecurityGroup {
        /// The interface, where it is known.
        interface: Option<InterfaceId>,
        /// The groups.
        groups: Vec<SecurityGroupId>,
        /// The rule that decided; nothing where none matches, and packets are dropped.
        rule: Option<DecidingRule>,
        /// Whether packets pass.
        passes: bool,
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
        /// The destination of the packet.
        destination: Ipv4Net,
    },
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listener { listener, protocol, port, status } => {
                write!(f, "{listener}: {protocol} listener on port {port} is {status}")
            }
            Self::ServerGroup { group, name, forwarded: true } => write!(f, "{group} ({name}): forwarded to"),
            Self::ServerGroup { group, name, forwarded: false } => write!(f, "{group} ({name}): not forwarded to"),
            Self::Server { group, member, entry: None } => write!(f, "{group}: {member} is no member"),
            Self::Server { group, member, entry: Some(ServerEntry { weight, remote, status, health }) } => {
                let remote = if *remote { "on" } else { "off" };
                write!(f, "{group}: {member} is {status}, weight {weight}, Remote IP {remote}")?;
                match health {
                    Some(Health { status, reason }) if reason.is_empty() => write!(f, ", {status}"),
                    Some(Health { status, reason }) => write!(f, ", {status} ({reason})"),
                    None => Ok(()),
                }
            }
            Self::VpcTable { vpc, table, system, destination, route } => {
                let kind = if *system { "system" } else { "custom" };
                write!(f, "{vpc}: {kind} table {table} ")?;
                let Some(route) = route else { return write!(f, "has nothing for {destination}") };
                write!(f, "sends {destination} by {} to ", route.destination)?;
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
                write!(f, "{transit_router}: table {table} ")?;
                let Some(entry) = entry else { return write!(f, "has nothing for {destination}") };
                let kind = if entry.propagated { "learned" } else { "static" };
                write!(f, "sends {destination} by {kind} {} to ", entry.destination)?;
                match &entry.next_hop {
                    Some(attachment) => write!(f, "{attachment}"),
                    None => f.write_str("a black hole"),
                }
            }
            Self::Peer { attachment, from, to } => write!(f, "{attachment} carries it from {from} to {to}"),
            Self::NetworkAcl { acl, direction, prefix, entry, passes } => {
                let (list, word) = direction.words();
                let verb = if *passes { "passes" } else { "drops" };
                match entry {
                    Some(entry) => write!(f, "{acl}: {list} entry {entry} {verb} packets {word} {prefix}"),
                    None => write!(f, "{acl}: no {list} entry passes packets {word} {prefix}"),
                }
            }
            Self::SecurityGroup { groups, rule, passes, source, port, .. } => match rule {
                Some(DecidingRule { group, id, priority }) => {
                    let verb = if *passes { "accepts" } else { "drops" };
                    write!(f, "{group}: rule {id} (priority {priority}) {verb} {source} on port {port}")
                }
                None => {
                    let groups: Vec<&str> = groups.iter().map(SecurityGroupId::as_str).collect();
                    write!(f, "{}: no rule accepts {source} on port {port}", groups.join(", "))
                }
            },
            Self::Deliver { vpc, vswitch: Some(vswitch), destination } => {
                write!(f, "{vpc}: {destination} is in {vswitch}")
            }
            Self::Deliver { vpc, vswitch: None, destination } => {
                write!(f, "{vpc}: hands {destination} to the load balancer")
            }
        }
    }
}
