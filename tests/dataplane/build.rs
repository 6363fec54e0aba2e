//! The facts as an emulated cloud: a scenario for what is bought, API calls for what is configured.

use std::collections::BTreeMap;

use emulator::call::{Call, Caller, Params, Service};
use emulator::{Settings, World};
use jiff::{SignedDuration, Timestamp};
use local::Generation;
use serde_json::{Value, json};

use crate::facts::{Acl, AclEntry, Attachment, Facts, Hop, Link, REGIONS, Rule, Source, Via, Vpc};

/// Longer than any single change takes, learning of routes included.
const SETTLE: SignedDuration = SignedDuration::from_mins(10);

/// An emulated cloud, and what the cloud called the things that the facts name.
pub(crate) struct Built {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
    pub(crate) attachments: BTreeMap<Via, String>,
    /// Custom tables of VPCs.
    tables: BTreeMap<(String, usize), String>,
    /// The vSwitch that a network ACL is on.
    pub(crate) acls: BTreeMap<String, String>,
    calls: u32,
}

/// Makes the network of the facts.
pub(crate) fn build(facts: &Facts) -> Built {
    let now = end_to_end::beginning();
    let mut world = World::new(Settings { throttle: false, ..Settings::default() });
    world.load(now, &scenario(facts).to_string()).unwrap();
    let mut built =
        Built { world, now, attachments: BTreeMap::new(), tables: BTreeMap::new(), acls: BTreeMap::new(), calls: 0 };
    for vpc in &facts.vpcs {
        built.lists_and_rules(vpc);
        built.switches(vpc);
    }
    built.transit(facts);
    for vpc in &facts.vpcs {
        built.routes(vpc);
    }
    built.now += SETTLE;
    built.world.advance(built.now);
    built
}

fn scenario(facts: &Facts) -> Value {
    let vpcs = facts.vpcs.iter().map(|vpc| {
        let switches =
            vpc.switches.iter().map(|switch| json!({ "id": switch.id, "zone": switch.zone, "cidr": switch.cidr }));
        json!({
            "id": vpc.id, "region": REGIONS[vpc.region], "cidr": vpc.cidr, "secondary": vpc.secondary,
            "routeTable": table_id(vpc, 0), "vswitches": switches.collect::<Vec<_>>(),
        })
    });
    let groups =
        facts.vpcs.iter().flat_map(|vpc| vpc.groups.iter().map(|group| json!({ "id": group.id, "vpc": vpc.id })));
    let instances = facts.vpcs.iter().flat_map(|vpc| {
        let instances = vpc.instances.iter().map(|instance| {
            let ids = |groups: &[usize]| groups.iter().map(|group| vpc.groups[*group].id.clone()).collect::<Vec<_>>();
            let second = instance.second.iter().map(|second| {
                json!({
                    "id": format!("eni-{}-2", instance.id), "vswitch": vpc.switches[second.switch].id,
                    "address": second.address, "securityGroups": ids(&second.groups),
                })
            });
            json!({
                "id": instance.id, "vswitch": vpc.switches[instance.switch].id, "address": instance.address,
                "securityGroups": ids(&instance.groups), "interfaces": second.collect::<Vec<_>>(), "webPorts": instance.web_ports,
                "state": if instance.running { "Running" } else { "Stopped" }, "tags": { "app": "web" },
            })
        });
        let appliance = json!({
            "id": appliance(vpc), "vswitch": vpc.switches[0].id, "securityGroups": [vpc.groups[0].id], "webPorts": [],
        });
        instances.chain([appliance]).collect::<Vec<_>>()
    });
    let routers = facts.routers.iter().map(
        |router| json!({ "id": router.id, "region": REGIONS[router.region], "routeTable": router_table(router.id) }),
    );
    let zones = facts.vpcs[0].switches[..2].iter().map(|switch| json!({ "zone": switch.zone, "vswitch": switch.id }));
    let generation = match facts.generation {
        Generation::Upgraded => "upgraded",
        Generation::Classic => "classic",
    };
    json!({
        "vpcs": vpcs.collect::<Vec<_>>(),
        "securityGroups": groups.collect::<Vec<_>>(),
        "instances": instances.collect::<Vec<_>>(),
        "cens": [{ "id": "cen-1", "transitRouters": routers.collect::<Vec<_>>() }],
        "albs": [{ "id": "alb-1", "region": REGIONS[0], "vpc": "vpc-1", "generation": generation, "zones": zones.collect::<Vec<_>>() }],
    })
}

fn appliance(vpc: &Vpc) -> String {
    format!("i-appliance-{}", &vpc.id[4..])
}

fn table_id(vpc: &Vpc, table: usize) -> String {
    format!("vtb-{}-{table}", vpc.id)
}

fn router_table(router: &str) -> String {
    format!("vtb-{router}")
}

fn range((first, last): (u16, u16), all: bool) -> String {
    if all { "-1/-1".to_owned() } else { format!("{first}/{last}") }
}

impl Built {
    /// Calls, and lets the cloud finish it.
    fn call(&mut self, service: Service, region: usize, action: &str, params: &[(&str, &str)]) -> Value {
        self.calls += 1;
        let region = REGIONS[region].to_owned();
        let sent = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let call = Call {
            service,
            action: action.to_owned(),
            params: Params::new(sent.chain([("RegionId".to_owned(), region.clone())])),
            region,
            caller: Caller::Root,
            request_id: format!("request-{}", self.calls),
        };
        let answer = self.world.handle(self.now, &call);
        self.now += SETTLE;
        answer.unwrap_or_else(|refusal| panic!("{action} {params:?}: {refusal:?}"))
    }

    fn made(&mut self, service: Service, region: usize, action: &str, params: &[(&str, &str)], id: &str) -> String {
        self.call(service, region, action, params)[id].as_str().unwrap().to_owned()
    }

    fn lists_and_rules(&mut self, vpc: &Vpc) {
        let mut lists = BTreeMap::new();
        for (name, nets) in &vpc.lists {
            let entries: Vec<(String, String)> =
                nets.iter().enumerate().map(|(at, net)| (format!("Entry.{}.Cidr", at + 1), net.to_string())).collect();
            let mut params = vec![("AddressFamily", "IPv4"), ("MaxEntries", "50"), ("PrefixListName", *name)];
            params.extend(entries.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            lists.insert(*name, self.made(Service::Ecs, vpc.region, "CreatePrefixList", &params, "PrefixListId"));
        }
        for group in &vpc.groups {
            for rule in &group.rules {
                self.rule(vpc, &group.id, rule, &lists);
            }
        }
    }

    fn rule(&mut self, vpc: &Vpc, group: &str, rule: &Rule, lists: &BTreeMap<&str, String>) {
        let all = !matches!(rule.protocol, "TCP" | "UDP");
        let (ports, priority) = (range(rule.ports, all), rule.priority.to_string());
        let (field, source) = match &rule.source {
            Source::Net(net) => ("Permissions.1.SourceCidrIp", net.to_string()),
            Source::List(name) => ("Permissions.1.SourcePrefixListId", lists[name].clone()),
            Source::Group(id) => ("Permissions.1.SourceGroupId", id.clone()),
        };
        let params = [
            ("SecurityGroupId", group),
            ("Permissions.1.IpProtocol", rule.protocol),
            ("Permissions.1.PortRange", &ports),
            ("Permissions.1.Policy", if rule.accept { "accept" } else { "drop" }),
            ("Permissions.1.Priority", &priority),
            (field, &source),
        ];
        self.call(Service::Ecs, vpc.region, "AuthorizeSecurityGroup", &params);
    }

    fn switches(&mut self, vpc: &Vpc) {
        for table in 1..vpc.tables.len() {
            let id = self.made(Service::Vpc, vpc.region, "CreateRouteTable", &[("VpcId", vpc.id)], "RouteTableId");
            for switch in vpc.switches.iter().filter(|switch| switch.table == table) {
                let params = [("RouteTableId", id.as_str()), ("VSwitchId", &switch.id)];
                self.call(Service::Vpc, vpc.region, "AssociateRouteTable", &params);
            }
            self.tables.insert((vpc.id.to_owned(), table), id);
        }
        for switch in &vpc.switches {
            if let Some(acl) = &switch.acl {
                self.acl(vpc, &switch.id, acl);
            }
        }
    }

    fn acl(&mut self, vpc: &Vpc, switch: &str, acl: &Acl) {
        let id = self.made(Service::Vpc, vpc.region, "CreateNetworkAcl", &[("VpcId", vpc.id)], "NetworkAclId");
        let params =
            [("NetworkAclId", id.as_str()), ("Resource.1.ResourceId", switch), ("Resource.1.ResourceType", "VSwitch")];
        self.call(Service::Vpc, vpc.region, "AssociateNetworkAcl", &params);
        let mut params = vec![
            ("NetworkAclId".to_owned(), id.clone()),
            ("UpdateIngressAclEntries".to_owned(), "true".to_owned()),
            ("UpdateEgressAclEntries".to_owned(), "true".to_owned()),
        ];
        for (list, end, entries) in
            [("Ingress", "SourceCidrIp", &acl.ingress), ("Egress", "DestinationCidrIp", &acl.egress)]
        {
            for (at, entry) in entries.iter().enumerate() {
                let AclEntry { accept, protocol, ports, peer } = entry;
                let field = |name: &str| format!("{list}AclEntries.{}.{name}", at + 1);
                let policy = if *accept { "accept" } else { "drop" };
                params.extend([(field("Policy"), policy.to_owned()), (field("Protocol"), (*protocol).to_owned())]);
                params.extend([(field("Port"), range(*ports, *protocol == "all")), (field(end), peer.to_string())]);
            }
        }
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.call(Service::Vpc, vpc.region, "UpdateNetworkAclEntries", &params);
        self.acls.insert(id, switch.to_owned());
    }

    fn transit(&mut self, facts: &Facts) {
        let mut tables: Vec<Vec<String>> = Vec::new();
        for router in &facts.routers {
            let mut own = vec![router_table(router.id)];
            for _ in 1..router.tables.len() {
                let params = [("TransitRouterId", router.id)];
                own.push(self.made(
                    Service::Cbn,
                    router.region,
                    "CreateTransitRouterRouteTable",
                    &params,
                    "TransitRouterRouteTableId",
                ));
            }
            tables.push(own);
        }
        for vpc in &facts.vpcs {
            let Some(attachment) = &vpc.attachment else { continue };
            let router = facts.router_of(vpc.region);
            let id = self.attach(vpc, facts.routers[router].id, attachment);
            self.link(vpc.region, &id, &tables[router], &attachment.link);
            self.attachments.insert(Via::Vpc(vpc.id), id);
        }
        for (at, peer) in facts.peers.iter().enumerate() {
            let [near, far] = peer.routers.map(|router| &facts.routers[router]);
            let publish = peer.publishes.to_string();
            let mut params = vec![
                ("TransitRouterId", near.id),
                ("PeerTransitRouterId", far.id),
                ("PeerTransitRouterRegionId", REGIONS[far.region]),
                ("AutoPublishRouteEnabled", &publish),
            ];
            if peer.bandwidth {
                params.extend([("BandwidthType", "DataTransfer"), ("Bandwidth", "100")]);
            }
            let id = self.made(
                Service::Cbn,
                near.region,
                "CreateTransitRouterPeerAttachment",
                &params,
                "TransitRouterAttachmentId",
            );
            for (router, link) in peer.routers.into_iter().zip(&peer.links) {
                self.link(facts.routers[router].region, &id, &tables[router], link);
            }
            self.attachments.insert(Via::Peer(at), id);
        }
        for (router, own) in facts.routers.iter().zip(&tables) {
            for (entries, table) in router.tables.iter().zip(own) {
                for entry in entries {
                    let destination = entry.destination.to_string();
                    let mut params = vec![
                        ("TransitRouterRouteTableId", table.as_str()),
                        ("TransitRouterRouteEntryDestinationCidrBlock", &destination),
                    ];
                    let hop = entry.hop.map(|via| self.attachments[&via].clone());
                    params.push((
                        "TransitRouterRouteEntryNextHopType",
                        if hop.is_some() { "Attachment" } else { "BlackHole" },
                    ));
                    params.extend(hop.as_deref().map(|hop| ("TransitRouterRouteEntryNextHopId", hop)));
                    self.call(Service::Cbn, router.region, "CreateTransitRouterRouteEntry", &params);
                }
            }
        }
    }

    fn attach(&mut self, vpc: &Vpc, router: &str, attachment: &Attachment) -> String {
        let (first, second) = (&vpc.switches[0], &vpc.switches[1]);
        let publish = attachment.publishes.to_string();
        let params = [
            ("TransitRouterId", router),
            ("VpcId", vpc.id),
            ("AutoPublishRouteEnabled", &publish),
            ("ZoneMappings.1.ZoneId", first.zone),
            ("ZoneMappings.1.VSwitchId", &first.id),
            ("ZoneMappings.2.ZoneId", second.zone),
            ("ZoneMappings.2.VSwitchId", &second.id),
        ];
        self.made(Service::Cbn, vpc.region, "CreateTransitRouterVpcAttachment", &params, "TransitRouterAttachmentId")
    }

    fn link(&mut self, region: usize, attachment: &str, tables: &[String], link: &Link) {
        for (action, table) in link
            .association
            .iter()
            .map(|table| ("AssociateTransitRouterAttachmentWithRouteTable", *table))
            .chain(link.propagations.iter().map(|table| ("EnableTransitRouterRouteTablePropagation", *table)))
        {
            let params =
                [("TransitRouterAttachmentId", attachment), ("TransitRouterRouteTableId", tables[table].as_str())];
            self.call(Service::Cbn, region, action, &params);
        }
    }

    fn routes(&mut self, vpc: &Vpc) {
        for (at, routes) in vpc.tables.iter().enumerate() {
            let table = self.tables.get(&(vpc.id.to_owned(), at)).cloned().unwrap_or_else(|| table_id(vpc, at));
            for route in routes {
                let (kind, hop) = match route.hop {
                    Hop::TransitRouter => ("Attachment", self.attachments[&Via::Vpc(vpc.id)].clone()),
                    Hop::Appliance => ("Instance", appliance(vpc)),
                };
                let destination = route.destination.to_string();
                let params = [
                    ("RouteTableId", table.as_str()),
                    ("DestinationCidrBlock", &destination),
                    ("NextHopType", kind),
                    ("NextHopId", &hop),
                ];
                self.call(Service::Vpc, vpc.region, "CreateRouteEntry", &params);
            }
        }
    }
}
