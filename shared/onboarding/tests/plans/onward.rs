//! Routes beside the connection: when a VPC route may be written, and when it waits or is blocked.

use onboarding::binding::Provision;
use onboarding::change::Write;
use onboarding::plan::{Readiness, ready};
use onboarding::topology::{Generation, NextHop, TransitRoute, VpcRoute, VpcRouteStatus, VpcRouteType};
use onboarding::{Binding, Change, Code, Plan, Topology};

use super::world;

/// A world with everything in place but VPC routes.
fn unrouted(generation: Generation) -> (Binding, Topology) {
    let (binding, mut topology) = world::onboarded(generation);
    for vpc in topology.vpcs.values_mut().filter_map(|vpc| vpc.get_mut()?.as_mut()) {
        vpc.tables.values_mut().for_each(|table| table.routes.retain(|route| route.kind != VpcRouteType::Custom));
    }
    (binding, topology)
}

/// A route of others in the table of a VPC, to a NAT gateway.
fn covered(topology: &mut Topology, vpc: &str, destination: &str) {
    let vpc = topology.vpcs.get_mut(vpc).unwrap().get_mut().unwrap().as_mut().unwrap();
    vpc.tables.values_mut().next().unwrap().routes.push(VpcRoute {
        id: "rte-of-others".into(),
        destination: destination.parse().unwrap(),
        next_hop: NextHop::Other("NatGateway ngw-1".to_owned()),
        status: VpcRouteStatus::Available,
        kind: VpcRouteType::Custom,
        name: String::new(),
        description: String::new(),
    });
}

fn connection(topology: &mut Topology) -> &mut onboarding::topology::PeerAttachment {
    topology.peer_attachments.get_mut().unwrap().first_mut().unwrap()
}

/// The routes of a transit router.
fn routes_of<'t>(topology: &'t mut Topology, region: &str) -> &'t mut Vec<TransitRoute> {
    let router = topology.transit_routers.get_mut(region).unwrap().get_mut().unwrap().as_mut().unwrap();
    &mut router.tables.values_mut().next().unwrap().routes
}

/// Forgets what came over the connection.
fn unlearned(topology: &mut Topology) {
    let peer = connection(topology).id.clone();
    for region in ["cn-chengdu", "cn-hangzhou"] {
        routes_of(topology, region).retain(|route| route.next_hop.as_ref() != Some(&peer));
    }
}

fn network(binding: &Binding, topology: &Topology) -> Plan {
    let deployment = world::deployment();
    onboarding::plan::network(&world::inputs(&deployment, binding, topology))
}

/// The added routes of a VPC, each with what its readiness is and what blocks it.
fn routes(binding: &Binding, topology: &Topology, of: &str) -> Vec<(Readiness, Vec<Code>)> {
    let deployment = world::deployment();
    let inputs = world::inputs(&deployment, binding, topology);
    let is_of = |change: &&Change| matches!(&change.write, Write::AddVpcRoute { vpc, .. } if vpc.as_str() == of);
    let plan = network(binding, topology);
    let found = plan.changes.iter().filter(is_of);
    found
        .map(|change| (ready(&inputs, &change.write), change.blocked.iter().map(|reason| reason.code).collect()))
        .collect()
}

/// What holds for every added route of a VPC.
#[track_caller]
fn assert_each(binding: &Binding, topology: &Topology, of: &str, holds: impl Fn(&Readiness, &[Code]) -> bool) {
    let routes = routes(binding, topology, of);
    assert!(!routes.is_empty());
    assert!(routes.iter().all(|(readiness, blocked)| holds(readiness, blocked)), "{of}: {routes:?}");
}

fn is_open(readiness: &Readiness, blocked: &[Code]) -> bool {
    *readiness == Readiness::Now && blocked.is_empty()
}

fn waits(readiness: &Readiness, blocked: &[Code]) -> bool {
    matches!(readiness, Readiness::Later { .. }) && blocked.is_empty()
}

fn is_blocked(_: &Readiness, blocked: &[Code]) -> bool {
    blocked == [Code::Waits]
}

#[test]
fn a_route_is_written_while_its_connection_is_made_if_it_takes_over_nothing() {
    let (binding, mut topology) = unrouted(Generation::Upgraded);
    for status in ["Attached", "Attaching", "Modifying"] {
        connection(&mut topology).status = status.into();
        for vpc in ["vpc-1", "vpc-2"] {
            assert_each(&binding, &topology, vpc, is_open);
        }
    }
    // What has not been learned yet does not matter where nothing is taken over.
    unlearned(&mut topology);
    assert_each(&binding, &topology, "vpc-1", is_open);
}

#[test]
fn a_route_that_takes_over_traffic_waits_until_the_way_onward_is_there() {
    for (vpc, route) in [("vpc-1", "192.168.0.0/16"), ("vpc-1", "0.0.0.0/0"), ("vpc-2", "172.16.0.0/12")] {
        let (binding, mut topology) = unrouted(Generation::Upgraded);
        covered(&mut topology, vpc, route);
        assert_each(&binding, &topology, vpc, is_open);
        for status in ["Attaching", "Modifying"] {
            connection(&mut topology).status = status.into();
            assert_each(&binding, &topology, vpc, waits);
        }
        connection(&mut topology).status = "Attached".into();
        unlearned(&mut topology);
        assert_each(&binding, &topology, vpc, waits);
    }
    // A route beside it, or inside of it, serves other traffic.
    for near_miss in ["192.168.6.0/24", "192.168.7.0/25", "192.0.0.0/9"] {
        let (binding, mut topology) = unrouted(Generation::Upgraded);
        covered(&mut topology, "vpc-1", near_miss);
        connection(&mut topology).status = "Attaching".into();
        assert_each(&binding, &topology, "vpc-1", is_open);
    }
}

/// The way onward of a route is one that leads on: no black hole, not back to the same VPC, and in use.
#[test]
fn only_an_active_route_that_leads_on_is_a_way() {
    let (binding, mut whole) = unrouted(Generation::Upgraded);
    covered(&mut whole, "vpc-1", "192.168.0.0/16");
    let own = whole.vpc_attachment(&"vpc-1".into()).unwrap().id.clone();
    let spoil = |spoil: &dyn Fn(&mut TransitRoute)| {
        let mut topology = whole.clone();
        for route in routes_of(&mut topology, "cn-chengdu") {
            if route.destination.to_string() == "192.168.7.0/24" {
                spoil(route);
            }
        }
        topology
    };
    assert_each(&binding, &spoil(&|_| {}), "vpc-1", is_open);
    let later = |readiness: &Readiness, _: &[Code]| matches!(readiness, Readiness::Later { .. });
    assert_each(&binding, &spoil(&|route| route.next_hop = None), "vpc-1", later);
    assert_each(&binding, &spoil(&|route| route.next_hop = Some(own.clone())), "vpc-1", later);
    assert_each(&binding, &spoil(&|route| route.status = "Creating".into()), "vpc-1", later);
    // Of two routes to the prefix the static one decides, in whichever order they are listed.
    for (is_first, leads_on) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut topology = whole.clone();
        let routes = routes_of(&mut topology, "cn-chengdu");
        let at = routes.iter().position(|route| route.destination.to_string() == "192.168.7.0/24").unwrap();
        let mut fixed = TransitRoute { propagated: false, ..routes[at].clone() };
        let hop = if leads_on { &mut routes[at].next_hop } else { &mut fixed.next_hop };
        *hop = None;
        routes[at].propagated = true;
        routes.insert(if is_first { at } else { at + 1 }, fixed);
        let expected = |readiness: &Readiness, _: &[Code]| (*readiness == Readiness::Now) == leads_on;
        assert_each(&binding, &topology, "vpc-1", expected);
    }
    // Nothing else counts but the table of its own transit router.
    let mut elsewhere = whole.clone();
    routes_of(&mut elsewhere, "cn-chengdu").clear();
    assert_each(&binding, &elsewhere, "vpc-1", later);
    let mut far = whole.clone();
    routes_of(&mut far, "cn-hangzhou").clear();
    assert_each(&binding, &far, "vpc-1", is_open);
}

#[test]
fn without_a_connection_a_route_waits_for_another_stage_or_is_blocked() {
    let (mut binding, mut topology) = unrouted(Generation::Upgraded);
    unlearned(&mut topology);
    topology.peer_attachments.get_mut().unwrap().clear();
    for vpc in ["vpc-1", "vpc-2"] {
        let missing = |readiness: &Readiness, blocked: &[Code]| {
            matches!(readiness, Readiness::Missing(what) if what.contains("connection")) && blocked.is_empty()
        };
        assert_each(&binding, &topology, vpc, missing);
    }
    // Nobody approved the connection, so there is nothing to wait for.
    binding.provision = Provision::Approved;
    for vpc in ["vpc-1", "vpc-2"] {
        assert_each(&binding, &topology, vpc, is_blocked);
    }
}

#[test]
fn a_connection_that_goes_or_failed_blocks_its_routes() {
    let (binding, mut topology) = unrouted(Generation::Upgraded);
    for status in ["Detaching", "AttachFailed", "Freezed"] {
        connection(&mut topology).status = status.into();
        for vpc in ["vpc-1", "vpc-2"] {
            assert_each(&binding, &topology, vpc, is_blocked);
        }
    }
}

#[test]
fn a_way_that_will_not_come_about_blocks_only_what_would_take_over_traffic() {
    let (mut binding, mut topology) = unrouted(Generation::Upgraded);
    // Somebody else's connection that publishes nothing: that is added with a yes only.
    unlearned(&mut topology);
    let peer = connection(&mut topology);
    (peer.mark, peer.auto_publish) = (None, false);
    binding.provision = Provision::Approved;
    assert_each(&binding, &topology, "vpc-1", is_open);
    covered(&mut topology, "vpc-1", "192.168.0.0/16");
    assert_each(&binding, &topology, "vpc-1", is_blocked);
    // With the yes it comes.
    binding.provision = Provision::Auto;
    assert_each(&binding, &topology, "vpc-1", waits);
}

#[test]
fn the_prefixes_of_a_classic_load_balancer_are_served_by_the_cloud_until_the_way_back_is_there() {
    let (binding, mut topology) = unrouted(Generation::Classic);
    assert_each(&binding, &topology, "vpc-2", is_open);
    unlearned(&mut topology);
    assert_each(&binding, &topology, "vpc-2", waits);
    assert_each(&binding, &topology, "vpc-1", is_open);
}

#[test]
fn a_route_needs_its_own_vpcs_attachment_and_not_the_other_ones() {
    let (binding, whole) = unrouted(Generation::Upgraded);
    for (attaching, other) in [("vpc-1", "vpc-2"), ("vpc-2", "vpc-1")] {
        let mut topology = whole.clone();
        let attachments = topology.vpc_attachments.get_mut().unwrap().iter_mut();
        attachments.filter(|found| found.vpc.as_str() == attaching).for_each(|found| found.status = "Attaching".into());
        assert_each(&binding, &topology, attaching, waits);
        assert_each(&binding, &topology, other, is_open);
    }
}

#[test]
fn a_connection_that_is_not_read_is_not_absent() {
    let (binding, mut topology) = unrouted(Generation::Upgraded);
    topology.peer_attachments = onboarding::Known::Failed("the call failed".to_owned());
    assert!(routes(&binding, &topology, "vpc-1").is_empty());
    assert!(network(&binding, &topology).findings.iter().any(|finding| finding.code == Code::Unread));
}

/// One more backend, like the first, elsewhere.
fn add_backend(binding: &mut Binding, region: &str, vpc: &str) {
    let like = binding.backends[0].clone();
    binding.backends.push(onboarding::binding::Backend { region: region.into(), vpc: vpc.into(), ..like });
}

fn route(region: &str, vpc: &str, destination: &str) -> Write {
    let (table, destination) = (format!("vtb-{vpc}").into(), destination.parse().unwrap());
    Write::AddVpcRoute { region: region.into(), vpc: vpc.into(), table, destination }
}

#[test]
fn the_connection_of_another_region_does_not_matter() {
    let (mut binding, mut topology) = unrouted(Generation::Upgraded);
    // A backend of the ALB's own region: no connection is between them.
    add_backend(&mut binding, "cn-chengdu", "vpc-3");
    connection(&mut topology).status = "Attaching".into();
    assert_each(&binding, &topology, "vpc-1", is_open);
    binding.backends[0].region = "cn-chengdu".into();
    topology.peer_attachments.get_mut().unwrap().clear();
    let deployment = world::deployment();
    let write = route("cn-chengdu", "vpc-1", "192.168.7.0/24");
    assert_eq!(ready(&world::inputs(&deployment, &binding, &topology), &write), Readiness::Now);

    // A route to one VPC's vSwitch crosses the connection to that VPC's region, whatever other VPCs have.
    let (mut binding, mut topology) = unrouted(Generation::Upgraded);
    add_backend(&mut binding, "cn-beijing", "vpc-9");
    let mut other = topology.vpc(&"vpc-2".into()).unwrap().clone();
    other.vswitches.values_mut().for_each(|vswitch| vswitch.cidr = "10.9.0.0/24".parse().unwrap());
    topology.vpcs.insert("vpc-9".into(), onboarding::Known::Known(Some(other)));
    let forward = |to: &str| route("cn-chengdu", "vpc-1", to);
    assert_eq!(ready(&world::inputs(&deployment, &binding, &topology), &forward("192.168.7.0/24")), Readiness::Now);
    let missing = ready(&world::inputs(&deployment, &binding, &topology), &forward("10.9.0.0/24"));
    assert!(matches!(missing, Readiness::Missing(_)), "{missing:?}");

    // Packets on their way back cross the connection of their own VPC's region, and no other.
    let (mut binding, topology) = unrouted(Generation::Upgraded);
    add_backend(&mut binding, "cn-beijing", "vpc-9");
    let back = route("cn-hangzhou", "vpc-2", "192.168.1.0/24");
    assert_eq!(ready(&world::inputs(&deployment, &binding, &topology), &back), Readiness::Now);
}
