//! What can be wrong with a network, one thing at a time, at every kind of hop and in both directions. Each fault is
//! something that somebody could have done at a console.

use ipnet::Ipv4Net;
use local::Generation;

use crate::facts::{
    Acl, AclEntry, Entry, Facts, Group, Hop, Interface, Link, Peer, Route, Rule, Source, Via, Vpc, net,
};
use crate::rng::Rng;

/// A fault by name. The network stays one that the cloud would take.
pub(crate) type Fault = (&'static str, fn(&mut Facts, &Rng));

/// Every fault.
pub(crate) const FAULTS: &[Fault] = &[
    // The load balancer's VPC.
    ("near VPC: no route", |facts, rng| remove_route(facts, 0, rng)),
    ("near VPC: no routes at all", |facts, _| facts.vpcs[0].tables[0].clear()),
    ("near VPC: route to an appliance", |facts, rng| misroute(facts, 0, rng)),
    ("near VPC: longer route to an appliance", |facts, rng| {
        let (vpc, switch) = backend_switch(facts, rng);
        let destination = half(facts.vpcs[vpc].switches[switch].cidr, rng);
        put(&mut facts.vpcs[0].tables[0], destination, Hop::Appliance);
    }),
    ("near VPC: host route to an appliance", |facts, rng| {
        let vpc = backend(facts, rng);
        let address = rng.pick(&facts.vpcs[vpc].instances).address;
        put(&mut facts.vpcs[0].tables[0], Ipv4Net::from(address), Hop::Appliance);
    }),
    ("near VPC: default route to an appliance", |facts, _| {
        put(&mut facts.vpcs[0].tables[0], net("0.0.0.0/0"), Hop::Appliance);
    }),
    ("near VPC: not attached", |facts, _| facts.detach(0)),
    ("near VPC: not associated", |facts, _| relink(facts, 0, |link| link.association = None)),
    ("near VPC: not propagated", |facts, _| relink(facts, 0, |link| link.propagations.clear())),
    ("near VPC: associated with an empty table", |facts, _| isolate(facts, 0)),
    ("near VPC: answers sent on to the transit router", |facts, rng| {
        if facts.generation == Generation::Classic && facts.vpcs[0].attachment.is_some() {
            let source = *rng.pick(&facts.sources());
            put(&mut facts.vpcs[0].tables[0], source, Hop::TransitRouter);
        }
    }),
    ("near vSwitch: ACL drops requests", |facts, rng| {
        let port = facts.port;
        acl(facts, 0, rng).egress.insert(0, entry(false, "tcp", (port, port), "0.0.0.0/0"));
    }),
    ("near vSwitch: ACL drops answers", |facts, rng| {
        acl(facts, 0, rng).ingress.insert(0, entry(false, "tcp", (1024, 65535), "0.0.0.0/0"));
    }),
    // The inter-region connection.
    ("connection: missing", |facts, rng| {
        if let Some(at) = peer(facts, rng) {
            facts.disconnect(at);
        }
    }),
    ("connection: no bandwidth", |facts, rng| with_peer(facts, rng, |peer| peer.bandwidth = false)),
    ("connection: not publishing", |facts, rng| with_peer(facts, rng, |peer| peer.publishes = false)),
    ("connection: not associated near", |facts, rng| with_peer(facts, rng, |peer| peer.links[0].association = None)),
    ("connection: not associated far", |facts, rng| with_peer(facts, rng, |peer| peer.links[1].association = None)),
    ("connection: not propagated near", |facts, rng| with_peer(facts, rng, |peer| peer.links[0].propagations.clear())),
    ("connection: not propagated far", |facts, rng| with_peer(facts, rng, |peer| peer.links[1].propagations.clear())),
    ("connection: associated with another table near", |facts, rng| other_table(facts, rng, 0)),
    ("connection: associated with another table far", |facts, rng| other_table(facts, rng, 1)),
    // Transit routers.
    ("near router: black hole for a backend", |facts, rng| {
        let destination = backend_prefix(facts, rng);
        static_entry(facts, 0, destination, None);
    }),
    ("near router: backend sent back into the load balancer's VPC", |facts, rng| {
        let destination = backend_prefix(facts, rng);
        static_if_attached(facts, 0, destination, 0);
    }),
    ("near router: black hole for a source", |facts, rng| {
        let destination = source_prefix(facts, rng);
        static_entry(facts, 0, destination, None);
    }),
    ("near router: no static entries", |facts, _| facts.routers[0].tables.iter_mut().for_each(Vec::clear)),
    ("near router: a static entry is missing", |facts, rng| {
        for table in &mut facts.routers[0].tables {
            let at = rng.below(table.len());
            drop(table.drain(at..(at + 1).min(table.len())));
        }
    }),
    ("near router: source sent over a connection", |facts, rng| {
        if let Some(at) = peer(facts, rng) {
            let (router, destination) = (facts.peers[at].routers[0], source_prefix(facts, rng));
            static_entry(facts, router, destination, Some(Via::Peer(at)));
        }
    }),
    ("far router: black hole for a backend", |facts, rng| {
        let (vpc, destination) = (backend(facts, rng), backend_prefix(facts, rng));
        let router = facts.router_of(facts.vpcs[vpc].region);
        static_entry(facts, router, destination, None);
    }),
    ("far router: black hole for a source", |facts, rng| {
        let (vpc, destination) = (backend(facts, rng), source_prefix(facts, rng));
        let router = facts.router_of(facts.vpcs[vpc].region);
        static_entry(facts, router, destination, None);
    }),
    ("far router: backend sent over a connection", |facts, rng| {
        if let Some(at) = peer(facts, rng) {
            let (router, destination) = (facts.peers[at].routers[1], backend_prefix(facts, rng));
            static_entry(facts, router, destination, Some(Via::Peer(at)));
        }
    }),
    ("routers: a backend sent to and fro", |facts, rng| {
        if let Some(at) = peer(facts, rng) {
            let destination = backend_prefix(facts, rng);
            for router in facts.peers[at].routers {
                static_entry(facts, router, destination, Some(Via::Peer(at)));
            }
        }
    }),
    ("far router: source sent into a backend's VPC", |facts, rng| {
        let (vpc, destination) = (backend(facts, rng), source_prefix(facts, rng));
        let router = facts.router_of(facts.vpcs[vpc].region);
        static_if_attached(facts, router, destination, vpc);
    }),
    ("far router: one host sent away", |facts, rng| {
        let vpc = backend(facts, rng);
        let address = rng.pick(&facts.vpcs[vpc].instances).address;
        let router = facts.router_of(facts.vpcs[vpc].region);
        static_entry(facts, router, Ipv4Net::from(address), None);
    }),
    // The backends' VPCs.
    ("far VPC: not attached", |facts, rng| {
        let vpc = backend(facts, rng);
        facts.detach(vpc);
    }),
    ("far VPC: not associated", |facts, rng| {
        let vpc = backend(facts, rng);
        relink(facts, vpc, |link| link.association = None);
    }),
    ("far VPC: not propagated", |facts, rng| {
        let vpc = backend(facts, rng);
        relink(facts, vpc, |link| link.propagations.clear());
    }),
    ("far VPC: associated with an empty table", |facts, rng| {
        let vpc = backend(facts, rng);
        isolate(facts, vpc);
    }),
    ("far VPC: no route", |facts, rng| {
        let vpc = backend(facts, rng);
        remove_route(facts, vpc, rng);
    }),
    ("far VPC: no routes at all", |facts, rng| {
        let vpc = backend(facts, rng);
        facts.vpcs[vpc].tables.iter_mut().for_each(Vec::clear);
    }),
    ("far VPC: route to an appliance", |facts, rng| {
        let vpc = backend(facts, rng);
        misroute(facts, vpc, rng);
    }),
    ("far VPC: longer route to an appliance", |facts, rng| {
        let (vpc, source) = (backend(facts, rng), source_prefix(facts, rng));
        let destination = half(source, rng);
        put(rng_table(facts, vpc, rng), destination, Hop::Appliance);
    }),
    ("far VPC: vSwitch with a table of its own", |facts, rng| {
        let (vpc, switch) = backend_switch(facts, rng);
        facts.vpcs[vpc].tables.push(Vec::new());
        if facts.vpcs[vpc].tables.len() > 2 {
            facts.vpcs[vpc].tables.pop();
            facts.vpcs[vpc].tables[1].clear();
        }
        facts.vpcs[vpc].switches[switch].table = 1;
    }),
    ("far VPC: a vSwitch with the load balancer's addresses", |facts, rng| {
        let (vpc, cidr) = (backend(facts, rng), source_prefix(facts, rng));
        if facts.generation == Generation::Upgraded && facts.backends().iter().all(|vpc| vpc.switches.len() == 2) {
            overlap(facts, vpc, cidr);
        }
    }),
    ("far vSwitch: ACL drops requests", |facts, rng| {
        let (vpc, port, source) = (backend(facts, rng), facts.port, source_prefix(facts, rng));
        acl(facts, vpc, rng).ingress.insert(0, entry(false, "tcp", (port, port), &source.to_string()));
    }),
    ("far vSwitch: ACL accepts no requests", |facts, rng| {
        let vpc = backend(facts, rng);
        acl(facts, vpc, rng).ingress.clear();
    }),
    ("far vSwitch: ACL drops answers", |facts, rng| {
        let (vpc, source) = (backend(facts, rng), source_prefix(facts, rng));
        acl(facts, vpc, rng).egress.insert(0, entry(false, "all", (0, 0), &source.to_string()));
    }),
    ("far vSwitch: ACL accepts no answers", |facts, rng| {
        let vpc = backend(facts, rng);
        acl(facts, vpc, rng).egress.clear();
    }),
    // The instance.
    ("interface: a second one", |facts, rng| second_interface(facts, rng, |vpc| vpc.instances[0].groups.clone())),
    ("interface: a second one in a group of its own", |facts, rng| {
        second_interface(facts, rng, |vpc| {
            vpc.groups.push(Group { id: format!("sg-{}-8", &vpc.id[4..]), rules: Vec::new() });
            vec![vpc.groups.len() - 1]
        });
    }),
    ("groups: no rules", |facts, rng| {
        let vpc = backend(facts, rng);
        facts.vpcs[vpc].groups[0].rules.clear();
    }),
    ("groups: a rule is missing", |facts, rng| {
        let vpc = backend(facts, rng);
        let rules = &mut facts.vpcs[vpc].groups[0].rules;
        let at = rng.below(rules.len());
        drop(rules.drain(at..(at + 1).min(rules.len())));
    }),
    ("groups: another port", |facts, rng| {
        let (vpc, port) = (backend(facts, rng), facts.port);
        facts.vpcs[vpc].groups[0].rules.iter_mut().for_each(|rule| rule.ports = (port + 1, port + 1));
    }),
    ("groups: another protocol", |facts, rng| {
        let vpc = backend(facts, rng);
        facts.vpcs[vpc].groups[0].rules.iter_mut().for_each(|rule| rule.protocol = "UDP");
    }),
    ("groups: half of the addresses", |facts, rng| {
        let (vpc, source) = (backend(facts, rng), source_prefix(facts, rng));
        let port = facts.port;
        facts.vpcs[vpc].groups[0].rules = vec![tcp(50, true, port, half(source, rng))];
    }),
    ("groups: a drop of the same priority", |facts, rng| drop_rule(facts, rng, 50)),
    ("groups: a drop before", |facts, rng| drop_rule(facts, rng, 1)),
    ("groups: a drop after", |facts, rng| drop_rule(facts, rng, 90)),
    ("groups: a drop in another group", |facts, rng| {
        let (vpc, port, source) = (backend(facts, rng), facts.port, source_prefix(facts, rng));
        let id = format!("sg-{}-9", &facts.vpcs[vpc].id[4..]);
        if facts.vpcs[vpc].groups.iter().all(|group| group.id != id) {
            let at = facts.vpcs[vpc].groups.len();
            facts.vpcs[vpc].groups.push(Group { id, rules: vec![tcp(10, false, port, source)] });
            let instance = rng.below(2);
            facts.vpcs[vpc].instances[instance].groups.push(at);
        }
    }),
    ("groups: an empty prefix list", |facts, rng| {
        let (vpc, port) = (backend(facts, rng), facts.port);
        let held = &mut facts.vpcs[vpc];
        let other = vec![net("10.200.0.0/16")];
        held.lists.insert("alb", other);
        held.groups[0].rules = vec![Rule {
            priority: 50,
            accept: true,
            protocol: "TCP",
            ports: (port, port),
            source: Source::List("alb"),
        }];
    }),
    ("groups: members only", |facts, rng| {
        let vpc = backend(facts, rng);
        let source = Source::Group(facts.vpcs[vpc].groups[0].id.clone());
        facts.vpcs[vpc].groups[0].rules =
            vec![Rule { priority: 1, accept: true, protocol: "ALL", ports: (0, 0), source }];
    }),
    ("instance: stopped", |facts, rng| {
        let (vpc, at) = (backend(facts, rng), rng.below(2));
        facts.vpcs[vpc].instances[at].running = false;
    }),
    ("instance: port closed", |facts, _| {
        let port = 81;
        for vpc in &mut facts.vpcs[1..] {
            // What was open for the old port is open for the new one.
            for rule in
                vpc.groups.iter_mut().flat_map(|group| &mut group.rules).filter(|rule| rule.ports.0 == facts.port)
            {
                rule.ports = (port, port);
            }
            let acls = vpc.switches.iter_mut().filter_map(|switch| switch.acl.as_mut());
            for entry in acls.flat_map(|acl| &mut acl.ingress).filter(|entry| entry.ports.0 == facts.port) {
                entry.ports = (port, port);
            }
        }
        facts.port = port;
    }),
];

/// The index of a backend's VPC.
fn backend(facts: &Facts, rng: &Rng) -> usize {
    1 + rng.below(facts.backends().len())
}

fn backend_switch(facts: &Facts, rng: &Rng) -> (usize, usize) {
    (backend(facts, rng), rng.below(2))
}

fn backend_prefix(facts: &Facts, rng: &Rng) -> Ipv4Net {
    let (vpc, switch) = backend_switch(facts, rng);
    facts.vpcs[vpc].switches[switch].cidr
}

fn source_prefix(facts: &Facts, rng: &Rng) -> Ipv4Net {
    *rng.pick(&facts.sources())
}

fn half(of: Ipv4Net, rng: &Rng) -> Ipv4Net {
    of.subnets(of.prefix_len() + 1).unwrap().nth(rng.below(2)).unwrap()
}

fn peer(facts: &Facts, rng: &Rng) -> Option<usize> {
    (!facts.peers.is_empty()).then(|| rng.below(facts.peers.len()))
}

fn with_peer(facts: &mut Facts, rng: &Rng, change: fn(&mut Peer)) {
    if let Some(at) = peer(facts, rng) {
        change(&mut facts.peers[at]);
    }
}

/// Changes what a VPC's attachment is to its router, if it has one.
fn relink(facts: &mut Facts, vpc: usize, change: impl FnOnce(&mut Link)) {
    if let Some(attachment) = &mut facts.vpcs[vpc].attachment {
        change(&mut attachment.link);
    }
}

fn put(table: &mut Vec<Route>, destination: Ipv4Net, hop: Hop) {
    table.retain(|route| route.destination != destination);
    table.push(Route { destination, hop });
}

fn rng_table<'f>(facts: &'f mut Facts, vpc: usize, rng: &Rng) -> &'f mut Vec<Route> {
    let tables = &mut facts.vpcs[vpc].tables;
    let at = rng.below(tables.len());
    &mut tables[at]
}

fn remove_route(facts: &mut Facts, vpc: usize, rng: &Rng) {
    let table = rng_table(facts, vpc, rng);
    if !table.is_empty() {
        table.remove(rng.below(table.len()));
    }
}

fn misroute(facts: &mut Facts, vpc: usize, rng: &Rng) {
    let table = rng_table(facts, vpc, rng);
    if !table.is_empty() {
        let at = rng.below(table.len());
        table[at].hop = Hop::Appliance;
    }
}

/// Associates a VPC's attachment with a custom table that knows nothing yet.
fn isolate(facts: &mut Facts, vpc: usize) {
    let router = facts.router_of(facts.vpcs[vpc].region);
    if facts.routers[router].tables.len() == 1 {
        facts.routers[router].tables.push(Vec::new());
        relink(facts, vpc, |link| link.association = Some(1));
    } else {
        relink(facts, vpc, |link| link.association = Some(0));
    }
}

fn other_table(facts: &mut Facts, rng: &Rng, end: usize) {
    let Some(at) = peer(facts, rng) else { return };
    let router = facts.peers[at].routers[end];
    if facts.routers[router].tables.len() == 1 {
        facts.routers[router].tables.push(Vec::new());
    }
    let link = &mut facts.peers[at].links[end];
    link.association = Some(usize::from(link.association == Some(0)));
}

/// Writes an entry into the table that the router's attachments are associated with.
fn static_entry(facts: &mut Facts, router: usize, destination: Ipv4Net, hop: Option<Via>) {
    let last = facts.routers[router].tables.len() - 1;
    let table = &mut facts.routers[router].tables[last];
    table.retain(|entry| entry.destination != destination);
    table.push(Entry { destination, hop });
}

fn static_if_attached(facts: &mut Facts, router: usize, destination: Ipv4Net, vpc: usize) {
    if facts.vpcs[vpc].attachment.is_some() {
        let hop = Some(Via::Vpc(facts.vpcs[vpc].id));
        static_entry(facts, router, destination, hop);
    }
}

fn entry(accept: bool, protocol: &'static str, ports: (u16, u16), peer: &str) -> AclEntry {
    AclEntry { accept, protocol, ports, peer: net(peer) }
}

/// The ACL of one of a VPC's vSwitches; a new one passes everything.
fn acl<'f>(facts: &'f mut Facts, vpc: usize, rng: &Rng) -> &'f mut Acl {
    let everything = || vec![entry(true, "all", (0, 0), "0.0.0.0/0")];
    let switch = &mut facts.vpcs[vpc].switches[rng.below(2)];
    switch.acl.get_or_insert_with(|| Acl { ingress: everything(), egress: everything() })
}

fn tcp(priority: u8, accept: bool, port: u16, source: Ipv4Net) -> Rule {
    Rule { priority, accept, protocol: "TCP", ports: (port, port), source: Source::Net(source) }
}

fn drop_rule(facts: &mut Facts, rng: &Rng, priority: u8) {
    let (vpc, port, source) = (backend(facts, rng), facts.port, source_prefix(facts, rng));
    facts.vpcs[vpc].groups[0].rules.push(tcp(priority, false, port, source));
}

/// A second interface for the first instance of a backend's VPC. It has to be in the instance's zone, so it is in its
/// vSwitch, too.
fn second_interface(facts: &mut Facts, rng: &Rng, groups: impl FnOnce(&mut Vpc) -> Vec<usize>) {
    let at = backend(facts, rng);
    let vpc = &mut facts.vpcs[at];
    if vpc.instances[0].second.is_none() {
        let switch = vpc.instances[0].switch;
        let address = vpc.switches[switch].cidr.hosts().nth(19).unwrap();
        vpc.instances[0].second = Some(Interface { switch, address, groups: groups(vpc) });
    }
}

/// A further vSwitch of a backend's VPC, with a prefix that the load balancer's VPC has as well.
fn overlap(facts: &mut Facts, vpc: usize, cidr: Ipv4Net) {
    let held = &mut facts.vpcs[vpc];
    for table in &mut held.tables {
        table.retain(|route| !cidr.contains(&route.destination));
    }
    let mut switch = held.switches[0].clone();
    switch.id = format!("vsw-{}-9", &held.id[4..]);
    switch.cidr = cidr;
    switch.table = 0;
    switch.acl = None;
    held.switches.push(switch);
    held.secondary.push(cidr);
}
