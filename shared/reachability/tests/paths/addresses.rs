//! Which interface owns the address that is asked about: its vSwitch and its security groups decide.

use onboarding::ids::SecurityGroupId;
use onboarding::inputs::Verdict;
use onboarding::reason::Code;
use onboarding::topology::Generation::{Classic, Upgraded};
use onboarding::topology::{Interface, NextHop, SecurityGroup};

use crate::world::{NEAR, World, known, net, transit_route, vpc_route};

fn group(id: &str) -> SecurityGroup {
    SecurityGroup {
        id: id.into(),
        region: "cn-hangzhou".into(),
        vpc: "vpc-2".into(),
        service_managed: false,
        rules: Vec::new(),
    }
}

/// The instance with a second interface in the other vSwitch, in a group of its own, with two addresses.
fn two_interfaces() -> World {
    let mut world = World::complete(Upgraded);
    let interface = |id: &str, vswitch: &str, group: &str, addresses: &[&str]| Interface {
        id: id.into(),
        vswitch: vswitch.into(),
        security_groups: vec![SecurityGroupId::from(group)],
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
    };
    world.instance.interfaces = vec![
        interface("eni-1", "vpc-2-vsw-1", "sg-1", &["192.168.7.10", "192.168.7.11"]),
        interface("eni-2", "vpc-2-vsw-0", "sg-2", &["192.168.8.20", "192.168.8.21"]),
    ];
    world.topology.security_groups.insert("sg-2".into(), known(Some(group("sg-2"))));
    world.routes("vpc-1").push(vpc_route("rte-8", net("192.168.8.0/24"), NextHop::Attachment(NEAR.into())));
    world
}

fn at(world: &World, address: &str) -> World {
    let mut world = world.clone();
    world.instance = world.instance.at(address.parse().unwrap()).unwrap();
    world
}

#[test]
fn the_groups_of_the_interface_that_owns_the_address_decide() {
    let mut world = two_interfaces();
    for address in ["192.168.7.10", "192.168.7.11"] {
        assert_eq!(at(&world, address).verdict(), Verdict::Reachable, "{address}");
    }
    for address in ["192.168.8.20", "192.168.8.21"] {
        assert_eq!(at(&world, address).broken(), Some(Code::NotAllowed), "{address}");
    }
    let rules = world.rules().clone();
    let other = world.topology.security_groups.get_mut("sg-2").unwrap().get_mut().unwrap().as_mut().unwrap();
    other.rules = rules;
    world.rules().clear();
    assert_eq!(at(&world, "192.168.7.11").broken(), Some(Code::NotAllowed));
    assert_eq!(at(&world, "192.168.8.21").verdict(), Verdict::Reachable);
    assert!(world.instance.at("192.168.8.22".parse().unwrap()).is_none(), "no interface has this address");
}

#[test]
fn the_table_of_the_interfaces_own_vswitch_takes_the_answers() {
    let mut world = two_interfaces();
    let vpc = world.vpc("vpc-2");
    let mut empty = vpc.tables.values().next().unwrap().clone();
    (empty.id, empty.system) = ("vtb-custom".into(), false);
    empty.routes.clear();
    vpc.tables.insert(empty.id.clone(), empty);
    vpc.vswitches.get_mut("vpc-2-vsw-0").unwrap().table = Some("vtb-custom".into());
    world.topology.security_groups.insert("sg-2".into(), world.topology.security_groups["sg-1"].clone());
    assert_eq!(at(&world, "192.168.7.11").verdict(), Verdict::Reachable);
    assert_eq!(at(&world, "192.168.8.20").broken(), Some(Code::NoRoute));
}

#[test]
fn the_built_in_route_is_there_whether_listed_or_not() {
    for listed in [true, false] {
        let mut world = World::complete(Classic);
        world
            .routes("vpc-2")
            .retain(|route| route.next_hop == NextHop::Local || listed && route.next_hop == NextHop::Service);
        world.routes("vpc-2").push(vpc_route("rte-all", net("0.0.0.0/0"), NextHop::Attachment("tr-attach-2".into())));
        assert_eq!(world.broken(), Some(Code::Blackhole), "listed: {listed}");
        // In the load balancer's own VPC it leads to the load balancer, whatever a shorter route says.
        let mut world = World::complete(Classic);
        world.routes("vpc-1").retain(|route| route.next_hop != NextHop::Service || listed);
        world.routes("vpc-1").push(vpc_route("rte-all", net("0.0.0.0/0"), NextHop::Attachment(NEAR.into())));
        assert_eq!(world.verdict(), Verdict::Reachable, "listed: {listed}");
    }
}

#[test]
fn a_backend_inside_the_shared_space_needs_a_longer_route_on_the_way_there() {
    let mut world = World::complete(Upgraded);
    world.vpc("vpc-2").vswitches.get_mut("vpc-2-vsw-1").unwrap().cidr = net("100.65.7.0/24");
    world.instance.address = Some("100.65.7.10".parse().unwrap());
    world.table("cn-chengdu").routes.push(transit_route(net("100.65.7.0/24"), "tr-attach-peer", true));
    world.table("cn-hangzhou").routes.push(transit_route(net("100.65.7.0/24"), "tr-attach-2", true));
    world.routes("vpc-1").push(vpc_route("rte-all", net("0.0.0.0/0"), NextHop::Attachment(NEAR.into())));
    assert_eq!(world.broken(), Some(Code::Blackhole));
    world.routes("vpc-1").push(vpc_route("rte-65", net("100.65.7.0/24"), NextHop::Attachment(NEAR.into())));
    assert_eq!(world.verdict(), Verdict::Reachable);
}
