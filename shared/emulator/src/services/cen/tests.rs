//! Attachments, connections and their tables, as the procedure's steps 3, 4 and 6 meet them.

use crate::call::Service;
use crate::routing::transit::EntryStatus;
use crate::scenario::bench::{Bench, FAR, FAR_ATTACHMENT, NEAR, NEAR_ATTACHMENT, rows, text};

const NEAR_TABLE: &str = "vtb-tr-chengdu";
const FAR_TABLE: &str = "vtb-tr-hangzhou";

fn pair(destination: &str, hop: &str) -> (String, String) {
    (destination.to_owned(), hop.to_owned())
}

/// Everything of steps 3 and 4, associated and propagating everywhere.
fn joined(publish: &str) -> (Bench, String, String, String) {
    let mut bench = Bench::new();
    let near = bench.attach_near();
    let far = bench.attach_far();
    let peer = bench.connect(publish);
    for (attachment, table) in [(&near, NEAR_TABLE), (&far, FAR_TABLE), (&peer, NEAR_TABLE), (&peer, FAR_TABLE)] {
        bench.link(attachment, table);
    }
    bench.wait(6);
    (bench, near, far, peer)
}

#[test]
fn an_attachment_takes_its_time_and_an_address_in_each_zone() {
    let mut bench = Bench::new();
    let free = |bench: &mut Bench| {
        let answer = bench.vpc(NEAR, "DescribeVSwitches", &[("VSwitchId", "vsw-2")]);
        rows(&answer, "/VSwitches/VSwitch")[0]["AvailableIpAddressCount"].as_u64().unwrap()
    };
    let before = free(&mut bench);
    let id = text(&bench.cbn("CreateTransitRouterVpcAttachment", &NEAR_ATTACHMENT), "TransitRouterAttachmentId");
    let listed = |bench: &mut Bench| {
        let answer = bench.cbn("ListTransitRouterVpcAttachments", &[("TransitRouterAttachmentId", &id)]);
        rows(&answer, "/TransitRouterAttachments")
    };
    assert_eq!(listed(&mut bench)[0]["Status"], "Attaching");
    assert_eq!(free(&mut bench), before - 1);
    bench.wait(94);
    assert_eq!(listed(&mut bench)[0]["Status"], "Attaching");
    bench.wait(1);
    assert_eq!(listed(&mut bench)[0]["Status"], "Attached");
    let interface = text(&listed(&mut bench)[0]["ZoneMappings"][0], "NetworkInterfaceId");
    let answer = bench.ecs(NEAR, "DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", &interface)]);
    assert_eq!(rows(&answer, "/NetworkInterfaceSets/NetworkInterfaceSet")[0]["ServiceManaged"], true);

    bench.cbn("DeleteTransitRouterVpcAttachment", &[("TransitRouterAttachmentId", &id)]);
    assert_eq!(listed(&mut bench)[0]["Status"], "Detaching");
    bench.wait(60);
    assert!(listed(&mut bench).is_empty());
    assert_eq!(free(&mut bench), before);
}

#[test]
fn writes_of_one_cen_take_turns_and_the_vpc_is_unstable_meanwhile() {
    let mut bench = Bench::new();
    bench.cbn("CreateTransitRouterVpcAttachment", &NEAR_ATTACHMENT);
    assert_eq!(bench.cbn_code("CreateTransitRouterVpcAttachment", &FAR_ATTACHMENT), "Operation.Blocking");
    let route = [
        ("RouteTableId", "vtb-vpc-1"),
        ("DestinationCidrBlock", "192.168.7.0/24"),
        ("NextHopType", "Attachment"),
        ("NextHopId", "tr-attach-x"),
    ];
    assert_eq!(bench.code(Service::Vpc, NEAR, "CreateRouteEntry", &route), "IncorrectVpcStatus");
    bench.wait(95);
    bench.cbn("CreateTransitRouterVpcAttachment", &FAR_ATTACHMENT);
}

#[test]
fn zones_and_vswitches_must_fit() {
    let cases = [
        ("ZoneMappings.1.ZoneId", "cn-chengdu-z", "IllegalParam.ZoneId"),
        ("ZoneMappings.1.VSwitchId", "vsw-2", "IllegalParam.VSwitchId"),
        ("ZoneMappings.1.VSwitchId", "vsw-9", "InvalidVSwitchId.NotFound"),
        ("ZoneMappings.2.ZoneId", "cn-chengdu-a", "Duplicated.ZoneMapping"),
        ("TransitRouterId", "tr-9", "InvalidTransitRouterId.NotFound"),
        ("TransitRouterId", "tr-hangzhou", "IllegalParam.VpcId"),
    ];
    for (name, value, code) in cases {
        let mut params = NEAR_ATTACHMENT.to_vec();
        params.push((name, value));
        assert_eq!(Bench::new().cbn_code("CreateTransitRouterVpcAttachment", &params), code, "{name}={value}");
    }
}

#[test]
fn a_full_vswitch_takes_no_attachment() {
    let mut bench = Bench::new();
    let small = [("VpcId", "vpc-1"), ("ZoneId", "cn-chengdu-a"), ("CidrBlock", "172.16.9.0/29")];
    let switch = text(&bench.vpc(NEAR, "CreateVSwitch", &small), "VSwitchId");
    bench.wait(5);
    bench.ecs(NEAR, "RunInstances", &[("VSwitchId", &switch), ("SecurityGroupId", "sg-1"), ("Amount", "4")]);
    let mut params = NEAR_ATTACHMENT.to_vec();
    params.push(("ZoneMappings.1.VSwitchId", &switch));
    assert_eq!(bench.cbn_code("CreateTransitRouterVpcAttachment", &params), "InsufficientIpAddr.vsw");
}

#[test]
fn a_vpc_is_attached_once_and_a_basic_router_attaches_nothing() {
    let mut bench = Bench::new();
    bench.attach_near();
    let code = bench.cbn_code("CreateTransitRouterVpcAttachment", &NEAR_ATTACHMENT);
    assert_eq!(code, "InstanceExist.TransitRouterVpcAttachment");
    bench.world.cen.routers.get_mut("tr-hangzhou").unwrap().edition = crate::state::cen::Edition::Basic;
    assert_eq!(
        bench.cbn_code("CreateTransitRouterVpcAttachment", &FAR_ATTACHMENT),
        "OperationUnsupported.TransitRouterType"
    );
}

#[test]
fn an_attachment_made_by_api_is_associated_with_nothing_and_learns_nothing() {
    let mut bench = Bench::new();
    let near = bench.attach_near();
    let associations = bench.cbn("ListTransitRouterRouteTableAssociations", &[("TransitRouterAttachmentId", &near)]);
    assert!(rows(&associations, "/TransitRouterAssociations").is_empty());
    assert!(bench.entries(NEAR_TABLE).is_empty());
    let routes =
        bench.vpc(NEAR, "DescribeRouteEntryList", &[("RouteTableId", "vtb-vpc-1"), ("RouteEntryType", "Custom")]);
    assert!(rows(&routes, "/RouteEntrys/RouteEntry").is_empty());
}

#[test]
fn an_attachment_is_associated_with_one_table_only() {
    let mut bench = Bench::new();
    let near = bench.attach_near();
    let params = [("TransitRouterAttachmentId", near.as_str()), ("TransitRouterRouteTableId", NEAR_TABLE)];
    bench.cbn("AssociateTransitRouterAttachmentWithRouteTable", &params);
    let listed = |bench: &mut Bench| {
        let answer = bench.cbn("ListTransitRouterRouteTableAssociations", &[("TransitRouterRouteTableId", NEAR_TABLE)]);
        rows(&answer, "/TransitRouterAssociations")[0].clone()
    };
    assert_eq!(listed(&mut bench)["Status"], "Associating");
    bench.wait(12);
    assert_eq!(listed(&mut bench)["Status"], "Active");
    assert_eq!(listed(&mut bench)["ResourceId"], "vpc-1");
    let custom = bench.made(
        "CreateTransitRouterRouteTable",
        &[("TransitRouterId", "tr-chengdu")],
        "TransitRouterRouteTableId",
        3,
    );
    for table in [NEAR_TABLE, &custom] {
        let params = [("TransitRouterAttachmentId", near.as_str()), ("TransitRouterRouteTableId", table)];
        let code = bench.cbn_code("AssociateTransitRouterAttachmentWithRouteTable", &params);
        assert_eq!(code, "AssociationExist.TransitRouterTable");
    }
    let elsewhere = [("TransitRouterAttachmentId", near.as_str()), ("TransitRouterRouteTableId", FAR_TABLE)];
    let code = bench.cbn_code("AssociateTransitRouterAttachmentWithRouteTable", &elsewhere);
    assert_eq!(code, "InvalidTransitRouterAttachmentId.NotFound");
}

#[test]
fn learned_entries_come_a_while_after_the_propagation_is_active() {
    let mut bench = Bench::new();
    let near = bench.attach_near();
    let params = [("TransitRouterAttachmentId", near.as_str()), ("TransitRouterRouteTableId", NEAR_TABLE)];
    bench.cbn("EnableTransitRouterRouteTablePropagation", &params);
    bench.wait(12);
    let answer = bench.cbn("ListTransitRouterRouteTablePropagations", &[("TransitRouterRouteTableId", NEAR_TABLE)]);
    assert_eq!(rows(&answer, "/TransitRouterPropagations")[0]["Status"], "Active");
    assert!(bench.entries(NEAR_TABLE).is_empty());
    bench.wait(6);
    // The vSwitches, never the VPC's own CIDR block and never 100.64.0.0/10.
    assert_eq!(bench.entries(NEAR_TABLE), [pair("172.16.0.0/24", &near), pair("172.16.6.0/24", &near)]);
    bench.cbn("DisableTransitRouterRouteTablePropagation", &params);
    assert!(bench.entries(NEAR_TABLE).is_empty());
}

#[test]
fn a_publishing_connection_carries_each_sides_routes_and_none_back() {
    let (mut bench, near, far, peer) = joined("true");
    let expected = |one: &str, two: &str| {
        let mut all = vec![
            pair("172.16.0.0/24", one),
            pair("172.16.6.0/24", one),
            pair("192.168.7.0/24", two),
            pair("192.168.8.0/24", two),
        ];
        all.sort();
        all
    };
    assert_eq!(bench.entries(NEAR_TABLE), expected(&near, &peer));
    assert_eq!(bench.entries(FAR_TABLE), expected(&peer, &far));
    // A static route of the near side is advertised as well: step 6's way back.
    let params = [
        ("TransitRouterRouteTableId", NEAR_TABLE),
        ("TransitRouterRouteEntryDestinationCidrBlock", "100.117.130.0/25"),
        ("TransitRouterRouteEntryNextHopType", "Attachment"),
        ("TransitRouterRouteEntryNextHopId", near.as_str()),
    ];
    bench.cbn("CreateTransitRouterRouteEntry", &params);
    assert!(!bench.entries(NEAR_TABLE).contains(&pair("100.117.130.0/25", &near)), "only Active entries are listed");
    bench.wait(3);
    assert!(bench.entries(NEAR_TABLE).contains(&pair("100.117.130.0/25", &near)));
    assert!(bench.entries(FAR_TABLE).contains(&pair("100.117.130.0/25", &peer)));
}

#[test]
fn a_connection_with_the_apis_defaults_publishes_nothing_until_it_is_told_to() {
    let (mut bench, near, _, peer) = joined("false");
    assert_eq!(bench.entries(NEAR_TABLE), [pair("172.16.0.0/24", &near), pair("172.16.6.0/24", &near)]);
    let params = [("TransitRouterAttachmentId", peer.as_str()), ("AutoPublishRouteEnabled", "true")];
    bench.cbn("UpdateTransitRouterPeerAttachmentAttribute", &params);
    bench.wait(12);
    assert_eq!(bench.entries(NEAR_TABLE).len(), 2, "learning takes its time");
    bench.wait(6);
    assert_eq!(bench.entries(NEAR_TABLE).len(), 4);
}

#[test]
fn a_static_entry_wins_over_a_learned_one() {
    let (mut bench, near, _, peer) = joined("true");
    let params = [
        ("TransitRouterRouteTableId", NEAR_TABLE),
        ("TransitRouterRouteEntryDestinationCidrBlock", "192.168.7.0/24"),
        ("TransitRouterRouteEntryNextHopType", "BlackHole"),
    ];
    bench.cbn("CreateTransitRouterRouteEntry", &params);
    assert_eq!(bench.cbn_code("CreateTransitRouterRouteEntry", &params), "Operation.Blocking");
    bench.wait(3);
    assert_eq!(bench.cbn_code("CreateTransitRouterRouteEntry", &params), "InstanceExist.TransitRouterRouteEntry");
    assert!(bench.entries(NEAR_TABLE).contains(&pair("192.168.7.0/24", "")));
    let answer = bench.cbn(
        "ListTransitRouterRouteEntries",
        &[
            ("TransitRouterRouteTableId", NEAR_TABLE),
            ("TransitRouterRouteEntryStatus", "All"),
            ("RouteFilter.1.Key", "PrefixExactMatchCidrs"),
            ("RouteFilter.1.Value.1", "192.168.7.0/24"),
        ],
    );
    let mut found: Vec<_> = rows(&answer, "/TransitRouterRouteEntries")
        .iter()
        .map(|row| (text(row, "TransitRouterRouteEntryStatus"), text(row, "TransitRouterRouteEntryNextHopId")))
        .collect();
    found.sort();
    assert_eq!(found, [pair("Active", ""), pair("Candidate", &peer)]);
    let longest = [
        ("TransitRouterRouteTableId", NEAR_TABLE),
        ("RouteFilter.1.Key", "LongestPrefixMatchCidrs"),
        ("RouteFilter.1.Value.1", "172.16.6.9/32"),
    ];
    let answer = bench.cbn("ListTransitRouterRouteEntries", &longest);
    assert_eq!(rows(&answer, "/TransitRouterRouteEntries")[0]["TransitRouterRouteEntryNextHopId"], near.as_str());
    bench.cbn("DeleteTransitRouterRouteEntry", &params);
    bench.wait(3);
    assert!(bench.entries(NEAR_TABLE).contains(&pair("192.168.7.0/24", &peer)));
    assert_eq!(bench.cbn_code("DeleteTransitRouterRouteEntry", &params), "IllegalParam.TransitRouterRouteEntryId");
}

#[test]
fn a_plan_is_not_overdrawn() {
    let base = [("TransitRouterId", "tr-chengdu"), ("PeerTransitRouterId", "tr-hangzhou")];
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("CenBandwidthPackageId", "cenbwp-1"), ("Bandwidth", "101")], "InvalidOperation.BwpBandwidthExceeded"),
        (&[("CenBandwidthPackageId", "cenbwp-1")], "MissingParam.Bandwidth"),
        (&[("CenBandwidthPackageId", "cenbwp-9"), ("Bandwidth", "1")], "IllegalParam.CenBandwidthPackageId"),
        (&[("BandwidthType", "DataTransfer")], "MissingParam.Bandwidth"),
        (&[("BandwidthType", "DataTransfer"), ("Bandwidth", "1001")], "QuotaExceeded.Bandwidth"),
        (
            &[("CenBandwidthPackageId", "cenbwp-1"), ("Bandwidth", "1"), ("DefaultLinkType", "Platinum")],
            "ParameterIllegal.BandwidthPackageDefaultLinkTypeOnlySupportGold",
        ),
    ];
    for (extra, code) in cases {
        assert_eq!(
            Bench::new().cbn_code("CreateTransitRouterPeerAttachment", &[&base, extra].concat()),
            code,
            "{extra:?}"
        );
    }
    let mut bench = Bench::new();
    let peer = bench.connect("true");
    let id = ("TransitRouterAttachmentId", peer.as_str());
    assert_eq!(
        bench.cbn_code("UpdateTransitRouterPeerAttachmentAttribute", &[id, ("Bandwidth", "200")]),
        "InvalidOperation.BwpBandwidthExceeded"
    );
    bench.cbn("UpdateTransitRouterPeerAttachmentAttribute", &[id, ("Bandwidth", "100")]);
    let answer = bench.cbn("DescribeCenBandwidthPackages", &[("Filter.1.Key", "CenId"), ("Filter.1.Value.1", "cen-1")]);
    let limit = "/CenBandwidthPackages/CenBandwidthPackage/0/OrginInterRegionBandwidthLimits/OrginInterRegionBandwidthLimit/0/BandwidthLimit";
    assert_eq!(answer.pointer(limit).unwrap(), "100");
    let code =
        bench.cbn_code("UnassociateCenBandwidthPackage", &[("CenId", "cen-1"), ("CenBandwidthPackageId", "cenbwp-1")]);
    assert_eq!(code, "InvalidOperation.BandwidthLimitExist");
}

#[test]
fn a_connection_is_made_once_and_listed_where_it_was_made() {
    let mut bench = Bench::new();
    let peer = bench.connect("true");
    let backwards = [("TransitRouterId", "tr-hangzhou"), ("PeerTransitRouterId", "tr-chengdu")];
    let code = bench.cbn_code("CreateTransitRouterPeerAttachment", &backwards);
    assert_eq!(code, "InstanceExist.TransitRouterPeerAttachment");
    let listed = |bench: &mut Bench, region: &str| {
        let answer = bench.cbn("ListTransitRouterPeerAttachments", &[("CenId", "cen-1"), ("RegionId", region)]);
        rows(&answer, "/TransitRouterAttachments")
    };
    assert!(listed(&mut bench, FAR).is_empty());
    assert_eq!(listed(&mut bench, NEAR)[0]["TransitRouterAttachmentId"], peer.as_str());
}

#[test]
fn things_are_taken_down_in_the_documented_order() {
    let (mut bench, near, far, peer) = joined("true");
    let route = [
        ("RouteTableId", "vtb-vpc-1"),
        ("DestinationCidrBlock", "192.168.7.0/24"),
        ("NextHopType", "Attachment"),
        ("NextHopId", near.as_str()),
    ];
    bench.vpc(NEAR, "CreateRouteEntry", &route);
    bench.wait(4);
    let id = ("TransitRouterAttachmentId", near.as_str());
    let link = [id, ("TransitRouterRouteTableId", NEAR_TABLE)];
    assert_eq!(bench.cbn_code("DeleteTransitRouterVpcAttachment", &[id]), "OperationFailed.RouteTableAssociationExist");
    bench.cbn("DissociateTransitRouterAttachmentFromRouteTable", &link);
    bench.wait(12);
    assert_eq!(bench.cbn_code("DeleteTransitRouterVpcAttachment", &[id]), "OperationFailed.RouteTablePropagationExist");
    bench.cbn("DisableTransitRouterRouteTablePropagation", &link);
    bench.wait(12);
    let code = bench.cbn_code("DeleteTransitRouterVpcAttachment", &[id]);
    assert_eq!(code, "OperationFailed.AttachmentReferencedVpcRouteEntryExisted");
    bench.vpc(NEAR, "DeleteRouteEntry", &route);
    bench.wait(4);
    bench.cbn("DeleteTransitRouterVpcAttachment", &[id]);
    bench.wait(60);
    for attachment in [&peer, &far] {
        let action =
            if *attachment == peer { "DeleteTransitRouterPeerAttachment" } else { "DeleteTransitRouterVpcAttachment" };
        bench.cbn(action, &[("TransitRouterAttachmentId", attachment), ("Force", "true")]);
        bench.wait(60);
    }
    assert_eq!(bench.cbn_code("DeleteCen", &[("CenId", "cen-1")]), "InvalidOperation.CenInstanceStatus");
    for router in ["tr-chengdu", "tr-hangzhou"] {
        bench.cbn("DeleteTransitRouter", &[("TransitRouterId", router)]);
        bench.wait(5);
    }
    bench.cbn("UnassociateCenBandwidthPackage", &[("CenId", "cen-1"), ("CenBandwidthPackageId", "cenbwp-1")]);
    bench.cbn("DeleteCen", &[("CenId", "cen-1")]);
    bench.wait(5);
    assert!(rows(&bench.cbn("DescribeCens", &[]), "/Cens/Cen").is_empty());
    assert!(bench.world.cen.tables.is_empty(), "system tables go with their routers");
}

#[test]
fn unknown_attachments_are_not_listed_and_unknown_places_are_refused() {
    let mut bench = Bench::new();
    let answer = bench.cbn("ListTransitRouterVpcAttachments", &[("TransitRouterAttachmentId", "tr-attach-9")]);
    assert!(rows(&answer, "/TransitRouterAttachments").is_empty());
    for (name, value, code) in [
        ("RegionId", "mars", "IllegalParam.Region"),
        ("CenId", "cen-9", "IllegalParam.CenId"),
        ("TransitRouterId", "tr-9", "IllegalParam.TransitRouterId"),
    ] {
        assert_eq!(bench.cbn_code("ListTransitRouterVpcAttachments", &[(name, value)]), code);
    }
}

#[test]
fn an_auto_publishing_attachment_writes_into_its_vpcs_system_table() {
    let (mut bench, near, _, _) = joined("true");
    bench.cbn(
        "UpdateTransitRouterVpcAttachmentAttribute",
        &[("TransitRouterAttachmentId", &near), ("AutoPublishRouteEnabled", "true")],
    );
    bench.wait(12);
    let answer = bench.vpc(NEAR, "DescribeRouteEntryList", &[("RouteTableId", "vtb-vpc-1"), ("RouteEntryType", "CEN")]);
    let found: Vec<_> =
        rows(&answer, "/RouteEntrys/RouteEntry").iter().map(|row| text(row, "DestinationCidrBlock")).collect();
    assert_eq!(found, ["192.168.7.0/24", "192.168.8.0/24"]);
}

#[test]
fn zones_are_added_and_removed() {
    let mut bench = Bench::new();
    let near = bench.attach_near();
    let id = ("TransitRouterAttachmentId", near.as_str());
    let remove = [id, ("RemoveZoneMappings.1.ZoneId", "cn-chengdu-b"), ("RemoveZoneMappings.1.VSwitchId", "vsw-2")];
    bench.cbn("UpdateTransitRouterVpcAttachmentZones", &remove);
    bench.wait(60);
    assert_eq!(bench.cbn_code("UpdateTransitRouterVpcAttachmentZones", &remove), "IllegalParam.ZoneMappings");
    let add = [id, ("AddZoneMappings.1.ZoneId", "cn-chengdu-b"), ("AddZoneMappings.1.VSwitchId", "vsw-2")];
    bench.cbn("UpdateTransitRouterVpcAttachmentZones", &add);
    bench.wait(60);
    assert_eq!(bench.world.cen.vpc_attachments[&near].zones.len(), 2);
}

#[test]
fn tags_are_kept_found_and_removed() {
    let mut bench = Bench::new();
    let near = bench.attach_near();
    let kind = ("ResourceType", "TransitRouterVpcAttachment");
    let tag = [kind, ("ResourceId.1", near.as_str()), ("Tag.1.Key", "albridge"), ("Tag.1.Value", "prod/-/attachment")];
    bench.cbn("TagResources", &tag);
    let found = |bench: &mut Bench| {
        let filter = [("Tag.1.Key", "albridge"), ("Tag.1.Value", "prod/-/attachment")];
        rows(&bench.cbn("ListTransitRouterVpcAttachments", &filter), "/TransitRouterAttachments").len()
    };
    assert_eq!(found(&mut bench), 1);
    assert_eq!(rows(&bench.cbn("ListTagResources", &[kind]), "/TagResources/TagResource")[0]["TagKey"], "albridge");
    bench.cbn("UntagResources", &[kind, ("ResourceId.1", &near), ("TagKey.1", "albridge")]);
    assert_eq!(found(&mut bench), 0);
    assert_eq!(
        bench.cbn_code("TagResources", &[kind, ("ResourceId.1", "tr-attach-9"), ("Tag.1.Key", "k")]),
        "InvalidResourceId.NotFound"
    );
}

#[test]
fn a_ring_of_connections_learns_each_prefix_by_the_shortest_way() {
    let (mut bench, ..) = joined("true");
    let direct = bench.world.cen.peers.keys().next().unwrap().clone();
    let third =
        bench.made("CreateTransitRouter", &[("CenId", "cen-1"), ("RegionId", "cn-shanghai")], "TransitRouterId", 5);
    let tables = bench.cbn("ListTransitRouterRouteTables", &[("TransitRouterId", &third)]);
    let table = text(&rows(&tables, "/TransitRouterRouteTables")[0], "TransitRouterRouteTableId");
    for (router, far_table) in [("tr-chengdu", NEAR_TABLE), ("tr-hangzhou", FAR_TABLE)] {
        let params = [
            ("TransitRouterId", router),
            ("PeerTransitRouterId", third.as_str()),
            ("BandwidthType", "DataTransfer"),
            ("Bandwidth", "10"),
            ("AutoPublishRouteEnabled", "true"),
        ];
        let peer = bench.made("CreateTransitRouterPeerAttachment", &params, "TransitRouterAttachmentId", 75);
        bench.link(&peer, far_table);
        bench.link(&peer, &table);
    }
    bench.wait(6);
    let entries = crate::routing::transit::transit_entries(&bench.world, bench.now, FAR_TABLE);
    let ways: Vec<_> = entries.iter().filter(|entry| entry.destination.to_string() == "172.16.0.0/24").collect();
    assert_eq!(
        ways.iter().map(|way| (way.status, way.distance)).collect::<Vec<_>>(),
        [(EntryStatus::Active, 1), (EntryStatus::Candidate, 2)]
    );
    assert_eq!(ways[0].hop.as_ref(), Some(&direct));
    assert_eq!(bench.entries(&table).len(), 4, "the third region knows both sides, each once");
}

#[test]
fn an_attachment_that_names_no_router_gets_one_unless_it_is_refused() {
    let mut bench = Bench::new();
    bench.cbn("DeleteTransitRouter", &[("TransitRouterId", "tr-hangzhou")]);
    bench.wait(5);
    let mut params = FAR_ATTACHMENT.to_vec();
    params[0] = ("CenId", "cen-1");
    params.push(("RegionId", FAR));
    let refused = [&params[..], &[("VpcId", "vpc-9")]].concat();
    assert_eq!(bench.cbn_code("CreateTransitRouterVpcAttachment", &refused), "IllegalParam.VpcId");
    let count =
        |bench: &mut Bench| rows(&bench.cbn("ListTransitRouters", &[("RegionId", FAR)]), "/TransitRouters").len();
    assert_eq!(count(&mut bench), 0);
    bench.cbn("CreateTransitRouterVpcAttachment", &params);
    assert_eq!(count(&mut bench), 1);
}

#[test]
fn only_a_plan_that_is_paid_ahead_needs_a_period() {
    let mut bench = Bench::new();
    let areas = [("Bandwidth", "10"), ("GeographicRegionAId", "China"), ("GeographicRegionBId", "China")];
    assert_eq!(bench.cbn_code("CreateCenBandwidthPackage", &areas), "MissingParam.Period");
    let ahead = [&areas[..], &[("Period", "1")]].concat();
    assert!(text(&bench.cbn("CreateCenBandwidthPackage", &ahead), "CenBandwidthPackageId").starts_with("cenbwp-"));
    let by_use = [&areas[..], &[("BandwidthPackageChargeType", "POSTPAY")]].concat();
    assert!(text(&bench.cbn("CreateCenBandwidthPackage", &by_use), "CenBandwidthPackageId").starts_with("cenbwp-"));
}
