//! A packet arrives, there and back, when every piece of the procedure is in place; without any one of them it dies
//! where that piece is missing.

use std::net::Ipv4Addr;

use super::path::{Direction, Fault, Place, Source, Trace, Verdict};
use crate::call::Service;
use crate::services::alb::bench::{Bench, FAR, NEAR, Piece, SERVER};
use crate::state::alb::Generation;

fn trace_to(bench: &Bench, address: &str, port: u16) -> Trace {
    let source = Source { vpc: &bench.near_vpc, address: bench.source() };
    bench.world.trace(bench.now, source, address.parse().unwrap(), port)
}

fn trace(bench: &Bench) -> Trace {
    trace_to(bench, SERVER, 80)
}

fn fault(bench: &Bench) -> Fault {
    match trace(bench).verdict {
        Verdict::Lost(fault) => fault,
        arrived => panic!("the packet should be lost: {arrived:?}"),
    }
}

/// Which way the packet went when it died, and how many tables had been looked at.
fn death(generation: Generation, without: Piece) -> (Fault, Direction, usize) {
    let trace = trace(&Bench::joined(generation, Some(without)));
    let Verdict::Lost(fault) = trace.verdict else { panic!("{without:?} was not needed: {trace:?}") };
    let direction = trace.hops.last().map_or(Direction::Forward, |hop| hop.direction);
    (fault, direction, trace.hops.len())
}

#[test]
fn with_every_piece_a_packet_of_either_generation_comes_back() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let bench = Bench::joined(generation, None);
        let trace = trace(&bench);
        assert_eq!(trace.verdict, Verdict::Answered { instance: bench.instance.clone() }, "{generation:?}");
        let there = trace.hops.iter().filter(|hop| hop.direction == Direction::Forward).count();
        // VPC1, its transit router, the far one, VPC2; and the same four back.
        assert_eq!((there, trace.hops.len()), (4, 8));
        let first = &trace.hops[0];
        assert_eq!(first.place, Place::Vpc { vpc: bench.near_vpc.clone(), table: bench.near_table.clone() });
        assert_eq!(first.matched.unwrap().to_string(), "192.168.7.0/24");
    }
}

#[test]
fn before_the_procedure_the_first_table_knows_no_way() {
    let bench = Bench::apart(Generation::Upgraded);
    let trace = trace(&bench);
    assert!(matches!(trace.verdict, Verdict::Lost(Fault::NoRoute { ref table, .. }) if *table == bench.near_table));
    assert_eq!(trace.hops.len(), 1);
}

#[test]
fn each_missing_piece_on_the_way_there_kills_the_packet_at_its_hop() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        for (piece, hops) in [
            (Piece::NearRoute, 1),
            (Piece::NearAssociation, 1),
            (Piece::Connection, 2),
            (Piece::Publishing, 2),
            (Piece::NearConnectionPropagation, 2),
            (Piece::FarPropagation, 2),
            (Piece::Bandwidth, 2),
        ] {
            let (_, direction, died) = death(generation, piece);
            assert_eq!((direction, died), (Direction::Forward, hops), "{generation:?} without {piece:?}");
        }
        let unlinked = death(generation, Piece::FarConnectionAssociation);
        // Without the association nothing is propagated to the near side either (section 14).
        assert!(matches!(unlinked, (Fault::NoRoute { .. }, Direction::Forward, 2)), "{unlinked:?}");
    }
}

#[test]
fn each_missing_piece_on_the_way_back_kills_the_answer_at_its_hop() {
    let there = 4;
    for generation in [Generation::Upgraded, Generation::Classic] {
        for (piece, back) in [(Piece::FarRoute, 1), (Piece::FarAssociation, 1), (Piece::FarConnectionPropagation, 2)] {
            let (_, direction, died) = death(generation, piece);
            assert_eq!((direction, died), (Direction::Return, there + back), "{generation:?} without {piece:?}");
        }
        let unlinked = death(generation, Piece::NearConnectionAssociation);
        assert!(matches!(unlinked, (Fault::NoRoute { .. }, Direction::Return, 6)), "{unlinked:?}");
    }
    // The near VPC's own prefixes are advertised only if it propagates; a classic load balancer's never are.
    assert!(matches!(
        death(Generation::Upgraded, Piece::NearPropagation),
        (Fault::NoRoute { .. }, Direction::Return, 6)
    ));
    assert!(matches!(death(Generation::Classic, Piece::TransitRoute), (Fault::NoRoute { .. }, Direction::Return, 6)));
}

#[test]
fn without_back_to_origin_routes_the_service_route_swallows_a_classic_answer() {
    let bench = Bench::joined(Generation::Classic, Some(Piece::FarRoute));
    assert_eq!(fault(&bench), Fault::Swallowed { vpc: bench.far_vpc.clone(), address: bench.source() });
}

#[test]
fn the_server_itself_decides_last() {
    let bench = Bench::joined(Generation::Upgraded, Some(Piece::Rule));
    assert_eq!(fault(&bench), Fault::SecurityGroups { groups: vec![bench.group.clone()], rule: None });
    let bench = Bench::joined(Generation::Upgraded, Some(Piece::Instance));
    assert_eq!(fault(&bench), Fault::NotRunning { instance: bench.instance.clone() });
}

#[test]
fn a_closed_port_refuses_and_a_free_address_is_silent() {
    let mut bench = Bench::joined(Generation::Upgraded, None);
    let group = bench.group.clone();
    bench.rule(&group, "172.16.0.0/24", "81/81", "accept", "1");
    assert_eq!(trace_to(&bench, SERVER, 81).verdict, Verdict::Refused { instance: bench.instance.clone() });
    let nobody = Fault::NobodyThere { vpc: bench.far_vpc.clone(), address: Ipv4Addr::new(192, 168, 7, 77) };
    assert_eq!(trace_to(&bench, "192.168.7.77", 80).verdict, Verdict::Lost(nobody));
}

#[test]
fn a_drop_of_the_same_or_a_smaller_priority_wins_over_all_groups() {
    for (priority, lost) in [("51", false), ("50", true), ("1", true)] {
        let mut bench = Bench::joined(Generation::Upgraded, None);
        let vpc = bench.far_vpc.clone();
        let second = bench.security_group(FAR, &vpc);
        let instance = bench.instance.clone();
        bench.must(Service::Ecs, FAR, "JoinSecurityGroup", &[("InstanceId", &instance), ("SecurityGroupId", &second)]);
        bench.rule(&second, "172.16.0.0/12", "1/65535", "drop", priority);
        assert_eq!(matches!(trace(&bench).verdict, Verdict::Lost(Fault::SecurityGroups { rule: Some(_), .. })), lost);
    }
}

#[test]
fn a_custom_table_on_the_servers_vswitch_breaks_the_way_back() {
    let mut bench = Bench::joined(Generation::Upgraded, None);
    let (vpc, switch) = (bench.far_vpc.clone(), bench.far_switches[1].clone());
    let table = bench.made(Service::Vpc, FAR, "CreateRouteTable", &[("VpcId", &vpc)], "RouteTableId");
    bench.must(Service::Vpc, FAR, "AssociateRouteTable", &[("RouteTableId", &table), ("VSwitchId", &switch)]);
    assert_eq!(fault(&bench), Fault::NoRoute { table, address: bench.source() });
}

#[test]
fn a_server_in_the_load_balancers_own_vpc_needs_only_its_rule() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let mut bench = Bench::apart(generation);
        let (vpc, switch) = (bench.near_vpc.clone(), bench.near_switches[0].clone());
        let group = bench.security_group(NEAR, &vpc);
        bench.must(
            Service::Ecs,
            NEAR,
            "AuthorizeSecurityGroup",
            &[
                ("SecurityGroupId", &group),
                ("Permissions.1.IpProtocol", "ALL"),
                ("Permissions.1.PortRange", "-1/-1"),
                ("Permissions.1.SourceCidrIp", "0.0.0.0/0"),
            ],
        );
        let instance = bench.instance(NEAR, &switch, &group, "172.16.0.99");
        let trace = trace_to(&bench, "172.16.0.99", 80);
        assert_eq!(trace.verdict, Verdict::Answered { instance }, "{generation:?}");
        assert_eq!(trace.hops.len(), 2);
    }
}

#[test]
fn network_acls_are_stateless_and_judge_the_answer_too() {
    for (direction, end, port, inbound) in
        [("Ingress", "SourceCidrIp", "80/80", true), ("Egress", "DestinationCidrIp", "1024/65535", false)]
    {
        let mut bench = Bench::joined(Generation::Upgraded, None);
        let (vpc, switch) = (bench.far_vpc.clone(), bench.far_switches[1].clone());
        let acl = bench.made(Service::Vpc, FAR, "CreateNetworkAcl", &[("VpcId", &vpc)], "NetworkAclId");
        bench.must(
            Service::Vpc,
            FAR,
            "AssociateNetworkAcl",
            &[("NetworkAclId", &acl), ("Resource.1.ResourceId", &switch), ("Resource.1.ResourceType", "VSwitch")],
        );
        assert!(matches!(trace(&bench).verdict, Verdict::Answered { .. }), "a new ACL accepts everything");
        let field = |name: &str| format!("{direction}AclEntries.1.{name}");
        let update = format!("Update{direction}AclEntries");
        bench.must(
            Service::Vpc,
            FAR,
            "UpdateNetworkAclEntries",
            &[
                ("NetworkAclId", &acl),
                (&update, "true"),
                (&field("Policy"), "drop"),
                (&field("Protocol"), "tcp"),
                (&field("Port"), port),
                (&field(end), "172.16.0.0/12"),
            ],
        );
        assert_eq!(fault(&bench), Fault::Acl { vswitch: switch, inbound });
    }
}

#[test]
fn an_acl_on_the_load_balancers_vswitch_comes_first_and_last() {
    let mut bench = Bench::joined(Generation::Upgraded, None);
    let (vpc, switch) = (bench.near_vpc.clone(), bench.near_switches[0].clone());
    let acl = bench.made(Service::Vpc, NEAR, "CreateNetworkAcl", &[("VpcId", &vpc)], "NetworkAclId");
    let on =
        [("NetworkAclId", acl.as_str()), ("Resource.1.ResourceId", &switch), ("Resource.1.ResourceType", "VSwitch")];
    bench.must(Service::Vpc, NEAR, "AssociateNetworkAcl", &on);
    let full = trace(&bench).hops.len();
    for (list, end, inbound, hops) in
        [("Ingress", "SourceCidrIp", true, full), ("Egress", "DestinationCidrIp", false, 0)]
    {
        let field = |name: &str| format!("{list}AclEntries.1.{name}");
        let (policy, protocol, port, end) = (field("Policy"), field("Protocol"), field("Port"), field(end));
        let update = [
            ("NetworkAclId", acl.as_str()),
            (&*format!("Update{list}AclEntries"), "true"),
            (&policy, "drop"),
            (&protocol, "all"),
            (&port, "-1/-1"),
            (&end, "192.168.0.0/16"),
        ];
        bench.must(Service::Vpc, NEAR, "UpdateNetworkAclEntries", &update);
        assert_eq!(fault(&bench), Fault::Acl { vswitch: switch.clone(), inbound });
        assert_eq!(trace(&bench).hops.len(), hops, "how far the packet, or its answer, came before");
    }
}
