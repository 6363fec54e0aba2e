//! Complete worlds, and what the answer says about them.

use onboarding::inputs::Verdict;
use onboarding::topology::Generation::{Classic, Upgraded};
use onboarding::topology::LinkStatus;
use reachability::Hop;

use crate::world::World;

#[test]
fn both_generations_are_reachable() {
    for generation in [Upgraded, Classic] {
        let world = World::complete(generation);
        let answer = world.explain();
        assert_eq!(answer.verdict, Verdict::Reachable, "{generation:?}");
        assert_eq!(answer.sources.len(), world.sources.len());
        assert!(answer.forward.fault.is_none() && answer.back.fault.is_none());
    }
}

#[test]
fn the_way_is_told_hop_by_hop() {
    let mut world = World::complete(Classic);
    world.sources.truncate(1);
    world.ports.truncate(1);
    let answer = world.explain();
    assert_eq!(
        answer.forward.to_string(),
        "vpc-1: system table vtb-vpc-1 sends 192.168.7.0/24 by 192.168.7.0/24 to tr-attach-1\n\
         tr-attach-1 joins vpc-1 and tr-1\n\
         tr-1: table vtb-tr-1 sends 192.168.7.0/24 by learned 192.168.7.0/24 to tr-attach-peer\n\
         tr-attach-peer carries it from cn-chengdu to cn-hangzhou\n\
         tr-2: table vtb-tr-2 sends 192.168.7.0/24 by learned 192.168.7.0/24 to tr-attach-2\n\
         tr-attach-2 joins vpc-2 and tr-2\n\
         sg-1: rule sgr-0 (priority 90) accepts 100.117.130.0/25 on port 80\n\
         vpc-2: 192.168.7.0/24 is in vpc-2-vsw-1\n"
    );
    assert_eq!(
        answer.back.to_string(),
        "vpc-2: system table vtb-vpc-2 sends 100.117.130.0/25 by 100.117.130.0/25 to tr-attach-2\n\
         tr-attach-2 joins vpc-2 and tr-2\n\
         tr-2: table vtb-tr-2 sends 100.117.130.0/25 by learned 100.117.130.0/25 to tr-attach-peer\n\
         tr-attach-peer carries it from cn-hangzhou to cn-chengdu\n\
         tr-1: table vtb-tr-1 sends 100.117.130.0/25 by static 100.117.130.0/25 to tr-attach-1\n\
         tr-attach-1 joins vpc-1 and tr-1\n\
         vpc-1: hands 100.117.130.0/25 to the load balancer\n"
    );
}

#[test]
fn an_answer_is_data() {
    let answer = serde_json::to_value(World::complete(Upgraded).explain()).unwrap();
    assert_eq!(answer["verdict"]["verdict"], "reachable");
    assert_eq!(answer["sources"][0]["source"], "172.16.0.0/24");
    assert_eq!(answer["sources"][0]["verdict"], "reachable");
    assert_eq!(answer["forward"]["hops"][0]["hop"], "vpcTable");
    assert_eq!(answer["forward"]["hops"][1]["transitRouter"], "tr-1");
}

#[test]
fn two_vpcs_of_one_region_need_no_connection() {
    let mut world = World::complete(Upgraded);
    // Both VPCs on one transit router: VPC2 moves to Chengdu.
    world.topology.peer_attachments = crate::world::known(Vec::new());
    world.topology.transit_routers.remove("cn-hangzhou");
    world.vpc("vpc-2").region = "cn-chengdu".into();
    let far = &mut world.attachments()[1];
    (far.region, far.transit_router) = ("cn-chengdu".into(), "tr-1".into());
    let table = world.table("cn-chengdu");
    table.associations.insert(crate::world::FAR.into(), LinkStatus::Active);
    for route in &mut table.routes {
        if route.next_hop.as_ref().is_some_and(|hop| hop.as_str() == crate::world::PEER) {
            route.next_hop = Some(crate::world::FAR.into());
        }
    }
    let answer = world.explain();
    assert_eq!(answer.verdict, Verdict::Reachable);
    assert!(!answer.forward.hops.iter().any(|hop| matches!(hop, Hop::Peer { .. })));
}

#[test]
fn a_custom_table_of_the_vswitch_is_followed() {
    let mut world = World::complete(Upgraded);
    let vpc = world.vpc("vpc-2");
    let mut custom = vpc.tables.values().next().unwrap().clone();
    (custom.id, custom.system) = ("vtb-custom".into(), false);
    vpc.vswitches.get_mut("vpc-2-vsw-1").unwrap().table = Some("vtb-custom".into());
    vpc.tables.insert("vtb-custom".into(), custom);
    for table in vpc.tables.values_mut().filter(|table| table.system) {
        table.routes.clear();
    }
    let answer = world.explain();
    assert_eq!(answer.verdict, Verdict::Reachable);
    assert!(answer.back.to_string().starts_with("vpc-2: custom table vtb-custom sends"), "{}", answer.back);
}
