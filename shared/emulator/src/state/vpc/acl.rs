//! Network ACLs: stateless lists of rules in front of vSwitches, the first match decides.

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::tags::Tags;

/// What a rule does with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AclPolicy {
    Accept,
    Drop,
}

/// A rule of a network ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AclEntry {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) policy: AclPolicy,
    /// `tcp`, `udp`, `icmp`, `gre` or `all`.
    pub(crate) protocol: String,
    /// First and last port; none for all of them (`-1/-1`).
    pub(crate) ports: Option<(u16, u16)>,
    /// The far end: the source of inbound rules, the destination of outbound ones.
    pub(crate) peer: Ipv4Net,
}

/// A network ACL. A packet that no entry matches is dropped.
#[derive(Debug, Clone)]
pub(crate) struct NetworkAcl {
    pub(crate) id: String,
    pub(crate) vpc: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) ingress: Vec<AclEntry>,
    pub(crate) egress: Vec<AclEntry>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

impl AclEntry {
    /// Whether a TCP packet from or to `peer`, for local or remote `port` as the direction has it, is meant.
    pub(crate) fn matches_tcp(&self, peer: std::net::Ipv4Addr, port: u16) -> bool {
        matches!(self.protocol.as_str(), "tcp" | "all")
            && self.ports.is_none_or(|(first, last)| (first..=last).contains(&port))
            && self.peer.contains(&peer)
    }
}
