//! Worlds taken apart at random.

use onboarding::inputs::Verdict;
use onboarding::topology::{AclEntry, Generation, Instance, Known, NetworkAcl, NextHop, SecurityGroup};
use proptest::prelude::*;
use reachability::verdicts;

use crate::world::{NEAR, PEER, World, instance, known, net, transit_route, vpc_route};

/// One piece taken away, spoilt or forgotten; `at` chooses among several of a kind.
fn damage(world: &mut World, kind: u8, at: usize) {
    fn pick<T>(list: &mut Vec<T>, at: usize) {
        if !list.is_empty() {
            list.remove(at % list.len());
        }
    }
    let vpc = if at.is_multiple_of(2) { "vpc-1" } else { "vpc-2" };
    let region = if at.is_multiple_of(2) { "cn-chengdu" } else { "cn-hangzhou" };
    let readable = world.topology.vpc(&vpc.into()).is_some();
    let tabled = world.topology.vpc(&vpc.into()).is_some_and(|vpc| !vpc.tables.is_empty());
    let routed = world.topology.transit_router(&region.into()).is_some();
    match kind {
        0 if tabled => pick(world.routes(vpc), at / 2),
        1 if routed => pick(&mut world.table(region).routes, at / 2),
        2 if routed => drop(world.table(region).associations.pop_first()),
        3 if routed => drop(world.table(region).propagations.pop_first()),
        4 => drop(world.topology.vpc_attachments.get_mut().map(|list| pick(list, at))),
        5 => drop(world.topology.peer_attachments.get_mut().map(Vec::clear)),
        6 if world.topology.security_group(&"sg-1".into()).is_some() => pick(world.rules(), at),
        7 => drop(world.topology.vpcs.insert(vpc.into(), Known::default())),
        8 => drop(world.topology.transit_routers.insert(region.into(), known(None))),
        9 => drop(world.topology.security_groups.insert("sg-1".into(), Known::default())),
        10 => world.topology.vpc_attachments = Known::default(),
        11 if readable => world.vpc(vpc).tables.clear(),
        12 if readable => drop(world.vpc(vpc).vswitches.pop_last()),
        13 if routed => world.table(region).routes.push(transit_route(net("0.0.0.0/0"), PEER, false)),
        14 if tabled => {
            let bits = u8::try_from(20 + at % 13).unwrap();
            let destination = ipnet::Ipv4Net::new("192.168.7.8".parse().unwrap(), bits).unwrap().trunc();
            world.routes(vpc).push(vpc_route("rte-x", destination, NextHop::Other("Instance i-9".to_owned())));
        }
        15 => world.sources.truncate(at % 3),
        16 if readable => {
            // An ACL that may tell addresses of one vSwitch apart, before the load balancer or before the backends.
            let cidr = net(if at < 16 { "0.0.0.0/0" } else { "192.168.7.0/25" });
            let entries = vec![AclEntry { protocol: "all".to_owned(), ports: None, cidr, accept: at % 4 < 2 }];
            let acl = NetworkAcl { id: "nacl-1".into(), ingress: entries.clone(), egress: entries };
            world.topology.network_acls.insert("nacl-1".into(), known(Some(acl)));
            world.vpc(vpc).vswitches.values_mut().for_each(|vswitch| vswitch.network_acl = Some("nacl-1".into()));
        }
        _ => {}
    }
}

fn group(world: &World) -> SecurityGroup {
    world.topology.security_group(&"sg-1".into()).unwrap().clone()
}

/// An instance in either vSwitch, or in none as far as its address tells, with one of several sets of groups.
fn host_of(at: usize, (host, groups, first, astray): (u8, usize, bool, bool)) -> Instance {
    let third = if first == astray { 7 } else { 8 };
    let mut instance = instance(&format!("i-{at}"), &format!("192.168.{third}.{host}"));
    instance.vswitch = if first { "vpc-2-vsw-0" } else { "vpc-2-vsw-1" }.into();
    let groups: &[&str] = [&["sg-1"][..], &["sg-1", "sg-2"], &["sg-2"], &[]][groups];
    instance.security_groups = groups.iter().map(|group| (*group).into()).collect();
    instance
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_damaged_world_gets_one_consistent_answer(
        classic in any::<bool>(),
        pieces in prop::collection::vec((0_u8..17, 0_usize..32), 0..6),
        hosts in prop::collection::vec((0_u8..=255, 0_usize..4, any::<bool>(), any::<bool>()), 1..8),
    ) {
        let mut world = World::complete(if classic { Generation::Classic } else { Generation::Upgraded });
        world.routes("vpc-1").push(vpc_route("rte-8", net("192.168.8.0/24"), NextHop::Attachment(NEAR.into())));
        let empty = SecurityGroup { id: "sg-2".into(), rules: Vec::new(), ..group(&world) };
        world.topology.security_groups.insert("sg-2".into(), known(Some(empty)));
        for (kind, at) in pieces {
            damage(&mut world, kind, at);
        }
        let instances: Vec<_> = hosts.iter().enumerate().map(|(at, host)| host_of(at, *host)).collect();
        let many = verdicts(&world.topology, &world.load_balancer_vpc, &world.sources, &world.ports, &instances);
        prop_assert_eq!(many.len(), instances.len());
        for instance in instances {
            world.instance = instance;
            let one = world.explain();
            prop_assert_eq!(&many[&world.instance.id], &one.verdict);
            let whole = one.forward.fault.is_none() && one.back.fault.is_none();
            prop_assert_eq!(one.verdict == Verdict::Reachable, whole, "{:?}", one);
            for path in [&one.forward, &one.back] {
                let ends = path.fault.as_ref().map(|fault| fault.hop);
                prop_assert!(ends.is_none_or(|hop| hop == path.hops.len().checked_sub(1)), "{:?}", path);
            }
        }
    }

    #[test]
    fn what_is_added_elsewhere_changes_nothing(destination in 0_u32..=0x00ff_ffff, bits in 9_u8..=32) {
        // Prefixes of 11.0.0.0/8 are on nobody's way.
        let elsewhere = ipnet::Ipv4Net::new((0x0b00_0000 | destination).into(), bits).unwrap().trunc();
        let mut world = World::complete(Generation::Classic);
        for vpc in ["vpc-1", "vpc-2"] {
            world.routes(vpc).push(vpc_route("rte-x", elsewhere, NextHop::Other("Instance i-9".to_owned())));
        }
        world.table("cn-chengdu").routes.push(transit_route(elsewhere, "tr-attach-9", false));
        world.rules().push(crate::world::rule("sgr-x", elsewhere, false, 1));
        prop_assert_eq!(world.verdict(), Verdict::Reachable);
    }
}

#[test]
fn ten_thousand_instances_share_the_work() {
    let world = World::complete(Generation::Classic);
    let instances: Vec<_> =
        (0..10_000_u32).map(|at| instance(&format!("i-{at}"), &format!("192.168.7.{}", at % 256))).collect();
    let all = verdicts(&world.topology, &world.load_balancer_vpc, &world.sources, &world.ports, &instances);
    assert_eq!(all.len(), 10_000);
    assert!(all.values().all(|verdict| *verdict == Verdict::Reachable));
}
