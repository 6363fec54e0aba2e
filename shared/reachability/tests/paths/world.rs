//! The world of `procedure.md`, complete: VPC1 with the ALB in Chengdu, VPC2 with instances in Hangzhou.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use onboarding::ids::VpcId;
use onboarding::inputs::Verdict;
use onboarding::reason::Code;
use onboarding::topology::{
    AttachmentStatus, Generation, Instance, InstanceStatus, Known, LinkStatus, Listener, ListenerStatus, LoadBalancer,
    LoadBalancerStatus, NextHop, PeerAttachment, RuleSource, SecurityGroup, SecurityRule, Server, ServerGroup,
    ServerGroupStatus, ServerGroupType, ServerStatus, Topology, TransitRoute, TransitRouteStatus, TransitRouter,
    TransitRouterStatus, TransitRouterType, TransitTable, VSwitch, Vpc, VpcAttachment, VpcRoute, VpcRouteStatus,
    VpcRouteTable, VpcRouteType,
};
use onboarding::{Binding, Deployment};
use reachability::{Explanation, Question, Wish, explain};
use serde_json::json;

pub(crate) const PEER: &str = "tr-attach-peer";
pub(crate) const NEAR: &str = "tr-attach-1";
pub(crate) const FAR: &str = "tr-attach-2";

/// A topology, and the question about it.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) topology: Topology,
    pub(crate) sources: Vec<Ipv4Net>,
    pub(crate) load_balancer_vpc: VpcId,
    pub(crate) instance: Instance,
    pub(crate) ports: Vec<u16>,
    /// For whom it is asked, if for anybody.
    pub(crate) binding: Option<Binding>,
}

pub(crate) fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

pub(crate) fn known<T>(fact: T) -> Known<T> {
    Known::Known(fact)
}

impl World {
    pub(crate) fn complete(generation: Generation) -> Self {
        let (home, away) = (["172.16.0.0/24", "172.16.6.0/24"], ["192.168.8.0/24", "192.168.7.0/24"]);
        let sources: Vec<Ipv4Net> = match generation {
            Generation::Upgraded => home.map(net).to_vec(),
            // Chengdu's (cloud-apis.md section 0).
            Generation::Classic => ["100.117.130.0/25", "100.117.130.128/25", "100.122.176.0/26"].map(net).to_vec(),
        };
        let vpc1 = vpc("vpc-1", "cn-chengdu", home, &[net(away[1])], NEAR);
        let vpc2 = vpc("vpc-2", "cn-hangzhou", away, &sources, FAR);
        let tr1 = {
            let statics: &[Ipv4Net] = if generation == Generation::Classic { &sources } else { &[] };
            let mut routes: Vec<TransitRoute> = statics.iter().map(|net| transit_route(*net, NEAR, false)).collect();
            routes.extend(home.map(|text| transit_route(net(text), NEAR, true)));
            routes.extend(away.map(|text| transit_route(net(text), PEER, true)));
            transit_router("tr-1", "cn-chengdu", NEAR, routes)
        };
        let tr2 = {
            let mut routes = home.map(|text| transit_route(net(text), PEER, true)).to_vec();
            routes.extend(away.map(|text| transit_route(net(text), FAR, true)));
            if generation == Generation::Classic {
                routes.extend(sources.iter().map(|net| transit_route(*net, PEER, true)));
            }
            transit_router("tr-2", "cn-hangzhou", FAR, routes)
        };
        let group = SecurityGroup {
            id: "sg-1".into(),
            region: "cn-hangzhou".into(),
            vpc: "vpc-2".into(),
            service_managed: false,
            rules: sources.iter().enumerate().map(|(at, net)| rule(&format!("sgr-{at}"), *net, true, 90)).collect(),
        };
        let topology = Topology {
            vpcs: BTreeMap::from([vpc1, vpc2].map(|vpc| (vpc.id.clone(), known(Some(vpc))))),
            transit_routers: BTreeMap::from([tr1, tr2].map(|tr| (tr.region.clone(), known(Some(tr))))),
            vpc_attachments: known(vec![
                attachment(NEAR, "vpc-1", "tr-1", "cn-chengdu"),
                attachment(FAR, "vpc-2", "tr-2", "cn-hangzhou"),
            ]),
            peer_attachments: known(vec![PeerAttachment {
                id: PEER.into(),
                regions: ("cn-hangzhou".into(), "cn-chengdu".into()),
                status: AttachmentStatus::Attached,
                bandwidth: Some(10),
                bandwidth_package: Some("cenbwp-1".into()),
                auto_publish: true,
                mark: None,
                created: String::new(),
            }]),
            security_groups: BTreeMap::from([(group.id.clone(), known(Some(group)))]),
            ..Topology::default()
        };
        Self {
            topology,
            sources,
            load_balancer_vpc: "vpc-1".into(),
            instance: instance("i-1", "192.168.7.10"),
            ports: vec![80, 8080],
            binding: None,
        }
    }

    /// The same for a binding, whose member the instance is.
    pub(crate) fn served(generation: Generation) -> Self {
        let mut world = Self::complete(generation);
        let mut binding =
            onboarding::fixtures::binding(&["vpc-1-vsw-0", "vpc-1-vsw-1"], "vpc-2", &["vpc-2-vsw-0", "vpc-2-vsw-1"]);
        binding["listener"]["port"] = 8443.into();
        binding["cen"]["bandwidth"] = json!({ "package": "cenbwp-1", "mbps": 10 });
        let binding: Binding = serde_json::from_value(binding).unwrap();
        world.instance.tags = BTreeMap::from([("app".to_owned(), "web".to_owned())]);
        world.ports = vec![80];
        let topology = &mut world.topology;
        topology.load_balancer = known(Some(LoadBalancer {
            id: "alb-1".into(),
            name: String::new(),
            region: "cn-chengdu".into(),
            vpc: "vpc-1".into(),
            status: LoadBalancerStatus::Active,
            edition: "Standard".to_owned(),
            address_type: "Intranet".to_owned(),
            dns_name: String::new(),
            locks: Vec::new(),
            zones: Vec::new(),
        }));
        topology.server_groups = known(vec![ServerGroup {
            id: "sgp-1".into(),
            name: "web-remote".to_owned(),
            kind: ServerGroupType::Ip,
            vpc: "vpc-1".into(),
            status: ServerGroupStatus::Available,
            created: String::new(),
            mark: Some("prod/web/server-group".to_owned()),
            server_count: 1,
            settings: binding.server_group.settings("Standard"),
            load_balancers: vec!["alb-1".into()],
            cross_zone: true,
        }]);
        topology.servers = known(vec![Server {
            address: "192.168.7.10".parse().unwrap(),
            port: 80,
            weight: 100,
            remote: true,
            status: ServerStatus::Available,
            description: "albridge/prod/web/i-1".to_owned(),
        }]);
        topology.listeners = known(vec![Listener {
            id: "lsn-1".into(),
            protocol: "HTTP".to_owned(),
            port: 8443,
            status: ListenerStatus::Running,
            description: String::new(),
            mark: Some("prod/web/listener".to_owned()),
            server_groups: vec!["sgp-1".into()],
        }]);
        topology.unhealthy = known(BTreeMap::new());
        world.binding = Some(binding);
        world
    }

    pub(crate) fn explain(&self) -> Explanation {
        let deployment = Deployment::new("prod");
        explain(Question {
            topology: &self.topology,
            sources: &self.sources,
            load_balancer_vpc: &self.load_balancer_vpc,
            instance: &self.instance,
            ports: &self.ports,
            wish: self.binding.as_ref().map(|binding| Wish { deployment: &deployment, binding }),
        })
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.explain().verdict
    }

    /// The code of an unreachable path.
    pub(crate) fn broken(&self) -> Option<Code> {
        match self.verdict() {
            Verdict::Unreachable(reason) => Some(reason.code),
            _ => None,
        }
    }

    /// The code of a path that works for some packets only.
    pub(crate) fn ambiguous(&self) -> Option<Code> {
        match self.verdict() {
            Verdict::Ambiguous(reason) => Some(reason.code),
            _ => None,
        }
    }

    /// The resource that was not read.
    pub(crate) fn unread(&self) -> Option<String> {
        match self.verdict() {
            Verdict::Undetermined(reason) if matches!(reason.code, Code::Unread | Code::NotAsked) => {
                Some(reason.resource)
            }
            _ => None,
        }
    }

    pub(crate) fn vpc(&mut self, id: &str) -> &mut Vpc {
        self.topology.vpcs.get_mut(id).unwrap().get_mut().unwrap().as_mut().unwrap()
    }

    pub(crate) fn routes(&mut self, vpc: &str) -> &mut Vec<VpcRoute> {
        &mut self.vpc(vpc).tables.values_mut().next().unwrap().routes
    }

    pub(crate) fn router(&mut self, region: &str) -> &mut TransitRouter {
        self.topology.transit_routers.get_mut(region).unwrap().get_mut().unwrap().as_mut().unwrap()
    }

    pub(crate) fn table(&mut self, region: &str) -> &mut TransitTable {
        self.router(region).tables.values_mut().next().unwrap()
    }

    pub(crate) fn attachments(&mut self) -> &mut Vec<VpcAttachment> {
        self.topology.vpc_attachments.get_mut().unwrap()
    }

    pub(crate) fn peers(&mut self) -> &mut Vec<PeerAttachment> {
        self.topology.peer_attachments.get_mut().unwrap()
    }

    pub(crate) fn servers(&mut self) -> &mut Vec<Server> {
        self.topology.servers.get_mut().unwrap()
    }

    pub(crate) fn listener(&mut self) -> &mut Listener {
        &mut self.topology.listeners.get_mut().unwrap()[0]
    }

    pub(crate) fn rules(&mut self) -> &mut Vec<SecurityRule> {
        &mut self.topology.security_groups.get_mut("sg-1").unwrap().get_mut().unwrap().as_mut().unwrap().rules
    }
}

pub(crate) fn instance(id: &str, address: &str) -> Instance {
    Instance {
        id: id.into(),
        name: "ECS1".to_owned(),
        status: InstanceStatus::Running,
        vpc: "vpc-2".into(),
        vswitch: "vpc-2-vsw-1".into(),
        address: Some(address.parse().unwrap()),
        interface: Some("eni-1".into()),
        security_groups: vec!["sg-1".into()],
        interfaces: Vec::new(),
        tags: BTreeMap::new(),
    }
}

pub(crate) fn rule(id: &str, source: Ipv4Net, accept: bool, priority: u8) -> SecurityRule {
    SecurityRule {
        id: id.into(),
        protocol: "TCP".to_owned(),
        ports: Some((80, 8080)),
        source: RuleSource::Cidr(source),
        accept,
        priority,
        description: String::new(),
    }
}

pub(crate) fn vpc_route(id: &str, destination: Ipv4Net, next_hop: NextHop) -> VpcRoute {
    VpcRoute {
        id: id.into(),
        destination,
        kind: if matches!(next_hop, NextHop::Attachment(_)) { VpcRouteType::Custom } else { VpcRouteType::System },
        next_hop,
        status: VpcRouteStatus::Available,
        name: String::new(),
        description: String::new(),
    }
}

pub(crate) fn transit_route(destination: Ipv4Net, next_hop: &str, propagated: bool) -> TransitRoute {
    TransitRoute {
        id: (!propagated).then(|| format!("rte-{destination}").into()),
        destination,
        next_hop: Some(next_hop.into()),
        propagated,
        status: TransitRouteStatus::Active,
        description: String::new(),
    }
}

fn vpc(id: &str, region: &str, vswitches: [&str; 2], beyond: &[Ipv4Net], attachment: &str) -> Vpc {
    let table = format!("vtb-{id}");
    let mut routes = vec![vpc_route("rte-service", net("100.64.0.0/10"), NextHop::Service)];
    routes.extend(vswitches.iter().map(|text| vpc_route(&format!("rte-{text}"), net(text), NextHop::Local)));
    routes.extend(
        beyond.iter().map(|net| vpc_route(&format!("rte-{net}"), *net, NextHop::Attachment(attachment.into()))),
    );
    Vpc {
        id: id.into(),
        region: region.into(),
        name: String::new(),
        cidrs: vec![net(if id == "vpc-1" { "172.16.0.0/12" } else { "192.168.0.0/16" })],
        vswitches: vswitches
            .iter()
            .enumerate()
            .map(|(at, cidr)| VSwitch {
                id: format!("{id}-vsw-{at}").into(),
                zone: format!("{region}-{at}").into(),
                cidr: net(cidr),
                free_addresses: 200,
                table: Some(table.as_str().into()),
                network_acl: None,
            })
            .map(|vswitch| (vswitch.id.clone(), vswitch))
            .collect(),
        tables: BTreeMap::from([(
            table.as_str().into(),
            VpcRouteTable { id: table.as_str().into(), system: true, routes },
        )]),
    }
}

fn transit_router(id: &str, region: &str, attachment: &str, routes: Vec<TransitRoute>) -> TransitRouter {
    let both: BTreeMap<_, _> =
        [attachment, PEER].map(|attachment| (attachment.into(), LinkStatus::Active)).into_iter().collect();
    let table = TransitTable {
        id: format!("vtb-{id}").into(),
        system: true,
        associations: both.clone(),
        propagations: both,
        routes,
    };
    TransitRouter {
        id: id.into(),
        region: region.into(),
        kind: TransitRouterType::Enterprise,
        status: TransitRouterStatus::Active,
        tables: BTreeMap::from([(table.id.clone(), table)]),
    }
}

fn attachment(id: &str, vpc: &str, transit_router: &str, region: &str) -> VpcAttachment {
    VpcAttachment {
        id: id.into(),
        vpc: vpc.into(),
        transit_router: transit_router.into(),
        region: region.into(),
        status: AttachmentStatus::Attached,
        zones: BTreeMap::new(),
        auto_publish: false,
        mark: None,
        created: String::new(),
    }
}
