//! What the three judges have to agree on: how a request ended, and where its packet or its answer died.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;

/// One request: from an address of the load balancer to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Probe {
    pub(crate) source: Ipv4Addr,
    pub(crate) vpc: &'static str,
    pub(crate) instance: &'static str,
    pub(crate) address: Ipv4Addr,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    /// The way is open in both directions, but nothing listens on the port.
    Refused,
    Lost(Direction, Place),
    /// A judge that gives no definite answer. Never right here.
    Unsure(String),
}

impl Outcome {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Answered | Self::Refused)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    Forward,
    Return,
}

/// Where a packet dies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// In a VPC, by its route table.
    Vpc(String, Why),
    /// In a transit router, by its route table.
    Router(String, Why),
    /// In a VPC that is not where it should go.
    Astray(String),
    /// Among transit routers that send it round in circles.
    Loop,
    /// At the network ACL of a vSwitch.
    Acl(String),
    /// At the instance's security groups.
    Groups,
    /// At an instance that does not run.
    Stopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    NoRoute,
    /// 100.64.0.0/10 belongs to the cloud's own services.
    Service,
    /// The next hop forwards nothing.
    Elsewhere,
    /// The address is the VPC's own, but nobody holds it.
    Nobody,
    BlackHole,
    /// The attachment that it came by is associated with no table.
    Unassociated,
    /// The connection has no bandwidth to speak of.
    Bandwidth,
}

/// Outcomes of a topology by probe.
pub(crate) type Answers = BTreeMap<Probe, Outcome>;

impl Direction {
    const fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Return => "return",
        }
    }
}

impl Place {
    /// The resource, if one is to blame, and what kind it is; and what happened there.
    fn parts(&self) -> (Option<(&str, &'static str)>, &'static str) {
        match self {
            Self::Vpc(vpc, why) => (Some((vpc, "vpc")), why.name()),
            Self::Router(router, why) => (Some((router, "router")), why.name()),
            Self::Astray(vpc) => (Some((vpc, "")), "astray"),
            Self::Loop => (None, "loop"),
            Self::Acl(switch) => (Some((switch, "")), "network ACL"),
            Self::Groups => (None, "security groups"),
            Self::Stopped => (None, "instance stopped"),
        }
    }
}

impl Outcome {
    /// What would be the same in another place.
    pub(crate) fn kind(&self) -> String {
        let Self::Lost(direction, place) = self else { return self.to_string() };
        match place.parts() {
            (Some((_, kind)), what) if !kind.is_empty() => format!("{}: {kind}: {what}", direction.name()),
            (_, what) => format!("{}: {what}", direction.name()),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered => f.write_str("answered"),
            Self::Refused => f.write_str("refused"),
            Self::Unsure(why) => write!(f, "unsure: {why}"),
            Self::Lost(direction, place) => match place.parts() {
                (Some((resource, _)), what) => write!(f, "{}: {resource}: {what}", direction.name()),
                (None, what) => write!(f, "{}: {what}", direction.name()),
            },
        }
    }
}

impl Why {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NoRoute => "no route",
            Self::Service => "service range",
            Self::Elsewhere => "other next hop",
            Self::Nobody => "nobody there",
            Self::BlackHole => "black hole",
            Self::Unassociated => "not associated",
            Self::Bandwidth => "no bandwidth",
        }
    }
}
