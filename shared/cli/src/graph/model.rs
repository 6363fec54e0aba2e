//! The content of a picture, without positions: regions with their VPCs and transit routers, the connections between them, and
//! the paths of packets. Plain data, in the order in which it is drawn; all renderers use it.

/// The whole picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// What it is about.
    pub(crate) title: String,
    /// The sentences under it: the fault, and the remedy.
    pub(crate) notes: Vec<String>,
    /// The load balancer's region first.
    pub(crate) regions: Vec<RegionBox>,
    /// What joins the regions.
    pub(crate) cen: CenBox,
    /// Forward, then back; none where no instance is asked about.
    pub(crate) ways: Vec<Way>,
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegionBox {
    /// Its name, and what it is here.
    pub(crate) title: String,
    /// The load balancer's VPC, or backends'.
    pub(crate) vpcs: Vec<VpcBox>,
    /// Its transit router.
    pub(crate) router: Group,
}

/// A VPC with its attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VpcBox {
    /// Id, name, prefixes.
    pub(crate) title: String,
    /// Whether it was seen.
    pub(crate) state: State,
    /// The load balancer, if it is here.
    pub(crate) balancer: Option<Group>,
    /// From the ends to the transit router: vSwitches, filters, tables.
    pub(crate) leaves: Vec<Leaf>,
    /// Its attachment to the transit router.
    pub(crate) attachment: Leaf,
}

/// A box with boxes in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// What it is.
    pub(crate) title: String,
    /// Whether it was seen.
    pub(crate) state: State,
    /// What is in it.
    pub(crate) leaves: Vec<Leaf>,
}

/// The CEN instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CenBox {
    /// What it is.
    pub(crate) title: String,
    /// The inter-region connections.
    pub(crate) peers: Vec<PeerBox>,
}

/// An inter-region connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PeerBox {
    /// What is said of it.
    pub(crate) leaf: Leaf,
    /// Positions of the regions that it joins, the smaller first.
    pub(crate) ends: (usize, usize),
}

/// A box with lines of text in it, where a packet can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// What it is known by.
    pub(crate) key: Key,
    /// Ids of resources that stand for it in reasons.
    pub(crate) names: Vec<String>,
    /// The first line.
    pub(crate) title: String,
    /// The lines under it.
    pub(crate) rows: Vec<Row>,
    /// Whether it was seen.
    pub(crate) state: State,
}

/// Which leaf.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// The binding's listener.
    Listener,
    /// The binding's server group.
    ServerGroup,
    /// Where the load balancer sends from.
    Sources,
    /// A vSwitch with instances, by id.
    VSwitch(String),
    /// A security group, by id.
    Group(String),
    /// A network ACL before vSwitches, by VPC and id.
    Acl(String, String),
    /// A route table, of a VPC or of a transit router, by id.
    Table(String),
    /// The attachment of a VPC, by the VPC's id.
    Attachment(String),
    /// What stands for the tables of a transit router without any, by region.
    Router(String),
    /// The connection of two regions, by their names in order.
    Peer(String, String),
}

impl Key {
    /// The key of a connection, whichever side names it.
    pub(crate) fn peer(one: &str, other: &str) -> Self {
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        Self::Peer(first.to_owned(), second.to_owned())
    }
}

/// A line of text in a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// By what a hop finds it; empty where none does.
    pub(crate) tag: String,
    /// What is read.
    pub(crate) text: String,
    /// How it looks.
    pub(crate) state: State,
}

impl Row {
    /// A line about something that is there.
    pub(crate) fn new(tag: impl Into<String>, text: impl Into<String>) -> Self {
        Self { tag: tag.into(), text: text.into(), state: State::There }
    }

    /// A line about something that is wanted and not there.
    pub(crate) fn missing(text: impl Into<String>) -> Self {
        Self { tag: String::new(), text: text.into(), state: State::Missing }
    }
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It is.
    There,
    /// It is wanted, but does not exist.
    Missing,
    /// It could not be read.
    Unknown,
    /// Packets are dropped here.
    Fault,
}

/// Which way packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the load balancer to the instance.
    Forward,
    /// Back.
    Return,
}

/// The way of packets in one direction, as far as it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    /// Which.
    pub(crate) direction: Direction,
    /// Where they are, in order.
    pub(crate) stops: Vec<Stop>,
    /// How it ends, at the last stop.
    pub(crate) end: End,
}

/// A place on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    /// The leaf.
    pub(crate) key: Key,
    /// The line in it that decided, if one did.
    pub(crate) row: Option<usize>,
    /// The numbers of the hops, as `explain` counts them; empty where none is meant.
    pub(crate) label: String,
}

/// How a way ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Packets arrive.
    Arrives,
    /// They are dropped, for the reason with this code.
    Dies(String),
    /// It is not known, for the reason with this code.
    Unknown(String),
}

impl Picture {
    /// Every leaf, in the order in which it is drawn.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        let in_regions = self.regions.iter().flat_map(|region| {
            let in_vpcs = region.vpcs.iter().flat_map(|vpc| {
                let balancer = vpc.balancer.iter().flat_map(|group| &group.leaves);
                balancer.chain(&vpc.leaves).chain([&vpc.attachment])
            });
            in_vpcs.chain(&region.router.leaves)
        });
        in_regions.chain(self.cen.peers.iter().map(|peer| &peer.leaf))
    }

    /// Every leaf, to be changed.
    pub(crate) fn leaves_mut(&mut self) -> impl Iterator<Item = &mut Leaf> {
        let in_regions = self.regions.iter_mut().flat_map(|region| {
            let in_vpcs = region.vpcs.iter_mut().flat_map(|vpc| {
                let balancer = vpc.balancer.iter_mut().flat_map(|group| &mut group.leaves);
                balancer.chain(&mut vpc.leaves).chain([&mut vpc.attachment])
            });
            in_vpcs.chain(&mut region.router.leaves)
        });
        in_regions.chain(self.cen.peers.iter_mut().map(|peer| &mut peer.leaf))
    }

    /// The leaf by this key.
    pub(crate) fn leaf(&self, key: &Key) -> Option<&Leaf> {
        self.leaves().find(|leaf| &leaf.key == key)
    }

    /// What is joined to what, and whether the join is there: tables to attachments, attachments and connections to
    /// transit routers.
    pub(crate) fn links(&self) -> Vec<(&Leaf, &Leaf, State)> {
        let mut links = Vec::new();
        let first = |region: usize| self.regions.get(region).and_then(|region| region.router.leaves.first());
        for (number, region) in self.regions.iter().enumerate() {
            for vpc in &region.vpcs {
                let own = vpc.leaves.last().or_else(|| vpc.balancer.as_ref().and_then(|group| group.leaves.last()));
                links.extend(own.map(|own| (own, &vpc.attachment, vpc.attachment.state)));
                links.extend(first(number).map(|table| (&vpc.attachment, table, vpc.attachment.state)));
            }
        }
        for peer in &self.cen.peers {
            let (one, other) = (first(peer.ends.0), first(peer.ends.1));
            links.extend(one.map(|table| (table, &peer.leaf, peer.leaf.state)));
            links.extend(other.map(|table| (&peer.leaf, table, peer.leaf.state)));
        }
        links
    }
}
