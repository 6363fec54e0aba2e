//! Several faults at once: all that are independent of each other are told, and none that follows from another.

use std::collections::BTreeSet;

use onboarding::inputs::Verdict;
use onboarding::reason::Code;
use onboarding::topology::Generation::{Classic, Upgraded};
use onboarding::topology::{AclEntry, Known, NetworkAcl, NextHop};
use reachability::{Explanation, Fault, Path};

use crate::missing::PIECES;
use crate::world::{FAR, NEAR, World, known, net, rule, transit_route, vpc_route};

/// Pieces that other ones are parts of.
const WHOLES: [&str; 6] =
    ["attachment of VPC1", "transit router in Chengdu", "connection", "attachment of VPC2", "security group", "VPC2"];

/// The first faults.
fn first(answer: &Explanation) -> impl Iterator<Item = &Fault> {
    [&answer.forward, &answer.back].into_iter().filter_map(|path| path.fault.as_ref())
}

/// Those behind them.
fn also(answer: &Explanation) -> impl Iterator<Item = &Fault> {
    answer.also.iter().filter_map(|path| path.fault.as_ref())
}

fn kinds<'a>(faults: impl Iterator<Item = &'a Fault>) -> BTreeSet<(Code, &'a str)> {
    faults.map(|fault| (fault.reason.code, fault.reason.resource.as_str())).collect()
}

fn codes<'a>(faults: impl Iterator<Item = &'a Fault>) -> Vec<Code> {
    faults.map(|fault| fault.reason.code).collect()
}

/// A black hole for the instance's vSwitch in the table of the ALB's region.
fn black_hole(world: &mut World) {
    let mut hole = transit_route(net("192.168.7.0/24"), FAR, false);
    hole.next_hop = None;
    world.table("cn-chengdu").routes.push(hole);
}

/// An ACL on the vSwitches of a VPC: requests from `denied` do not pass.
fn deny(world: &mut World, vpc: &str, denied: &str) {
    let entry = |cidr, accept| AclEntry { protocol: "all".to_owned(), ports: None, cidr: net(cidr), accept };
    let ingress = vec![entry(denied, false), entry("0.0.0.0/0", true)];
    let acl = NetworkAcl { id: "nacl-1".into(), ingress, egress: vec![entry("0.0.0.0/0", true)] };
    world.topology.network_acls.insert("nacl-1".into(), known(Some(acl)));
    world.vpc(vpc).vswitches.values_mut().for_each(|vswitch| vswitch.network_acl = Some("nacl-1".into()));
}

fn lose_routes(world: &mut World, vpc: &str) {
    world.routes(vpc).retain(|route| !matches!(route.next_hop, NextHop::Attachment(_)));
}

#[test]
fn every_table_and_filter_of_a_way_tells_its_own_fault() {
    let mut world = World::served(Upgraded);
    black_hole(&mut world);
    deny(&mut world, "vpc-2", "172.16.0.0/12");
    let answer = world.explain();
    assert_eq!(codes(first(&answer)), [Code::Blackhole]);
    assert_eq!(codes(also(&answer)), [Code::NetworkAcl]);
    assert!(answer.also.iter().all(|path| path.fault.as_ref().unwrap().hop == path.hops.len().checked_sub(1)));

    // Everything at once: the route, both transit routers' tables, the bandwidth, the ACL and the groups.
    lose_routes(&mut world, "vpc-1");
    world.table("cn-hangzhou").routes.push(transit_route(net("192.168.7.0/24"), "tr-attach-gone", false));
    let elsewhere = transit_route(net("192.168.7.0/25"), NEAR, false);
    world.table("cn-hangzhou").routes.push(elsewhere);
    world.rules().clear();
    world.peers()[0].bandwidth = Some(0);
    let answer = world.explain();
    assert_eq!(codes(first(&answer)), [Code::NoRoute, Code::Bandwidth]);
    assert_eq!(codes(also(&answer)), [Code::Blackhole, Code::RouteShadowed, Code::NetworkAcl, Code::NotAllowed]);
}

#[test]
fn one_missing_piece_has_no_second_fault() {
    for generation in [Upgraded, Classic] {
        for (piece, _, remove) in PIECES {
            let mut world = World::served(generation);
            remove(&mut world);
            let answer = world.explain();
            let (told, besides) = (kinds(first(&answer)), kinds(also(&answer)));
            assert!(besides.is_subset(&told), "{generation:?} without {piece}: {told:?} and {besides:?}");
        }
    }
}

/// Whatever is told besides is a fault that stays when the other one is mended.
#[test]
fn of_two_missing_pieces_nothing_is_told_that_neither_has_alone() {
    let mut besides = 0;
    for generation in [Upgraded, Classic] {
        for (one, _, remove) in PIECES.iter().filter(|(piece, ..)| !WHOLES.contains(piece)) {
            for (other, _, also_remove) in PIECES {
                let [mut alone, mut neighbour, mut both] = [(); 3].map(|()| World::served(generation));
                remove(&mut alone);
                also_remove(&mut neighbour);
                remove(&mut both);
                also_remove(&mut both);
                let [alone, neighbour, both] = [alone, neighbour, both].map(|world| world.explain());
                let known = kinds(first(&alone).chain(first(&neighbour)));
                let told = kinds(also(&both));
                assert!(told.is_subset(&known), "{generation:?} without {one} and {other}: {told:?}, not {known:?}");
                besides += told.difference(&kinds(first(&both))).count();
            }
        }
    }
    assert!(besides > 100, "{besides}");
}

#[test]
fn each_missing_route_back_is_told() {
    let mut world = World::served(Classic);
    lose_routes(&mut world, "vpc-2");
    let answer = world.explain();
    let told: Vec<&str> = first(&answer).chain(also(&answer)).map(|fault| fault.reason.message.as_str()).collect();
    let named = |source: &ipnet::Ipv4Net| told.iter().any(|message| message.contains(&source.to_string()));
    assert!(told.len() == 3 && world.sources.iter().all(named), "{told:#?}");
    let destinations: Vec<_> = answer.also.iter().map(|path: &Path| path.destination).collect();
    assert_eq!(destinations, world.sources[1..]);
}

#[test]
fn behind_what_is_not_there_nothing_is_told_of_the_network() {
    let mut world = World::served(Upgraded);
    black_hole(&mut world);
    world.attachments().retain(|attachment| attachment.id.as_str() != NEAR);
    world.rules().clear();
    let answer = world.explain();
    assert_eq!(codes(also(&answer)), [Code::NotAllowed], "{:#?}", answer.also);
    // It may change with what overlaps.
    world.vpc("vpc-1").vswitches.values_mut().for_each(|vswitch| vswitch.cidr = net("192.168.7.0/24"));
    assert_eq!(world.explain().also, []);
}

#[test]
fn what_only_takes_time_is_not_told_besides() {
    let mut world = World::served(Upgraded);
    world.rules().clear();
    world.table("cn-hangzhou").routes.retain(|route| route.next_hop.as_ref().is_none_or(|hop| hop.as_str() != FAR));
    lose_routes(&mut world, "vpc-1");
    let answer = world.explain();
    assert_eq!(codes(first(&answer)), [Code::NoRoute]);
    assert_eq!(codes(also(&answer)), [Code::NotAllowed], "{:#?}", answer.also);
    // That nothing teaches it is a fault.
    world.table("cn-hangzhou").propagations.remove(FAR);
    let answer = world.explain();
    assert_eq!(codes(also(&answer)), [Code::NotLearned, Code::NotAllowed], "{:#?}", answer.also);
}

#[test]
fn each_rule_that_drops_is_told_and_a_list_once() {
    let mut world = World::served(Upgraded);
    let both = world.sources.clone();
    let drops = both.iter().enumerate().flat_map(|(at, source)| {
        [1, 2].map(|priority| rule(&format!("sgr-drop-{at}-{priority}"), *source, false, priority))
    });
    world.rules().extend(drops.collect::<Vec<_>>());
    world.ports = vec![80, 8080];
    let answer = world.explain();
    let told: Vec<&str> = first(&answer).chain(also(&answer)).map(|fault| fault.reason.resource.as_str()).collect();
    assert_eq!(told, ["sgr-drop-0-1", "sgr-drop-0-2", "sgr-drop-1-1", "sgr-drop-1-2"]);

    world.rules().clear();
    let answer = world.explain();
    assert_eq!((codes(first(&answer)), answer.also), (vec![Code::NotAllowed], Vec::new()));
}

#[test]
fn what_was_not_read_hides_nothing_and_is_nothing_besides() {
    let mut world = World::served(Upgraded);
    world.topology.vpcs.insert("vpc-1".into(), Known::default());
    // A part of one source.
    deny(&mut world, "vpc-2", "172.16.0.0/25");
    let answer = world.explain();
    assert!(matches!(answer.verdict, Verdict::Undetermined(_)), "{:?}", answer.verdict);
    assert_eq!(codes(also(&answer)), [Code::NetworkAcl]);

    let mut world = World::served(Upgraded);
    world.topology.security_groups.insert("sg-1".into(), Known::default());
    black_hole(&mut world);
    assert_eq!(world.explain().also, []);
}

#[test]
fn a_way_that_is_whole_behind_its_fault_has_no_second_one() {
    let mut world = World::served(Upgraded);
    let nat = NextHop::Other("NatGateway ngw-1".to_owned());
    world.routes("vpc-1").push(vpc_route("rte-nat", net("192.168.7.0/28"), nat));
    let answer = world.explain();
    assert_eq!(codes(first(&answer)), [Code::WrongNextHop]);
    assert_eq!(answer.also, []);
}
