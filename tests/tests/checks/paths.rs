//! Faults on a packet's path that block no network change.

use emulator::call::Service;
use onboarding::Code;

use crate::attachments::FREE;
use crate::case::Case;

checks! {
    a_black_hole_of_others: Case::new(Code::Blackhole)
        .after(|console| {
            let params = [
                ("TransitRouterRouteTableId", "vtb-tr-chengdu"),
                ("TransitRouterRouteEntryDestinationCidrBlock", "192.168.7.0/24"),
                ("TransitRouterRouteEntryNextHopType", "BlackHole"),
            ];
            console.act(Service::Cbn, "cn-chengdu", "CreateTransitRouterRouteEntry", &params);
        })
        .wait(30)
        .leaves(FREE)
        .blocks(&["member i-ecs1"])
        .carries(Code::PathNotOpen, &["member i-ecs1"]);

    a_network_acl_that_drops_answers: Case::new(Code::NetworkAcl)
        .after(|console| {
            let made = console.act(Service::Vpc, "cn-hangzhou", "CreateNetworkAcl", &[("VpcId", "vpc-2")]);
            let acl = made["NetworkAclId"].as_str().unwrap();
            let drop = [
                ("NetworkAclId", acl),
                ("UpdateEgressAclEntries", "true"),
                ("EgressAclEntries.1.Policy", "drop"),
                ("EgressAclEntries.1.Protocol", "all"),
                ("EgressAclEntries.1.Port", "-1/-1"),
                ("EgressAclEntries.1.DestinationCidrIp", "172.16.0.0/12"),
            ];
            console.act(Service::Vpc, "cn-hangzhou", "UpdateNetworkAclEntries", &drop);
            let bind = [("NetworkAclId", acl), ("Resource.1.ResourceId", "vsw-4"), ("Resource.1.ResourceType", "VSwitch")];
            console.act(Service::Vpc, "cn-hangzhou", "AssociateNetworkAcl", &bind);
        })
        .wait(30)
        .leaves(FREE)
        .blocks(&["member i-ecs1"])
        .carries(Code::PathNotOpen, &["member i-ecs1"]);
}
