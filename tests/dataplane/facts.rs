//! What is declared about a network, and nothing that follows from it: what somebody typed into consoles. The emulator is
//! built from these facts by API calls, the kernel's namespaces by the fixpoint in `learned`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use local::Generation;

/// The regions, in the order of their indices in [`Router::region`].
pub(crate) const REGIONS: [&str; 3] = ["cn-chengdu", "cn-hangzhou", "cn-shanghai"];

/// Of the procedure's back-to-origin prefixes of Chengdu, three that do not make up one whole.
pub(crate) const ORIGINS: [&str; 3] = ["100.117.130.0/25", "100.117.130.128/25", "100.122.175.64/26"];

/// A network with one load balancer, in the first VPC.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) generation: Generation,
    /// The port that requests go to.
    pub(crate) port: u16,
    pub(crate) vpcs: Vec<Vpc>,
    pub(crate) routers: Vec<Router>,
    pub(crate) peers: Vec<Peer>,
}

#[derive(Debug, Clone)]
pub(crate) struct Vpc {
    pub(crate) id: &'static str,
    pub(crate) region: usize,
    pub(crate) cidr: Ipv4Net,
    pub(crate) secondary: Vec<Ipv4Net>,
    pub(crate) switches: Vec<Switch>,
    /// The system table, then the custom ones.
    pub(crate) tables: Vec<Vec<Route>>,
    pub(crate) attachment: Option<Attachment>,
    pub(crate) groups: Vec<Group>,
    /// Prefix lists by name.
    pub(crate) lists: BTreeMap<&'static str, Vec<Ipv4Net>>,
    pub(crate) instances: Vec<Instance>,
}

#[derive(Debug, Clone)]
pub(crate) struct Switch {
    pub(crate) id: String,
    pub(crate) zone: &'static str,
    pub(crate) cidr: Ipv4Net,
    /// Index of the VPC's table that it uses.
    pub(crate) table: usize,
    pub(crate) acl: Option<Acl>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Route {
    pub(crate) destination: Ipv4Net,
    pub(crate) hop: Hop,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Hop {
    /// The VPC's attachment.
    TransitRouter,
    /// An instance that forwards nothing.
    Appliance,
}

/// Which table an attachment's packets are looked up in, and which tables it teaches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    pub(crate) association: Option<usize>,
    pub(crate) propagations: BTreeSet<usize>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Attachment {
    pub(crate) link: Link,
    /// Whether the transit router writes its routes into the VPC's system table.
    pub(crate) publishes: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Router {
    pub(crate) id: &'static str,
    pub(crate) region: usize,
    /// The static entries of the system table, then of the custom ones.
    pub(crate) tables: Vec<Vec<Entry>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) destination: Ipv4Net,
    /// None is a black hole.
    pub(crate) hop: Option<Via>,
}

/// An attachment, by what it joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Via {
    Vpc(&'static str),
    /// An index in [`Facts::peers`].
    Peer(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Indices in [`Facts::routers`].
    pub(crate) routers: [usize; 2],
    pub(crate) bandwidth: bool,
    pub(crate) publishes: bool,
    /// What it is to each of its routers.
    pub(crate) links: [Link; 2],
}

#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) priority: u8,
    pub(crate) accept: bool,
    /// `TCP`, `UDP`, `ICMP` or `ALL`.
    pub(crate) protocol: &'static str,
    /// Only of TCP and UDP.
    pub(crate) ports: (u16, u16),
    pub(crate) source: Source,
}

#[derive(Debug, Clone)]
pub(crate) enum Source {
    Net(Ipv4Net),
    List(&'static str),
    /// A security group of the same VPC: no load balancer is in one.
    Group(String),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Acl {
    pub(crate) ingress: Vec<AclEntry>,
    pub(crate) egress: Vec<AclEntry>,
}

#[derive(Debug, Clone)]
pub(crate) struct AclEntry {
    pub(crate) accept: bool,
    /// `tcp`, `udp` or `all`.
    pub(crate) protocol: &'static str,
    pub(crate) ports: (u16, u16),
    pub(crate) peer: Ipv4Net,
}

#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: &'static str,
    /// Index of its vSwitch.
    pub(crate) switch: usize,
    pub(crate) address: Ipv4Addr,
    /// Indices of its groups.
    pub(crate) groups: Vec<usize>,
    pub(crate) second: Option<Interface>,
    pub(crate) running: bool,
    pub(crate) web_ports: BTreeSet<u16>,
}

/// A second interface of an instance, with a vSwitch, an address and groups of its own.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) switch: usize,
    pub(crate) address: Ipv4Addr,
    pub(crate) groups: Vec<usize>,
}

impl Instance {
    /// All of its interfaces, the primary one first.
    pub(crate) fn interfaces(&self) -> Vec<Interface> {
        let primary = Interface { switch: self.switch, address: self.address, groups: self.groups.clone() };
        std::iter::once(primary).chain(self.second.clone()).collect()
    }
}

impl Facts {
    /// The prefixes that the load balancer sends from.
    pub(crate) fn sources(&self) -> Vec<Ipv4Net> {
        match self.generation {
            Generation::Upgraded => self.vpcs[0].switches[..2].iter().map(|switch| switch.cidr).collect(),
            Generation::Classic => ORIGINS.iter().map(|origin| net(origin)).collect(),
        }
    }

    pub(crate) fn backends(&self) -> &[Vpc] {
        &self.vpcs[1..]
    }

    pub(crate) fn vpc(&self, id: &str) -> &Vpc {
        self.vpcs.iter().find(|vpc| vpc.id == id).unwrap()
    }

    /// The index of the transit router of a region.
    pub(crate) fn router_of(&self, region: usize) -> usize {
        self.routers.iter().position(|router| router.region == region).unwrap()
    }

    /// Every attachment of a router with what it is to it.
    pub(crate) fn links(&self, router: usize) -> Vec<(Via, &Link)> {
        let region = self.routers[router].region;
        let vpcs = self.vpcs.iter().filter(|vpc| vpc.region == region);
        let vpcs = vpcs.filter_map(|vpc| Some((Via::Vpc(vpc.id), &vpc.attachment.as_ref()?.link)));
        let peers = self.peers.iter().enumerate().flat_map(|(at, peer)| {
            let ends = peer.routers.iter().zip(&peer.links).filter(|(end, _)| **end == router);
            ends.map(move |(_, link)| (Via::Peer(at), link))
        });
        vpcs.chain(peers).collect()
    }

    /// Takes a VPC off its transit router, with every route that led over the attachment.
    pub(crate) fn detach(&mut self, vpc: usize) {
        let id = self.vpcs[vpc].id;
        self.vpcs[vpc].attachment = None;
        for table in &mut self.vpcs[vpc].tables {
            table.retain(|route| route.hop != Hop::TransitRouter);
        }
        self.drop_entries(Via::Vpc(id));
    }

    /// Removes the static entries that lead to an attachment.
    pub(crate) fn drop_entries(&mut self, hop: Via) {
        for table in self.routers.iter_mut().flat_map(|router| &mut router.tables) {
            table.retain(|entry| entry.hop != Some(hop));
        }
    }

    /// Removes a connection with the entries that lead over it.
    pub(crate) fn disconnect(&mut self, peer: usize) {
        self.drop_entries(Via::Peer(peer));
        self.peers.remove(peer);
        for entry in self.routers.iter_mut().flat_map(|router| &mut router.tables).flatten() {
            if let Some(Via::Peer(at)) = &mut entry.hop
                && *at > peer
            {
                *at -= 1;
            }
        }
    }
}

pub(crate) fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}
