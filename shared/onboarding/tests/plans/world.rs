//! The procedure's world as a topology, before step 1, and ways to let a plan come true.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use onboarding::change::Write;
use onboarding::fixtures;
use onboarding::inputs::Departures;
use onboarding::mark::{MemberState, Role};
use onboarding::topology::Context;
use onboarding::topology::{
    BandwidthPackage, BusinessStatus, Generation, Instance, InstanceStatus, Listener, ListenerStatus, LoadBalancer,
    LoadBalancerStatus, LoadBalancerZone, NextHop, SecurityGroup, Server, ServerGroup, ServerGroupStatus,
    ServerGroupType, ServerStatus, TransitRouter, TransitRouterStatus, TransitRouterType, TransitTable, VSwitch, Vpc,
    VpcRoute, VpcRouteStatus, VpcRouteTable, VpcRouteType,
};
use onboarding::{Binding, Change, Deployment, Inputs, Known, Plan, Topology, Verdict, Verdicts, plan};
use serde_json::json;

/// The deployment of every test.
pub(crate) fn deployment() -> Deployment {
    Deployment::new("prod")
}

/// When everything is seen.
pub(crate) fn now() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// The procedure's binding.
pub(crate) fn binding(generation: Generation) -> Binding {
    let mut binding = fixtures::binding(&["vsw-1", "vsw-2"], "vpc-2", &["vsw-3", "vsw-4"]);
    binding["provision"] = json!("auto");
    binding["cen"]["bandwidth"] = json!({ "package": "cenbwp-1", "mbps": 10 });
    if generation == Generation::Classic {
        binding["backToOrigin"] = json!({ "cidrs": ["100.117.130.0/25", "100.122.175.64/26"] });
    }
    serde_json::from_value(binding).unwrap()
}

fn vpc(id: &str, region: &str, cidr: &str, vswitches: &[(&str, &str, &str)]) -> Vpc {
    let system = |destination: &str, next_hop: NextHop| VpcRoute {
        id: format!("rte-{id}-{destination}").into(),
        destination: destination.parse().unwrap(),
        next_hop,
        status: VpcRouteStatus::Available,
        kind: VpcRouteType::System,
        name: String::new(),
        description: String::new(),
    };
    let mut routes = vec![system("100.64.0.0/10", NextHop::Service)];
    routes.extend(vswitches.iter().map(|(_, _, cidr)| system(cidr, NextHop::Local)));
    let table = VpcRouteTable { id: format!("vtb-{id}").into(), system: true, routes };
    let vswitches = vswitches.iter().map(|(id, zone, cidr)| VSwitch {
        id: (*id).into(),
        zone: (*zone).into(),
        cidr: cidr.parse().unwrap(),
        free_addresses: 200,
        table: Some(table.id.clone()),
        network_acl: None,
    });
    Vpc {
        id: id.into(),
        region: region.into(),
        name: id.to_uppercase(),
        cidrs: vec![cidr.parse().unwrap()],
        vswitches: vswitches.map(|vswitch| (vswitch.id.clone(), vswitch)).collect(),
        tables: [(table.id.clone(), table)].into(),
    }
}

fn router(region: &str) -> TransitRouter {
    let table = TransitTable {
        id: format!("vtb-tr-{region}").into(),
        system: true,
        associations: BTreeMap::new(),
        propagations: BTreeMap::new(),
        routes: Vec::new(),
    };
    TransitRouter {
        id: format!("tr-{region}").into(),
        region: region.into(),
        kind: TransitRouterType::Enterprise,
        status: TransitRouterStatus::Active,
        tables: [(table.id.clone(), table)].into(),
    }
}

/// A running instance of VPC2 with the wanted tag.
pub(crate) fn instance(number: u8) -> Instance {
    Instance {
        id: format!("i-{number}").into(),
        name: format!("ECS{number}"),
        status: InstanceStatus::Running,
        vpc: "vpc-2".into(),
        vswitch: "vsw-4".into(),
        address: Some([192, 168, 7, number].into()),
        interface: Some(format!("eni-{number}").into()),
        security_groups: vec!["sg-2".into()],
        interfaces: Vec::new(),
        tags: [("app".to_owned(), "web".to_owned())].into(),
    }
}

/// The procedure's prerequisites, with ECS1 running.
pub(crate) fn topology(generation: Generation) -> Topology {
    let zone = |zone: &str, vswitch: &str, local: &str| LoadBalancerZone {
        zone: zone.into(),
        vswitch: vswitch.into(),
        local_addresses: if generation == Generation::Upgraded { vec![local.parse().unwrap()] } else { Vec::new() },
    };
    let vpc1 = vpc(
        "vpc-1",
        "cn-chengdu",
        "172.16.0.0/12",
        &[("vsw-1", "cn-chengdu-a", "172.16.0.0/24"), ("vsw-2", "cn-chengdu-b", "172.16.6.0/24")],
    );
    let vpc2 = vpc(
        "vpc-2",
        "cn-hangzhou",
        "192.168.0.0/16",
        &[("vsw-3", "cn-hangzhou-h", "192.168.8.0/24"), ("vsw-4", "cn-hangzhou-i", "192.168.7.0/24")],
    );
    let zones = |zones: &[&str]| Known::Known(zones.iter().map(|zone| (*zone).into()).collect::<BTreeSet<_>>());
    Topology {
        load_balancer: Known::Known(Some(LoadBalancer {
            id: "alb-1".into(),
            name: "alb".to_owned(),
            region: "cn-chengdu".into(),
            vpc: "vpc-1".into(),
            status: LoadBalancerStatus::Active,
            edition: "Standard".to_owned(),
            address_type: "Intranet".to_owned(),
            dns_name: "alb-1.cn-chengdu.example".to_owned(),
            locks: Vec::new(),
            zones: vec![zone("cn-chengdu-a", "vsw-1", "172.16.0.10"), zone("cn-chengdu-b", "vsw-2", "172.16.6.10")],
        })),
        server_groups: Known::Known(Vec::new()),
        servers: Known::Known(Vec::new()),
        listeners: Known::Known(Vec::new()),
        unhealthy: Known::Known(BTreeMap::new()),
        vpcs: [("vpc-1".into(), Known::Known(Some(vpc1))), ("vpc-2".into(), Known::Known(Some(vpc2)))].into(),
        transit_routers: ["cn-chengdu", "cn-hangzhou"]
            .map(|region| (region.into(), Known::Known(Some(router(region)))))
            .into(),
        vpc_attachments: Known::Known(Vec::new()),
        peer_attachments: Known::Known(Vec::new()),
        bandwidth_package: Known::Known(Some(BandwidthPackage {
            id: "cenbwp-1".into(),
            bandwidth: 100,
            used: 0,
            status: "InUse".to_owned(),
            business_status: BusinessStatus::Normal,
            associated: true,
            areas: ("China".to_owned(), "China".to_owned()),
        })),
        transit_router_service: Known::Known(true),
        transit_router_zones: [
            ("cn-chengdu".into(), zones(&["cn-chengdu-a", "cn-chengdu-b"])),
            ("cn-hangzhou".into(), zones(&["cn-hangzhou-h", "cn-hangzhou-i", "cn-hangzhou-j"])),
        ]
        .into(),
        instances: [("vpc-2".into(), Known::Known(vec![instance(1)].into()))].into(),
        released: BTreeSet::new(),
        unproven: BTreeMap::new(),
        security_groups: [(
            "sg-2".into(),
            Known::Known(Some(SecurityGroup {
                id: "sg-2".into(),
                region: "cn-hangzhou".into(),
                vpc: "vpc-2".into(),
                service_managed: false,
                rules: Vec::new(),
            })),
        )]
        .into(),
        prefix_lists: BTreeMap::new(),
        network_acls: BTreeMap::new(),
        context: Context::default(),
        unread: onboarding::FailedCalls::default(),
    }
}

/// Inputs for a plan.
pub(crate) fn inputs<'a>(deployment: &'a Deployment, binding: &'a Binding, topology: &'a Topology) -> Inputs<'a> {
    let store = std::slice::from_ref(binding);
    Inputs {
        deployment,
        binding,
        store,
        topology,
        now: now(),
        approved: false,
        opened: now(),
        departures: Departures::NONE,
    }
}

/// Says of every selected instance that its path is open.
pub(crate) fn all_reachable(topology: &Topology) -> Verdicts {
    let instances = topology.instances.values().filter_map(Known::get).flatten();
    instances.map(|instance| (instance.id.clone(), Verdict::Reachable)).collect()
}

/// Network and members, every path taken to be open.
pub(crate) fn whole(binding: &Binding, topology: &Topology) -> Plan {
    let deployment = deployment();
    let inputs = inputs(&deployment, binding, topology);
    plan::network(&inputs).and(plan::members(&inputs, &all_reachable(topology)))
}

/// What a teardown takes away at last.
fn take_away(next: &mut Topology, write: &Write) {
    match write {
        Write::DeleteListener { listener, .. } => next.listeners.get_mut().unwrap().retain(|have| &have.id != listener),
        Write::RemoveServerGroup { group, .. } => {
            next.server_groups.get_mut().unwrap().retain(|have| &have.id != group);
        }
        Write::DetachVpc { id, .. } => next.vpc_attachments.get_mut().unwrap().retain(|have| &have.id != id),
        Write::Disconnect { id, .. } => next.peer_attachments.get_mut().unwrap().retain(|have| &have.id != id),
        Write::RemoveTransitRoute { route, .. } => {
            transit_tables(next).for_each(|table| table.routes.retain(|have| have.id.as_ref() != Some(route)));
        }
        Write::Dissociate { table, id, .. } => {
            transit_tables(next).filter(|have| &have.id == table).for_each(|have| drop(have.associations.remove(id)));
        }
        Write::StopPropagation { table, id, .. } => {
            for have in transit_tables(next).filter(|have| &have.id == table) {
                have.propagations.remove(id);
            }
            transit_tables(next).for_each(|table| table.routes.retain(|route| !route.propagated));
        }
        _ => {}
    }
}

/// The route tables of all transit routers.
pub(crate) fn transit_tables(topology: &mut Topology) -> impl Iterator<Item = &mut TransitTable> {
    let routers = topology.transit_routers.values_mut().filter_map(|router| router.get_mut()?.as_mut());
    routers.flat_map(|router| router.tables.values_mut())
}

/// The topology after the open changes came true and settled, as the cloud would show it.
pub(crate) fn after(binding: &Binding, topology: &Topology, changes: &[Change]) -> Topology {
    let deployment = deployment();
    let mut next = plan::project(&inputs(&deployment, binding, topology), changes);
    let group_mark = deployment.tag(&binding.name, Role::ServerGroup);
    for change in changes.iter().filter(|change| change.is_open()) {
        match &change.write {
            Write::CreateServerGroup { name, vpc, settings } => {
                next.server_groups.get_mut().unwrap().push(ServerGroup {
                    id: "sgp-1".into(),
                    name: name.clone(),
                    kind: ServerGroupType::Ip,
                    vpc: vpc.clone(),
                    status: ServerGroupStatus::Available,
                    created: "2026-11-22T08:00:00Z".to_owned(),
                    mark: Some(group_mark.clone()),
                    server_count: 0,
                    settings: settings.clone(),
                    load_balancers: Vec::new(),
                    cross_zone: true,
                });
            }
            Write::CreateListener { protocol, port } => {
                next.listeners.get_mut().unwrap().push(Listener {
                    id: "lsn-1".into(),
                    protocol: protocol.clone(),
                    port: *port,
                    status: ListenerStatus::Running,
                    description: String::new(),
                    mark: Some(deployment.tag(&binding.name, Role::Listener)),
                    server_groups: vec!["sgp-1".into()],
                });
            }
            Write::AddServer { instance, address, port, weight } => {
                next.servers.get_mut().unwrap().push(Server {
                    address: *address,
                    port: *port,
                    weight: *weight,
                    remote: true,
                    status: ServerStatus::Available,
                    description: deployment.member(&binding.name, instance, MemberState::Serving),
                });
            }
            Write::UpdateServer { instance, address, port, weight, state } => {
                let servers = next.servers.get_mut().unwrap().iter_mut();
                for server in servers.filter(|server| server.address == *address && server.port == *port) {
                    server.weight = *weight;
                    server.description = deployment.member(&binding.name, instance, *state);
                }
            }
            Write::RemoveServer { address, port, .. } => {
                next.servers.get_mut().unwrap().retain(|server| server.address != *address || server.port != *port);
            }
            Write::RemoveVpcRoute { route, .. } => {
                for vpc in next.vpcs.values_mut().filter_map(|vpc| vpc.get_mut()?.as_mut()) {
                    vpc.tables.values_mut().for_each(|table| table.routes.retain(|have| &have.id != route));
                }
            }
            Write::RevokeIngress { rule, .. } => {
                for group in next.security_groups.values_mut().filter_map(|group| group.get_mut()?.as_mut()) {
                    group.rules.retain(|have| &have.id != rule);
                }
            }
            other => take_away(&mut next, other),
        }
    }
    // What a plan makes has no id yet; in the cloud each thing has its own.
    for vpc in next.vpcs.values_mut().filter_map(|vpc| vpc.get_mut()?.as_mut()) {
        for table in vpc.tables.values_mut() {
            let id = |route: &VpcRoute| format!("rte-{}-{}", table.id, route.destination).into();
            table
                .routes
                .iter_mut()
                .filter(|route| route.id.as_str() == "planned")
                .for_each(|route| route.id = id(route));
        }
    }
    for group in next.security_groups.values_mut().filter_map(|group| group.get_mut()?.as_mut()) {
        for (number, rule) in group.rules.iter_mut().enumerate().filter(|(_, rule)| rule.id.as_str() == "planned") {
            rule.id = format!("sgr-{number}").into();
        }
    }
    for table in transit_tables(&mut next) {
        for route in table.routes.iter_mut().filter(|route| !route.propagated) {
            route.id.get_or_insert_with(|| format!("tr-rte-{}", route.destination).into());
        }
    }
    for peer in next.peer_attachments.get_mut().unwrap() {
        peer.mark.get_or_insert_with(|| deployment.tag(&binding.name, Role::PeerAttachment));
    }
    for attachment in next.vpc_attachments.get_mut().unwrap() {
        attachment.mark.get_or_insert_with(|| deployment.tag(&binding.name, Role::VpcAttachment));
    }
    next
}

/// The world with everything in place and ECS1 a member.
pub(crate) fn onboarded(generation: Generation) -> (Binding, Topology) {
    let binding = binding(generation);
    let topology = topology(generation);
    let done = after(&binding, &topology, &whole(&binding, &topology).changes);
    (binding, done)
}
