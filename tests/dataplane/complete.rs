//! Networks in which every piece is in place: the procedure's, and variations of its shape.

use std::collections::{BTreeMap, BTreeSet};

use local::Generation;

use crate::facts::{
    Acl, AclEntry, Attachment, Entry, Facts, Group, Hop, Instance, Link, Peer, REGIONS, Route, Router, Rule, Source,
    Switch, Via, Vpc, net,
};
use crate::rng::Rng;

/// What may differ between two networks that both work.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) generation: Generation,
    pub(crate) port: u16,
    /// Region of VPC2, where there is one.
    pub(crate) second: Option<usize>,
    /// Region of VPC3, where there is one.
    pub(crate) third: Option<usize>,
    /// Shanghai is reached through Hangzhou, which has a backend, too: of others the analysis is not told.
    pub(crate) chain: bool,
    /// The transit routers of these regions use a custom table.
    pub(crate) custom_router_tables: [bool; 3],
    /// The first vSwitch of each backend VPC uses a custom table.
    pub(crate) custom_vpc_table: bool,
    /// Routes for whole private ranges rather than for the exact prefixes.
    pub(crate) broad: bool,
    /// VPC1 gets its routes from the transit router.
    pub(crate) published: bool,
    /// The backends' VPCs do, too.
    pub(crate) published_back: bool,
    /// Rules name a prefix list.
    pub(crate) listed: bool,
    /// Network ACLs that pass what is needed and not much more.
    pub(crate) acls: bool,
    /// Instances have a second group that decides nothing.
    pub(crate) noise: bool,
}

impl Shape {
    pub(crate) const fn procedure(generation: Generation) -> Self {
        Self {
            generation,
            port: 80,
            second: Some(1),
            third: None,
            chain: false,
            custom_router_tables: [false; 3],
            custom_vpc_table: false,
            broad: false,
            published: false,
            published_back: false,
            listed: false,
            acls: false,
            noise: false,
        }
    }

    pub(crate) fn random(rng: &Rng) -> Self {
        let (second, third) = match rng.below(6) {
            0 | 1 => (Some(1), None),
            2 => (None, Some(rng.below(3))),
            _ => (Some(1), Some(rng.below(3))),
        };
        Self {
            generation: *rng.pick(&[Generation::Upgraded, Generation::Classic]),
            port: *rng.pick(&[80, 8080]),
            second,
            third,
            chain: second.is_some() && rng.chance(50),
            custom_router_tables: [rng.chance(30), rng.chance(30), rng.chance(30)],
            custom_vpc_table: rng.chance(25),
            broad: rng.chance(30),
            published: rng.chance(15),
            published_back: rng.chance(15),
            listed: rng.chance(30),
            acls: rng.chance(30),
            noise: rng.chance(40),
        }
    }
}

/// The network of a shape.
pub(crate) fn complete(shape: &Shape) -> Facts {
    let mut vpcs = vec![first(shape)];
    vpcs.extend(shape.second.map(|region| {
        backend("vpc-2", region, ["192.168.7.0/24", "192.168.8.0/24"], "192.168.0.0/16", ["i-21", "i-22"])
    }));
    vpcs.extend(
        shape
            .third
            .map(|region| backend("vpc-3", region, ["10.3.1.0/24", "10.3.2.0/24"], "10.3.0.0/16", ["i-31", "i-32"])),
    );

    let used: BTreeSet<usize> = vpcs.iter().map(|vpc| vpc.region).collect();
    let routers: Vec<Router> = used.iter().map(|region| router(*region, shape)).collect();
    let mut facts = Facts { generation: shape.generation, port: shape.port, vpcs, routers, peers: Vec::new() };
    connect(&mut facts, shape);
    for at in 0..facts.vpcs.len() {
        let table = usize::from(shape.custom_router_tables[facts.vpcs[at].region]);
        facts.vpcs[at].attachment = Some(Attachment {
            link: full(table),
            publishes: if at == 0 { shape.published } else { shape.published_back },
        });
    }
    route(&mut facts, shape);
    admit(&mut facts, shape);
    facts
}

fn full(table: usize) -> Link {
    Link { association: Some(table), propagations: BTreeSet::from([table]) }
}

fn first(shape: &Shape) -> Vpc {
    let mut vpc = vpc("vpc-1", 0, ["172.16.0.0/24", "172.16.6.0/24"], "172.16.0.0/12");
    if shape.custom_vpc_table {
        // An ALB follows the system table whatever its vSwitches use (cloud-apis.md section 10): what is here is not asked.
        vpc.tables.push(Vec::new());
        vpc.switches[1].table = 1;
    }
    vpc
}

fn vpc(id: &'static str, region: usize, switches: [&str; 2], cidr: &str) -> Vpc {
    let zones =
        [["cn-chengdu-a", "cn-chengdu-b"], ["cn-hangzhou-h", "cn-hangzhou-i"], ["cn-shanghai-b", "cn-shanghai-e"]]
            [region];
    let switches = switches.into_iter().zip(zones).enumerate();
    let switches = switches.map(|(at, (cidr, zone))| Switch {
        id: format!("vsw-{}-{at}", &id[4..]),
        zone,
        cidr: net(cidr),
        table: 0,
        acl: None,
    });
    Vpc {
        id,
        region,
        cidr: net(cidr),
        secondary: Vec::new(),
        switches: switches.collect(),
        tables: vec![Vec::new()],
        attachment: None,
        groups: vec![Group { id: format!("sg-{}-0", &id[4..]), rules: Vec::new() }],
        lists: BTreeMap::new(),
        instances: Vec::new(),
    }
}

fn backend(id: &'static str, region: usize, switches: [&str; 2], cidr: &str, instances: [&'static str; 2]) -> Vpc {
    let mut vpc = vpc(id, region, switches, cidr);
    let instance = |(at, id): (usize, &'static str)| Instance {
        id,
        switch: at,
        address: vpc.switches[at].cidr.hosts().nth(9).unwrap(),
        groups: vec![0],
        second: None,
        running: true,
        web_ports: BTreeSet::from([80, 8080]),
    };
    vpc.instances = instances.into_iter().enumerate().map(instance).collect();
    vpc
}

fn router(region: usize, shape: &Shape) -> Router {
    debug_assert!(region < REGIONS.len());
    let custom = shape.custom_router_tables[region];
    Router { id: ["tr-a", "tr-b", "tr-c"][region], region, tables: vec![Vec::new(); 1 + usize::from(custom)] }
}

fn connect(facts: &mut Facts, shape: &Shape) {
    let has = |region: usize| facts.routers.iter().position(|router| router.region == region);
    let mut pairs = Vec::new();
    pairs.extend(has(0).zip(has(1)));
    if shape.chain {
        pairs.extend(has(1).zip(has(2)));
    } else {
        pairs.extend(has(0).zip(has(2)));
    }
    for (near, far) in pairs {
        let link = |router: usize| full(facts.routers[router].tables.len() - 1);
        let links = [link(near), link(far)];
        facts.peers.push(Peer { routers: [near, far], bandwidth: true, publishes: true, links });
    }
}

fn route(facts: &mut Facts, shape: &Shape) {
    let sources = facts.sources();
    let to_router = |destination| Route { destination, hop: Hop::TransitRouter };
    let there: Vec<_> = facts
        .backends()
        .iter()
        .flat_map(
            |vpc| if shape.broad { vec![vpc.cidr] } else { vpc.switches.iter().map(|switch| switch.cidr).collect() },
        )
        .collect();
    if !shape.published {
        facts.vpcs[0].tables[0].extend(there.into_iter().map(to_router));
    }
    let back: Vec<_> = match shape.generation {
        Generation::Upgraded if shape.broad => vec![net("172.16.0.0/12")],
        _ => sources.clone(),
    };
    for vpc in &mut facts.vpcs[1..] {
        if shape.custom_vpc_table {
            vpc.tables.push(Vec::new());
            vpc.switches[0].table = 1;
        }
        // Routes are published to the system table only.
        for table in vpc.tables.iter_mut().skip(usize::from(shape.published_back)) {
            table.extend(back.iter().copied().map(to_router));
        }
    }
    if shape.generation == Generation::Classic {
        let table = usize::from(shape.custom_router_tables[0]);
        let static_entry = |destination| Entry { destination, hop: Some(Via::Vpc("vpc-1")) };
        facts.routers[0].tables[table].extend(sources.into_iter().map(static_entry));
    }
}

fn admit(facts: &mut Facts, shape: &Shape) {
    let (sources, port) = (facts.sources(), facts.port);
    let accept = |source| Rule { priority: 50, accept: true, protocol: "TCP", ports: (port, port), source };
    for vpc in &mut facts.vpcs[1..] {
        if shape.listed {
            vpc.lists.insert("alb", sources.clone());
            vpc.groups[0].rules.push(accept(Source::List("alb")));
        } else {
            vpc.groups[0].rules.extend(sources.iter().copied().map(Source::Net).map(accept));
        }
        if shape.noise {
            let rule = |priority, accept, protocol, ports, source| Rule { priority, accept, protocol, ports, source };
            let anywhere = || Source::Net(net("0.0.0.0/0"));
            let rules = vec![
                rule(1, false, "UDP", (1, 65535), anywhere()),
                rule(1, false, "ICMP", (0, 0), anywhere()),
                rule(1, false, "TCP", (port + 1, port + 9), anywhere()),
                rule(60, false, "ALL", (0, 0), anywhere()),
                rule(1, true, "TCP", (443, 443), Source::Net(net("10.0.0.0/8"))),
                rule(2, false, "ALL", (0, 0), Source::Group(vpc.groups[0].id.clone())),
            ];
            vpc.groups.push(Group { id: format!("sg-{}-1", &vpc.id[4..]), rules });
            vpc.instances[0].groups.push(1);
        }
        if shape.acls {
            let entry = |accept, protocol, ports, peer| AclEntry { accept, protocol, ports, peer };
            let mut acl = Acl::default();
            acl.ingress.push(entry(false, "udp", (1, 65535), net("0.0.0.0/0")));
            acl.ingress.extend(sources.iter().map(|source| entry(true, "tcp", (port, port), *source)));
            acl.ingress.push(entry(false, "all", (0, 0), net("0.0.0.0/0")));
            acl.egress.push(entry(false, "tcp", (1, 1023), net("0.0.0.0/0")));
            acl.egress.extend(sources.iter().map(|source| entry(true, "tcp", (1024, 65535), *source)));
            vpc.switches[0].acl = Some(acl);
        }
    }
}
