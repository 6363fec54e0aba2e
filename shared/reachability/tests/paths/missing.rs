//! Each piece of a complete world taken away or unread, and the code that says so.

use onboarding::inputs::Verdict;
use onboarding::reason::Code;
use onboarding::topology::Generation::{Classic, Upgraded};
use onboarding::topology::{Known, NextHop, TransitRouterStatus, TransitRouterType};
use reachability::Remedy;

use crate::world::{FAR, NEAR, PEER, World, known, net, transit_route, vpc_route};

/// Takes one piece away from a complete world.
pub(crate) type Removal = fn(&mut World);

/// The attachment of a VPC that the binding does not name, to TR1.
const OTHERS: &str = "tr-attach-9";

fn stranger(world: &mut World) {
    let mut found = world.attachments()[0].clone();
    (found.id, found.vpc) = (OTHERS.into(), "vpc-9".into());
    world.topology.context.strangers.push(found);
}

fn unknown<T>() -> Known<T> {
    Known::Failed("throttled".to_owned())
}

/// The pieces, each with the code of a world without it.
pub(crate) const PIECES: &[(&str, Code, Removal)] = &[
    ("route in VPC1", Code::NoRoute, |w| w.routes("vpc-1").retain(|route| !custom(&route.next_hop))),
    ("route in VPC1 not available yet", Code::NoRoute, |w| {
        w.routes("vpc-1")
            .iter_mut()
            .filter(|route| custom(&route.next_hop))
            .for_each(|route| route.status = "Pending".into());
    }),
    ("route in VPC1 to the wrong attachment", Code::WrongNextHop, |w| {
        w.routes("vpc-1")
            .iter_mut()
            .filter(|route| custom(&route.next_hop))
            .for_each(|route| route.next_hop = NextHop::Attachment(FAR.into()));
    }),
    ("route in VPC1 to something else", Code::WrongNextHop, |w| {
        w.routes("vpc-1")
            .iter_mut()
            .filter(|route| custom(&route.next_hop))
            .for_each(|route| route.next_hop = NextHop::Other("NatGateway ngw-1".to_owned()));
    }),
    ("attachment of VPC1", Code::NotAttached, |w| {
        w.attachments().retain(|attachment| attachment.id.as_str() != NEAR);
    }),
    ("attachment of VPC1 on the way", Code::AttachmentNotReady, |w| {
        w.attachments()[0].status = "Attaching".into();
    }),
    ("transit router in Chengdu", Code::TransitRouterMissing, |w| {
        w.topology.transit_routers.insert("cn-chengdu".into(), known(None));
    }),
    ("transit router of Basic Edition", Code::TransitRouterBasic, |w| {
        w.router("cn-chengdu").kind = TransitRouterType::Basic;
    }),
    ("transit router not active", Code::TransitRouterNotReady, |w| {
        w.router("cn-chengdu").status = TransitRouterStatus::Creating;
    }),
    ("association of VPC1", Code::NotAssociated, |w| drop(w.table("cn-chengdu").associations.remove(NEAR))),
    ("association of VPC1 on the way", Code::NotAssociated, |w| {
        w.table("cn-chengdu").associations.insert(NEAR.into(), "Associating".into());
    }),
    ("what TR1 learned from the connection", Code::NotLearned, |w| {
        w.table("cn-chengdu").routes.retain(|route| route.next_hop.as_ref().is_none_or(|hop| hop.as_str() != PEER));
    }),
    ("connection", Code::NotAttached, |w| {
        w.peers().clear();
        for region in ["cn-chengdu", "cn-hangzhou"] {
            let table = w.table(region);
            table.routes.retain(|route| route.next_hop.as_ref().is_none_or(|hop| hop.as_str() != PEER));
        }
    }),
    ("connection on the way", Code::AttachmentNotReady, |w| w.peers()[0].status = "Attaching".into()),
    ("bandwidth of the connection", Code::Bandwidth, |w| w.peers()[0].bandwidth = Some(0)),
    ("association of the connection in Hangzhou", Code::NotAssociated, |w| {
        drop(w.table("cn-hangzhou").associations.remove(PEER));
    }),
    ("association of the connection in Chengdu", Code::NotAssociated, |w| {
        drop(w.table("cn-chengdu").associations.remove(PEER));
    }),
    ("what TR2 learned from VPC2", Code::NotLearned, |w| {
        w.table("cn-hangzhou").routes.retain(|route| route.next_hop.as_ref().is_none_or(|hop| hop.as_str() != FAR));
    }),
    ("attachment of VPC2", Code::NotAttached, |w| {
        w.attachments().retain(|attachment| attachment.id.as_str() != FAR);
    }),
    ("attachment of VPC2 on the way", Code::AttachmentNotReady, |w| {
        w.attachments()[1].status = "Attaching".into();
    }),
    ("association of VPC2", Code::NotAssociated, |w| drop(w.table("cn-hangzhou").associations.remove(FAR))),
    ("what TR2 learned from the connection", Code::NotLearned, |w| {
        w.table("cn-hangzhou").routes.retain(|route| route.next_hop.as_ref().is_none_or(|hop| hop.as_str() != PEER));
    }),
    ("security rules", Code::NotAllowed, |w| w.rules().clear()),
    ("security group", Code::GroupMissing, |w| drop(w.topology.security_groups.insert("sg-1".into(), known(None)))),
    ("VPC2", Code::VpcMissing, |w| drop(w.topology.vpcs.insert("vpc-2".into(), known(None)))),
    ("vSwitch of the instance", Code::NoRoute, |w| {
        w.instance.address = Some("192.168.9.9".parse().unwrap());
        w.routes("vpc-1").push(vpc_route("rte-9", net("192.168.9.0/24"), NextHop::Attachment(NEAR.into())));
        w.table("cn-chengdu").routes.push(transit_route(net("192.168.9.0/24"), PEER, true));
        w.table("cn-hangzhou").routes.push(transit_route(net("192.168.9.0/24"), FAR, true));
    }),
    ("black hole in TR1", Code::Blackhole, |w| {
        let mut hole = transit_route(net("192.168.7.0/24"), PEER, false);
        hole.next_hop = None;
        w.table("cn-chengdu").routes.push(hole);
    }),
    ("static route of TR1 back to VPC1", Code::WrongNextHop, |w| {
        w.table("cn-chengdu").routes.push(transit_route(net("192.168.7.0/24"), NEAR, false));
    }),
    ("loop between the transit routers", Code::WrongNextHop, |w| {
        w.table("cn-hangzhou").routes.push(transit_route(net("192.168.7.0/24"), PEER, false));
    }),
    ("prefix of VPC2 taught by a VPC of others", Code::CidrOverlap, |w| {
        stranger(w);
        w.table("cn-chengdu").routes.retain(|route| route.destination != net("192.168.7.0/24"));
        w.table("cn-chengdu").routes.push(transit_route(net("192.168.7.0/24"), OTHERS, true));
    }),
    ("longer prefix of VPC2 taught by a VPC of others", Code::CidrOverlap, |w| {
        stranger(w);
        w.table("cn-chengdu").routes.push(transit_route(net("192.168.7.0/28"), OTHERS, true));
    }),
    ("static route of TR1 to a VPC of others", Code::WrongNextHop, |w| {
        stranger(w);
        w.table("cn-chengdu").routes.push(transit_route(net("192.168.7.0/24"), OTHERS, false));
    }),
    ("default route of TR1 to a VPC of others", Code::WrongNextHop, |w| {
        stranger(w);
        w.table("cn-chengdu").routes.retain(|route| route.destination != net("192.168.7.0/24"));
        w.table("cn-chengdu").routes.push(transit_route(net("0.0.0.0/0"), OTHERS, true));
    }),
    ("prefix of VPC1 taught by a VPC of others", Code::CidrOverlap, |w| {
        stranger(w);
        for source in w.sources.clone() {
            w.table("cn-chengdu").routes.retain(|route| route.destination != source);
            w.table("cn-chengdu").routes.push(transit_route(source, OTHERS, true));
        }
    }),
    ("prefix of VPC2 also in VPC1", Code::CidrOverlap, |w| {
        w.vpc("vpc-1").vswitches.values_mut().for_each(|vswitch| vswitch.cidr = net("192.168.7.0/24"));
    }),
];

#[test]
fn each_missing_piece_has_its_code() {
    for generation in [Upgraded, Classic] {
        for (piece, code, remove) in PIECES {
            let mut world = World::complete(generation);
            remove(&mut world);
            assert_eq!(world.broken(), Some(*code), "{generation:?} without {piece}: {:?}", world.verdict());
        }
    }
}

#[test]
fn the_way_back_differs_by_generation() {
    let cases: &[(&str, Code, Code, Removal)] = &[
        ("routes in VPC2", Code::NoRoute, Code::Blackhole, |w| {
            w.routes("vpc-2").retain(|route| !custom(&route.next_hop));
        }),
        ("way from TR1 to VPC1", Code::NotLearned, Code::NoRoute, |w| {
            w.table("cn-chengdu").routes.retain(|route| route.next_hop.as_ref().is_none_or(|hop| hop.as_str() != NEAR));
        }),
    ];
    for (piece, upgraded, classic, remove) in cases {
        for (generation, code) in [(Upgraded, upgraded), (Classic, classic)] {
            let mut world = World::complete(generation);
            remove(&mut world);
            let answer = world.explain();
            assert_eq!(world.broken(), Some(*code), "{generation:?} without {piece}");
            assert!(answer.forward.fault.is_none(), "{generation:?} without {piece}: forward is whole");
            assert_eq!(answer.back.fault.map(|fault| fault.reason.code), Some(*code));
        }
    }
}

/// Waiting would mend nothing: the far table's own entry leads back.
#[test]
fn an_entry_that_leads_back_over_the_connection_is_the_fault() {
    let mut world = World::complete(Upgraded);
    let astray = |w: &mut World| {
        w.table("cn-chengdu").routes.retain(|route| route.next_hop.as_ref().is_none_or(|hop| hop.as_str() != PEER));
        let table = w.table("cn-hangzhou");
        let entry = table.routes.iter_mut().find(|route| route.destination == net("192.168.7.0/24"));
        let entry = entry.unwrap();
        (entry.propagated, entry.id, entry.next_hop) = (false, Some("tr-rte-astray".into()), Some(PEER.into()));
    };
    astray(&mut world);
    assert_eq!(world.broken(), Some(Code::WrongNextHop), "{:?}", world.verdict());
    let fault = world.explain().forward.fault.unwrap();
    assert_eq!(fault.reason.resource, "tr-rte-astray");
    assert!(fault.reason.message.contains("back over tr-attach-peer"), "{fault:?}");
    assert!(matches!(fault.remedy, Remedy::Operator(_)), "{fault:?}");
}

#[test]
fn a_fault_names_what_should_have_taught_the_table() {
    let forget = |w: &mut World| {
        w.table("cn-hangzhou").routes.retain(|route| route.next_hop.as_ref().is_none_or(|hop| hop.as_str() != PEER));
    };
    let message = |w: &World| match w.verdict() {
        Verdict::Unreachable(reason) => reason.message,
        other => format!("{other:?}"),
    };
    let mut world = World::complete(Classic);
    forget(&mut world);
    assert!(message(&world).ends_with("tr-attach-peer has not taught it yet."), "{}", message(&world));
    world.table("cn-hangzhou").propagations.insert(PEER.into(), "Enabling".into());
    assert!(message(&world).ends_with("propagation from tr-attach-peer is Enabling."), "{}", message(&world));
    world.table("cn-hangzhou").propagations.remove(PEER);
    assert!(message(&world).ends_with("tr-attach-peer does not propagate to it."), "{}", message(&world));
    world.peers()[0].auto_publish = false;
    assert!(message(&world).ends_with("tr-attach-peer does not publish routes."), "{}", message(&world));
}

#[test]
fn one_source_without_a_way_back_is_ambiguous() {
    let mut world = World::complete(Classic);
    world.routes("vpc-2").pop();
    assert_eq!(world.ambiguous(), Some(Code::Blackhole));
    let answer = world.explain();
    assert_eq!(answer.back.destination, net("100.122.176.0/26"), "the way back shown is the one with the fault");
    let good = answer.sources.iter().filter(|source| source.verdict == Verdict::Reachable).count();
    assert_eq!(good, 2);
}

#[test]
fn a_longer_route_that_takes_part_of_a_source_elsewhere_is_ambiguous() {
    let mut world = World::complete(Upgraded);
    world.routes("vpc-2").push(vpc_route("rte-part", net("172.16.0.0/28"), NextHop::Other("Instance i-9".to_owned())));
    assert_eq!(world.ambiguous(), Some(Code::RouteShadowed));
}

#[test]
fn a_longer_route_forward_matters_to_the_instances_it_covers() {
    let mut world = World::complete(Upgraded);
    world.routes("vpc-1").push(vpc_route(
        "rte-part",
        net("192.168.7.128/25"),
        NextHop::Other("Instance i-9".to_owned()),
    ));
    assert_eq!(world.verdict(), Verdict::Reachable);
    world.instance.address = Some("192.168.7.200".parse().unwrap());
    assert_eq!(world.broken(), Some(Code::WrongNextHop));
}

#[test]
fn what_was_not_read_leaves_the_answer_open() {
    let cases: &[(&str, Removal)] = &[
        ("vpc-1", |w| drop(w.topology.vpcs.insert("vpc-1".into(), unknown()))),
        ("vpc-2", |w| drop(w.topology.vpcs.remove("vpc-2"))),
        ("cn-hangzhou", |w| drop(w.topology.transit_routers.insert("cn-hangzhou".into(), unknown()))),
        ("VPC attachments", |w| w.topology.vpc_attachments = unknown()),
        ("Inter-region connections", |w| w.topology.peer_attachments = unknown()),
        ("sg-1", |w| drop(w.topology.security_groups.insert("sg-1".into(), unknown()))),
        ("acl-1", |w| {
            w.vpc("vpc-2").vswitches.values_mut().for_each(|vswitch| vswitch.network_acl = Some("acl-1".into()));
        }),
        ("i-1", |w| w.instance.address = None),
        ("vpc-2", |w| {
            w.vpc("vpc-2").vswitches.values_mut().for_each(|vswitch| vswitch.table = Some("vtb-unread".into()));
        }),
    ];
    for generation in [Upgraded, Classic] {
        for (resource, remove) in cases {
            let mut world = World::complete(generation);
            remove(&mut world);
            assert_eq!(world.unread().as_deref(), Some(*resource), "{generation:?}: {:?}", world.verdict());
        }
    }
}

#[test]
fn without_source_prefixes_nothing_is_claimed() {
    let mut world = World::complete(Classic);
    world.sources.clear();
    let Verdict::Undetermined(reason) = world.verdict() else { panic!("{:?}", world.verdict()) };
    assert_eq!(reason.code, Code::BackToOriginMissing);
}

fn custom(next_hop: &NextHop) -> bool {
    matches!(next_hop, NextHop::Attachment(_))
}

#[test]
fn answers_that_the_load_balancers_vpc_sends_away_again_go_in_circles() {
    let mut world = World::complete(Classic);
    let source = world.sources[0];
    world.routes("vpc-1").push(vpc_route("rte-away", source, NextHop::Attachment(NEAR.into())));
    world.sources.truncate(1);
    assert_eq!(world.broken(), Some(Code::WrongNextHop));
    assert!(world.explain().back.hops.len() > 4, "the way in is part of the way");
}

#[test]
fn a_next_hop_that_was_not_read_leaves_the_answer_open() {
    let mut world = World::complete(Upgraded);
    let elsewhere = transit_route(net("192.168.7.0/24"), "tr-attach-third-region", false);
    world.table("cn-chengdu").routes.push(elsewhere);
    assert_eq!(world.unread().as_deref(), Some("tr-attach-third-region"));
}
