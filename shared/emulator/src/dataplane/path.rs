//! A packet's path as the forwarder reports it: where it came from, who decided, and how it ended.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// Where a packet comes from: a load balancer's address in its VPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// The load balancer's VPC, whose system table routes its packets.
    pub vpc: &'a str,
    /// A local address of the load balancer, or one of its back-to-origin prefixes.
    pub address: Ipv4Addr,
}

/// Which way a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the load balancer to the server.
    Forward,
    /// From the server to the load balancer.
    Return,
}

/// A router that decides where a packet goes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A VPC, by the route table in force.
    Vpc {
        /// Its id.
        vpc: String,
        /// The table that is looked up.
        table: String,
    },
    /// A transit router, by the table that the packet's ingress attachment is associated with.
    TransitRouter {
        /// Its id.
        router: String,
        /// The table that is looked up.
        table: String,
    },
}

/// One routing decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// There or back.
    pub direction: Direction,
    /// Who decided.
    pub place: Place,
    /// The prefix that matched; none when nothing did, and the packet ends here.
    pub matched: Option<Ipv4Net>,
}

/// Why a packet, or its answer, was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A VPC is not there, or has no table.
    NoTable {
        /// The VPC or vSwitch without one.
        network: String,
    },
    /// No route for the address.
    NoRoute {
        /// The table that was looked up.
        table: String,
        /// The address.
        address: Ipv4Addr,
    },
    /// The system route 100.64.0.0/10 sent it to the cloud's own services.
    Swallowed {
        /// The VPC.
        vpc: String,
        /// The address.
        address: Ipv4Addr,
    },
    /// The emulator does not forward to this kind of next hop.
    Unplayed {
        /// The next hop's id.
        hop: String,
    },
    /// The next hop is an attachment that is not Attached.
    Detached {
        /// The attachment.
        attachment: String,
    },
    /// The attachment at which it arrived is associated with no table of the transit router.
    NotAssociated {
        /// The attachment.
        attachment: String,
        /// The transit router.
        router: String,
    },
    /// The connection has only the test bandwidth of 1 kbit/s, too little for any request (cloud-apis.md section 8).
    NoBandwidth {
        /// The inter-region connection.
        attachment: String,
    },
    /// A transit-router entry drops it.
    BlackHole {
        /// The table.
        table: String,
        /// The entry's destination.
        destination: Ipv4Net,
    },
    /// A routing loop.
    Loop,
    /// No interface has the address in the destination VPC.
    NobodyThere {
        /// The VPC.
        vpc: String,
        /// The address.
        address: Ipv4Addr,
    },
    /// A network ACL dropped it.
    Acl {
        /// The vSwitch.
        vswitch: String,
        /// Into the vSwitch, or out of it.
        inbound: bool,
    },
    /// The security groups did not let it in.
    SecurityGroups {
        /// The groups of the interface.
        groups: Vec<String>,
        /// The rule that dropped it; none when no rule accepted it.
        rule: Option<String>,
    },
    /// The instance does not run.
    NotRunning {
        /// The instance.
        instance: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTable { network } => write!(f, "{network} has no route table"),
            Self::NoRoute { table, address } => write!(f, "no route to {address} in {table}"),
            Self::Swallowed { vpc, address } => {
                write!(f, "the system route 100.64.0.0/10 of {vpc} swallows packets to {address}")
            }
            Self::Unplayed { hop } => write!(f, "the next hop {hop} does not forward here"),
            Self::Detached { attachment } => write!(f, "the attachment {attachment} is not attached"),
            Self::NotAssociated { attachment, router } => {
                write!(f, "the attachment {attachment} is associated with no route table of {router}")
            }
            Self::NoBandwidth { attachment } => write!(f, "the connection {attachment} has no bandwidth"),
            Self::BlackHole { table, destination } => write!(f, "a black hole for {destination} in {table}"),
            Self::Loop => f.write_str("the packet goes round in circles"),
            Self::NobodyThere { vpc, address } => write!(f, "nobody holds {address} in {vpc}"),
            Self::Acl { vswitch, inbound } => {
                write!(f, "the network ACL drops packets {} {vswitch}", if *inbound { "into" } else { "out of" })
            }
            Self::SecurityGroups { groups, rule: Some(rule) } => {
                write!(f, "the rule {rule} of the security groups {} drops it", groups.join(", "))
            }
            Self::SecurityGroups { groups, rule: None } => {
                write!(f, "no rule of the security groups {} accepts it", groups.join(", "))
            }
            Self::NotRunning { instance } => write!(f, "{instance} does not run"),
        }
    }
}

/// How it ended, as the load balancer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The web server answered, and the answer arrived.
    Answered {
        /// The instance.
        instance: String,
    },
    /// The instance refused the connection: nothing listens on the port.
    Refused {
        /// The instance.
        instance: String,
    },
    /// Nothing came back.
    Lost(Fault),
}

/// A packet's path, there and back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Every decision, in order. The last one is where a packet was lost, if a route table lost it.
    pub hops: Vec<Hop>,
    /// How it ended.
    pub verdict: Verdict,
}
