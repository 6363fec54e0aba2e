//! The third judge: Linux. Route tables, policy rules and packet filters are written for each topology into the
//! namespaces of the laboratory; then real requests are made. Every filter rule that drops notes the packet's two ends
//! under its own name, so where a packet died is what the kernel says, not what anybody infers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::facts::{AclEntry, Facts, Hop, Link, Rule, Source, Via, Vpc};
use crate::lab::{ENDS, Lab, TABLES, inside, next_hop};
use crate::learned::{self, Ids, Tables};
use crate::outcome::{Answers, Direction, Outcome, Place, Probe, Why};

/// The built-in route of every VPC (cloud-apis.md section 10).
const SERVICE: &str = "100.64.0.0/10";

/// Who is where inside a VPC.
const RESIDENTS: u32 = TABLES[2];

/// For packets that came by an attachment without a table.
const LOOSE: u32 = TABLES[3];

/// How long a request may take at first, and again where nothing says where it died: this machine may be busy.
const LIMITS: [u32; 3] = [120, 1_500, 6_000];

/// What the kernel wrote down in a namespace: pairs of source and destination by the name of the rule that noted them.
type Notes = BTreeMap<String, BTreeMap<String, BTreeSet<(Ipv4Addr, Ipv4Addr)>>>;

/// A namespace's configuration.
struct Config {
    name: String,
    routing: String,
    filter: String,
}

/// How each request ends.
pub(crate) fn judge(lab: &mut Lab, facts: &Facts, ids: &Ids, probes: &[Probe]) -> Result<Answers, String> {
    let tables = learned::tables(facts, ids);
    let mut places = Vec::new();
    for at in 0..facts.vpcs.len() {
        places.push(vpc(facts, &tables, at, probes));
    }
    for at in 0..facts.routers.len() {
        places.push(router(facts, &tables, at));
    }
    configure(lab, facts, &places, probes)?;
    let mut answers = Answers::new();
    for limit in LIMITS {
        let open: Vec<&Probe> = probes.iter().filter(|probe| !answers.contains_key(probe)).collect();
        if open.is_empty() {
            break;
        }
        let ended = request(lab, facts, &open, limit)?;
        let notes = read(lab, &places)?;
        for probe in open {
            let ended = ended.get(&(probe.source, probe.address)).map_or("", String::as_str);
            answers.extend(outcome(facts, &notes, probe, ended).map(|outcome| (*probe, outcome)));
        }
    }
    for probe in probes {
        answers.entry(*probe).or_insert_with(|| Outcome::Unsure("lost without a trace".to_owned()));
    }
    Ok(answers)
}

fn configure(lab: &mut Lab, facts: &Facts, places: &[Config], probes: &[Probe]) -> Result<(), String> {
    let mut script = String::new();
    for place in places {
        lab.file(&format!("{}.ip", place.name), &place.routing)?;
        lab.file(&format!("{}.nft", place.name), &place.filter)?;
        let name = &place.name;
        let apply = inside(name, &format!("sh -c 'ip -batch {name}.ip && nft -f {name}.nft'"));
        writeln!(script, "{apply} &").unwrap();
    }
    let mut hosts = vec![("alb", probes.iter().map(|probe| probe.source).collect::<BTreeSet<_>>())];
    for instance in facts.vpcs.iter().flat_map(|vpc| &vpc.instances) {
        // A machine that does not run holds no address.
        let addresses = instance.interfaces().into_iter().map(|interface| interface.address);
        hosts.push((instance.id, addresses.filter(|_| instance.running).collect()));
    }
    for (host, addresses) in hosts {
        let mut batch = "addr flush dev lo scope global\n".to_owned();
        for address in addresses {
            writeln!(batch, "addr add {address}/32 dev lo").unwrap();
        }
        lab.file(&format!("{host}.ip"), &batch)?;
        writeln!(script, "ip -n {host} -batch {host}.ip &").unwrap();
    }
    // The servers are children of this shell, too, and never end.
    let waits = script.lines().count();
    let script = script.lines().enumerate().map(|(at, line)| format!("{line}\nw{at}=$!\n")).collect::<String>();
    let script = (0..waits).fold(script, |script, at| format!("{script}wait $w{at}\n"));
    let told = lab.run(&script)?;
    if told.is_empty() { Ok(()) } else { Err(told.join("\n")) }
}

fn request(
    lab: &mut Lab,
    facts: &Facts,
    probes: &[&Probe],
    limit: u32,
) -> Result<BTreeMap<(Ipv4Addr, Ipv4Addr), String>, String> {
    let pairs: Vec<String> = probes.iter().map(|probe| format!("{} {}", probe.source, probe.address)).collect();
    let command = format!("{} probe {limit} {} {}", env!("CARGO_BIN_EXE_dataplane-agent"), facts.port, pairs.join(" "));
    let told = lab.run(&inside("alb", &command))?;
    let read = told.iter().map(|line| {
        let mut words = line.splitn(3, ' ');
        let mut address = || words.next().and_then(|word| word.parse().ok());
        let pair = address().zip(address());
        Some((pair?, words.next()?.to_owned()))
    });
    read.collect::<Option<_>>().ok_or_else(|| told.join("\n"))
}

fn read(lab: &mut Lab, places: &[Config]) -> Result<Notes, String> {
    let script: Vec<String> = places
        .iter()
        .map(|place| format!("echo 'place {}'\n{}", place.name, inside(&place.name, "nft -n list sets")))
        .collect();
    let mut notes = Notes::new();
    let (mut place, mut set) = (String::new(), String::new());
    for line in lab.run(&script.join("\n"))? {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["place", name] => (*name).clone_into(&mut place),
            ["set", name, "{"] => (*name).clone_into(&mut set),
            _ => {
                let pairs = words.windows(3).filter(|three| three[1] == ".");
                let pairs = pairs.filter_map(|three| Some((three[0].parse().ok()?, three[2].parse().ok()?)));
                notes.entry(place.clone()).or_default().entry(set.clone()).or_default().extend(pairs);
            }
        }
    }
    Ok(notes)
}

/// What the kernel's notes say about a request; nothing if it was lost without one.
fn outcome(facts: &Facts, notes: &Notes, probe: &Probe, ended: &str) -> Option<Outcome> {
    if ended == "refused" {
        return Some(Outcome::Refused);
    }
    if let Some(name) = ended.strip_prefix("answered ") {
        return Some(if name == probe.instance {
            Outcome::Answered
        } else {
            Outcome::Unsure(format!("{name} took it"))
        });
    }
    let (there, back) = ((probe.source, probe.address), (probe.address, probe.source));
    for (direction, pair, goal) in [(Direction::Forward, there, probe.vpc), (Direction::Return, back, facts.vpcs[0].id)]
    {
        let noted = |place: &str, set: &str| {
            notes.get(place).and_then(|sets| sets.get(set)).is_some_and(|pairs| pairs.contains(&pair))
        };
        let astray = facts.vpcs.iter().find(|vpc| vpc.id != goal && noted(vpc.id, "entered"));
        if let Some(vpc) = astray {
            return Some(Outcome::Lost(direction, Place::Astray(vpc.id.to_owned())));
        }
        for (place, sets) in notes {
            for set in sets.iter().filter(|(_, pairs)| pairs.contains(&pair)).map(|(set, _)| set.as_str()) {
                if let Some(place) = grave(place, set) {
                    return Some(Outcome::Lost(direction, place));
                }
            }
        }
    }
    let delivered =
        notes.get(probe.vpc).and_then(|sets| sets.get("delivered")).is_some_and(|pairs| pairs.contains(&there));
    let stopped =
        facts.vpc(probe.vpc).instances.iter().any(|instance| instance.id == probe.instance && !instance.running);
    (delivered && stopped).then_some(Outcome::Lost(Direction::Forward, Place::Stopped))
}

/// The place that a note stands for; nothing for notes of packets that lived on.
fn grave(place: &str, set: &str) -> Option<Place> {
    let why = match set {
        "noroute" => Why::NoRoute,
        "service" => Why::Service,
        "elsewhere" => Why::Elsewhere,
        "nobody" => Why::Nobody,
        "blackhole" => Why::BlackHole,
        "loose" => Why::Unassociated,
        "bandwidth" => Why::Bandwidth,
        "expired" => return Some(Place::Loop),
        "groups" => return Some(Place::Groups),
        "entered" | "delivered" => return None,
        acl => return acl.strip_prefix("acl-").map(|switch| Place::Acl(switch.to_owned())),
    };
    Some(if place.starts_with("vpc-") {
        Place::Vpc(place.to_owned(), why)
    } else {
        Place::Router(place.to_owned(), why)
    })
}

fn flush() -> String {
    TABLES.iter().fold("rule flush\n".to_owned(), |text, table| format!("{text}route flush table {table}\n"))
}

/// A VPC's router: a table for each of its route tables, chosen by where a packet comes from.
fn vpc(facts: &Facts, tables: &Tables, at: usize, probes: &[Probe]) -> Config {
    let vpc = &facts.vpcs[at];
    let router = facts.routers[facts.router_of(vpc.region)].id;
    let mut routing = flush();
    for (index, routes) in vpc.tables.iter().enumerate() {
        let mut held: BTreeMap<Ipv4Net, String> = BTreeMap::new();
        // A thrown packet goes on to the next rule, which looks for who is in the VPC.
        held.extend(vpc.switches.iter().map(|switch| (switch.cidr, "throw".to_owned())));
        let service: Ipv4Net = crate::facts::net(SERVICE);
        held.insert(service, if at == 0 { "throw".to_owned() } else { "dev service".to_owned() });
        for route in routes {
            let hop = match route.hop {
                Hop::TransitRouter => next_hop(vpc.id, router),
                Hop::Appliance => "dev elsewhere".to_owned(),
            };
            held.insert(route.destination, hop);
        }
        let published = if index == 0 { learned::published(facts, tables, at) } else { Vec::new() };
        for destination in published {
            held.entry(destination).or_insert_with(|| next_hop(vpc.id, router));
        }
        held.entry(Ipv4Net::default()).or_insert_with(|| "dev noroute".to_owned());
        add_routes(&mut routing, TABLES[index], &held);
    }
    let mut residents = BTreeMap::from([(Ipv4Net::default(), "dev nobody".to_owned())]);
    let mut rules = vec![(router.to_owned(), TABLES[vpc.switches[0].table])];
    if at == 0 {
        let sources: BTreeSet<Ipv4Addr> = probes.iter().map(|probe| probe.source).collect();
        residents.extend(sources.into_iter().map(|source| (Ipv4Net::from(source), next_hop(vpc.id, "alb"))));
        rules.push(("alb".to_owned(), TABLES[0]));
    }
    for instance in &vpc.instances {
        for interface in instance.interfaces() {
            let (id, address) = (instance.id, interface.address);
            residents.insert(Ipv4Net::from(address), next_hop(vpc.id, id));
            rules.push((format!("{id} from {address}"), TABLES[vpc.switches[interface.switch].table]));
        }
    }
    add_routes(&mut routing, RESIDENTS, &residents);
    for (interface, table) in rules {
        writeln!(routing, "rule add pref 100 iif {interface} lookup {table}").unwrap();
    }
    writeln!(routing, "rule add pref 200 lookup {RESIDENTS}").unwrap();
    Config { name: vpc.id.to_owned(), routing, filter: vpc_filter(vpc, router) }
}

/// A transit router: a table for each of its route tables, chosen by the attachment that a packet comes by.
fn router(facts: &Facts, tables: &Tables, at: usize) -> Config {
    let router = &facts.routers[at];
    let neighbour = |via: Via| match via {
        Via::Vpc(id) => id,
        Via::Peer(peer) => {
            let [one, other] = facts.peers[peer].routers;
            facts.routers[if one == at { other } else { one }].id
        }
    };
    let mut routing = flush();
    for index in 0..router.tables.len() {
        let hop = |hop: Option<Via>| {
            hop.map_or_else(|| "dev blackhole".to_owned(), |via| next_hop(router.id, neighbour(via)))
        };
        let mut held: BTreeMap<Ipv4Net, String> =
            tables[&(at, index)].iter().map(|(destination, entry)| (*destination, hop(entry.hop))).collect();
        held.entry(Ipv4Net::default()).or_insert_with(|| "dev noroute".to_owned());
        add_routes(&mut routing, TABLES[index], &held);
    }
    add_routes(&mut routing, LOOSE, &BTreeMap::from([(Ipv4Net::default(), "dev loose".to_owned())]));
    let mut filter = Filter::new();
    for (via, Link { association, .. }) in facts.links(at) {
        let table = association.map_or(LOOSE, |index| TABLES[index]);
        writeln!(routing, "rule add pref 100 iif {} lookup {table}", neighbour(via)).unwrap();
        if let Via::Peer(peer) = via
            && !facts.peers[peer].bandwidth
        {
            // The test bandwidth (cloud-apis.md section 8), in the time that a request may take: less than a packet.
            let rule = format!("oifname \"{}\" limit rate over 16 bytes/second burst 1 bytes", neighbour(via));
            filter.forward.push(filter_drop(&rule, "bandwidth"));
            filter.sets.push("bandwidth".to_owned());
        }
    }
    Config { name: router.id.to_owned(), routing, filter: filter.text() }
}

fn add_routes(routing: &mut String, table: u32, routes: &BTreeMap<Ipv4Net, String>) {
    for (destination, hop) in routes {
        match hop.as_str() {
            "throw" => writeln!(routing, "route add throw {destination} table {table}").unwrap(),
            hop => writeln!(routing, "route add {destination} {hop} table {table}").unwrap(),
        }
    }
}

/// A ruleset in the making.
#[derive(Default)]
struct Filter {
    sets: Vec<String>,
    before: Vec<String>,
    forward: Vec<String>,
    after: Vec<String>,
    chains: String,
}

const PAIR: &str = "{ ip saddr . ip daddr }";

fn filter_drop(condition: &str, set: &str) -> String {
    format!("{condition} add @{set} {PAIR} drop")
}

impl Filter {
    /// With the rules that every router has: packets that went round in circles, and dead ends.
    fn new() -> Self {
        let mut filter = Self::default();
        filter.sets.push("expired".to_owned());
        filter.before.push(filter_drop("ip ttl 1", "expired"));
        for end in ENDS {
            filter.sets.push(end.to_owned());
            filter.forward.push(filter_drop(&format!("oifname \"{end}\""), end));
        }
        filter
    }

    fn chain(&mut self, name: &str, rules: &[String]) {
        writeln!(self.chains, " chain {name} {{\n  {}\n }}", rules.join("\n  ")).unwrap();
    }

    fn text(&self) -> String {
        let mut text = "flush ruleset\ntable ip judge {\n".to_owned();
        for set in &self.sets {
            writeln!(text, " set {set} {{ typeof ip saddr . ip daddr; flags dynamic; size 4096; counter; }}").unwrap();
        }
        text.push_str(&self.chains);
        for (hook, rules) in [("prerouting", &self.before), ("forward", &self.forward), ("postrouting", &self.after)] {
            let rules = rules.join("\n  ");
            writeln!(text, " chain {hook} {{\n  type filter hook {hook} priority 0; policy accept;\n  {rules}\n }}")
                .unwrap();
        }
        text.push_str("}\n");
        text
    }
}

fn vpc_filter(vpc: &Vpc, router: &str) -> String {
    let mut filter = Filter::new();
    filter.sets.extend(["entered", "delivered", "groups"].map(str::to_owned));
    filter.before.push(format!("iifname \"{router}\" add @entered {PAIR}"));
    for switch in &vpc.switches {
        let Some(acl) = &switch.acl else { continue };
        let (id, cidr) = (&switch.id, switch.cidr);
        let set = format!("acl-{id}");
        filter.sets.push(set.clone());
        filter.chain(&format!("in-{id}"), &acl_rules(&acl.ingress, "saddr", &set));
        filter.chain(&format!("out-{id}"), &acl_rules(&acl.egress, "daddr", &set));
        // Only what leaves or reaches the interfaces in the vSwitch: the load balancer's and the instances'.
        let locals = vpc.instances.iter().map(|instance| instance.id).chain(["alb"]);
        for local in locals {
            filter.before.push(format!("iifname \"{local}\" ip saddr {cidr} jump out-{id}"));
            filter.forward.push(format!("oifname \"{local}\" ip daddr {cidr} jump in-{id}"));
        }
    }
    for instance in &vpc.instances {
        let id = instance.id;
        for (at, interface) in instance.interfaces().iter().enumerate() {
            let mut rules: Vec<&Rule> = interface.groups.iter().flat_map(|group| &vpc.groups[*group].rules).collect();
            // The smaller priority first; a drop before an accept of the same priority (cloud-apis.md section 11).
            rules.sort_by_key(|rule| (rule.priority, rule.accept));
            let mut lines: Vec<String> = rules.into_iter().flat_map(|rule| group_rule(vpc, rule)).collect();
            lines.push(filter_drop("", "groups"));
            filter.chain(&format!("groups-{id}-{at}"), &lines);
            let address = interface.address;
            filter.forward.push(format!("oifname \"{id}\" ip daddr {address} jump groups-{id}-{at}"));
        }
        filter.after.push(format!("oifname \"{id}\" add @delivered {PAIR}"));
    }
    filter.text()
}

fn protocol(name: &str, (first, last): (u16, u16)) -> String {
    match name.to_ascii_lowercase().as_str() {
        "all" => String::new(),
        "icmp" => "ip protocol icmp".to_owned(),
        name => format!("{name} dport {first}-{last}"),
    }
}

fn acl_rules(entries: &[AclEntry], end: &str, set: &str) -> Vec<String> {
    let rule = |entry: &AclEntry| {
        let condition = format!("ip {end} {} {}", entry.peer, protocol(entry.protocol, entry.ports));
        if entry.accept { format!("{condition} return") } else { filter_drop(&condition, set) }
    };
    entries.iter().map(rule).chain([filter_drop("", set)]).collect()
}

/// Nothing for a rule about members of a group: the load balancer is in none.
fn group_rule(vpc: &Vpc, rule: &Rule) -> Vec<String> {
    let nets = match &rule.source {
        Source::Net(net) => vec![*net],
        Source::List(name) => vpc.lists[name].clone(),
        Source::Group(_) => Vec::new(),
    };
    let line = |net: Ipv4Net| {
        let condition = format!("ip saddr {net} {}", protocol(rule.protocol, rule.ports));
        if rule.accept { format!("{condition} accept") } else { filter_drop(&condition, "groups") }
    };
    nets.into_iter().map(line).collect()
}
