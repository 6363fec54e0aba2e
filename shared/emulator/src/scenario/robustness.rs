//! Random calls in random order are answered or refused: nothing panics, and no call is half done.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::bench::{Bench, FAR, FAR_ATTACHMENT, NEAR, NEAR_ATTACHMENT};
use crate::call::Service;

/// Actions of the three services that write, and a few that read.
const ACTIONS: [(Service, &str); 40] = [
    (Service::Vpc, "CreateVpc"),
    (Service::Vpc, "DeleteVpc"),
    (Service::Vpc, "CreateVSwitch"),
    (Service::Vpc, "DeleteVSwitch"),
    (Service::Vpc, "CreateRouteTable"),
    (Service::Vpc, "DeleteRouteTable"),
    (Service::Vpc, "AssociateRouteTable"),
    (Service::Vpc, "CreateRouteEntry"),
    (Service::Vpc, "DeleteRouteEntry"),
    (Service::Vpc, "DescribeRouteEntryList"),
    (Service::Vpc, "AssociateVpcCidrBlock"),
    (Service::Vpc, "CreateNetworkAcl"),
    (Service::Vpc, "UpdateNetworkAclEntries"),
    (Service::Ecs, "RunInstances"),
    (Service::Ecs, "StartInstance"),
    (Service::Ecs, "StopInstance"),
    (Service::Ecs, "RebootInstance"),
    (Service::Ecs, "DeleteInstance"),
    (Service::Ecs, "DescribeInstances"),
    (Service::Ecs, "DescribeNetworkInterfaces"),
    (Service::Ecs, "AssignPrivateIpAddresses"),
    (Service::Ecs, "UnassignPrivateIpAddresses"),
    (Service::Ecs, "ModifyInstanceVpcAttribute"),
    (Service::Ecs, "AuthorizeSecurityGroup"),
    (Service::Ecs, "RevokeSecurityGroup"),
    (Service::Ecs, "JoinSecurityGroup"),
    (Service::Ecs, "CreatePrefixList"),
    (Service::Cbn, "CreateTransitRouter"),
    (Service::Cbn, "DeleteTransitRouter"),
    (Service::Cbn, "CreateTransitRouterVpcAttachment"),
    (Service::Cbn, "DeleteTransitRouterVpcAttachment"),
    (Service::Cbn, "UpdateTransitRouterVpcAttachmentZones"),
    (Service::Cbn, "CreateTransitRouterPeerAttachment"),
    (Service::Cbn, "UpdateTransitRouterPeerAttachmentAttribute"),
    (Service::Cbn, "AssociateTransitRouterAttachmentWithRouteTable"),
    (Service::Cbn, "EnableTransitRouterRouteTablePropagation"),
    (Service::Cbn, "CreateTransitRouterRouteEntry"),
    (Service::Cbn, "DeleteTransitRouterRouteEntry"),
    (Service::Cbn, "ListTransitRouterRouteEntries"),
    (Service::Cbn, "DescribeCenBandwidthPackages"),
];

const NAMES: [&str; 40] = [
    "VpcId",
    "VSwitchId",
    "ZoneId",
    "CidrBlock",
    "SecondaryCidrBlock",
    "RouteTableId",
    "RouteEntryId",
    "DestinationCidrBlock",
    "NextHopId",
    "NextHopType",
    "NetworkAclId",
    "UpdateIngressAclEntries",
    "IngressAclEntries.1.Port",
    "IngressAclEntries.1.Protocol",
    "IngressAclEntries.1.Policy",
    "InstanceId",
    "InstanceIds",
    "NetworkInterfaceId",
    "PrivateIpAddress",
    "PrivateIpAddress.1",
    "SecurityGroupId",
    "Permissions.1.IpProtocol",
    "Permissions.1.PortRange",
    "Permissions.1.SourceCidrIp",
    "Amount",
    "Force",
    "CenId",
    "TransitRouterId",
    "PeerTransitRouterId",
    "TransitRouterAttachmentId",
    "TransitRouterRouteTableId",
    "TransitRouterRouteEntryDestinationCidrBlock",
    "TransitRouterRouteEntryNextHopType",
    "TransitRouterRouteEntryNextHopId",
    "AddZoneMappings.1.VSwitchId",
    "BandwidthType",
    "Bandwidth",
    "NextToken",
    "MaxResults",
    "PageNumber",
];

const VALUES: [&str; 40] = [
    "",
    "vpc-1",
    "vpc-2",
    "vsw-1",
    "vsw-4",
    "cn-chengdu-a",
    "cn-hangzhou-i",
    "0.0.0.0/0",
    "255.255.255.255/32",
    "10.0.0.0/8",
    "172.16.0.0/29",
    "192.168.7.0/24",
    "100.64.0.0/10",
    "vtb-vpc-1",
    "vtb-vpc-2",
    "vtb-tr-chengdu",
    "vtb-tr-hangzhou",
    "Attachment",
    "BlackHole",
    "Instance",
    "i-ecs1",
    "i-client",
    "eni-ecs1",
    "sg-1",
    "sg-2",
    "tcp",
    "80/80",
    "65535/1",
    "-1/-1",
    "true",
    "FALSE",
    "cen-1",
    "tr-chengdu",
    "tr-hangzhou",
    "DataTransfer",
    "18446744073709551615",
    "-1",
    "100",
    r#"["i-ecs1"]"#,
    "\u{0}\u{fffd}/",
];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_sequence_of_calls_breaks_the_world(
        calls in prop::collection::vec(
            (
                prop::sample::select(&ACTIONS[..]),
                any::<bool>(),
                prop::collection::vec((prop::sample::select(&NAMES[..]), prop::sample::select(&VALUES[..])), 0..8),
                0..60i64,
            ),
            1..40,
        )
    ) {
        let mut bench = Bench::new();
        let attachments = [bench.attach_near(), bench.attach_far(), bench.connect("true")];
        for ((service, action), near, params, pause) in calls {
            let mut sent: Vec<(&str, &str)> = if near { NEAR_ATTACHMENT.to_vec() } else { FAR_ATTACHMENT.to_vec() };
            sent.push(("TransitRouterAttachmentId", &attachments[usize::from(near)]));
            sent.push(("TransitRouterRouteTableId", if near { "vtb-tr-chengdu" } else { "vtb-tr-hangzhou" }));
            sent.extend(params);
            let region = if near { NEAR } else { FAR };
            let answer = bench.call(service, region, action, &sent);
            if let Err(error) = answer {
                prop_assert!((400..500).contains(&error.status) && !error.code.is_empty(), "{error:?}");
            }
            bench.wait(pause);
        }
        // Every address is held by something that exists, and every interface holds its addresses.
        for (id, switch) in &bench.world.vpc.switches {
            for (address, holder) in switch.taken.iter().filter(|(_, holder)| holder.starts_with("eni-")) {
                let interface = bench.world.ecs.interfaces.get(holder);
                prop_assert!(interface.is_some_and(|held| held.addresses.contains(address)), "{address} of {id} leaks to {holder}");
            }
        }
        for interface in bench.world.ecs.interfaces.values() {
            let switch = bench.world.vpc.switches.get(&interface.switch);
            prop_assert!(switch.is_some_and(|switch| interface.addresses.iter().all(|held| switch.taken.contains_key(held))));
        }
        for link in bench.world.cen.associations.iter().chain(&bench.world.cen.propagations) {
            prop_assert!(bench.world.cen.attachment(&link.attachment).is_some());
        }
    }
}
