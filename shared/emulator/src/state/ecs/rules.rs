//! Rules of security groups.

use ipnet::Ipv4Net;
use jiff::Timestamp;

/// An IP protocol, as rules name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
    Icmp,
    Gre,
    All,
}

impl Protocol {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Icmp => "ICMP",
            Self::Gre => "GRE",
            Self::All => "ALL",
        }
    }
}

/// Ports from first to last; `-1/-1` means all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PortRange {
    All,
    Between(u16, u16),
}

impl PortRange {
    /// Whether a port lies in it.
    pub(crate) fn holds(self, port: u16) -> bool {
        match self {
            Self::All => true,
            Self::Between(first, last) => (first..=last).contains(&port),
        }
    }

    pub(crate) fn text(self) -> String {
        match self {
            Self::All => "-1/-1".to_owned(),
            Self::Between(first, last) => format!("{first}/{last}"),
        }
    }
}

/// Where packets come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Cidr(Ipv4Net),
    PrefixList(String),
    Group(String),
}

/// What a rule does with a packet. `Drop` comes first: at equal priority it wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Policy {
    Drop,
    Accept,
}

impl Policy {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Drop => "Drop",
            Self::Accept => "Accept",
        }
    }
}

/// An inbound rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) protocol: Protocol,
    pub(crate) ports: PortRange,
    pub(crate) source: Source,
    /// Empty for any address of the instance.
    pub(crate) destination: Option<Ipv4Net>,
    pub(crate) policy: Policy,
    /// 1 to 100; the smaller wins.
    pub(crate) priority: u8,
    pub(crate) description: String,
    pub(crate) created: Timestamp,
}

impl Rule {
    /// Whether two rules match the same packets with the same policy and priority: a duplicate (cloud-apis.md section 11).
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.selects_like(other) && self.policy == other.policy && self.priority == other.priority
    }

    pub(crate) fn selects_like(&self, other: &Self) -> bool {
        (self.protocol, self.ports, &self.source, self.destination)
            == (other.protocol, other.ports, &other.source, other.destination)
    }
}
