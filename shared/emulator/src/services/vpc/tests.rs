//! Routes and what guards them, as the procedure's steps 5 and 6 meet them; worlds made and unmade by calls.

use serde_json::Value;

use crate::call::Service;
use crate::routing::vpc as routes;
use crate::routing::vpc::Hop;
use crate::scenario::bench::{Bench, FAR, NEAR, rows, text};

fn route<'a>(destination: &'a str, attachment: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("RouteTableId", "vtb-vpc-1"),
        ("DestinationCidrBlock", destination),
        ("NextHopType", "Attachment"),
        ("NextHopId", attachment),
    ]
}

fn refused(bench: &mut Bench, destination: &str, attachment: &str) -> String {
    bench.code(Service::Vpc, NEAR, "CreateRouteEntry", &route(destination, attachment))
}

fn listed(bench: &mut Bench, params: &[(&str, &str)]) -> Vec<Value> {
    let params = [&[("RouteTableId", "vtb-vpc-1"), ("MaxResult", "100")], params].concat();
    rows(&bench.vpc(NEAR, "DescribeRouteEntryList", &params), "/RouteEntrys/RouteEntry")
}

#[test]
fn a_new_route_is_pending_then_available_and_blocks_the_next() {
    let mut bench = Bench::new();
    let near = bench.attach_near();
    let id = text(&bench.vpc(NEAR, "CreateRouteEntry", &route("192.168.7.0/24", &near)), "RouteEntryId");
    let status = |bench: &mut Bench| text(&listed(bench, &[("RouteEntryId", &id)])[0], "Status");
    assert_eq!(status(&mut bench), "Pending");
    assert_eq!(refused(&mut bench, "192.168.8.0/24", &near), "IncorrectRouteEntryStatus");
    bench.wait(4);
    assert_eq!(status(&mut bench), "Available");
    bench.vpc(NEAR, "CreateRouteEntry", &route("192.168.8.0/24", &near));
    bench.wait(4);
    bench.vpc(NEAR, "DeleteRouteEntry", &[("RouteEntryId", &id)]);
    assert_eq!(status(&mut bench), "Deleting");
    bench.wait(4);
    assert!(listed(&mut bench, &[("RouteEntryId", &id)]).is_empty());
    let code = bench.code(Service::Vpc, NEAR, "DeleteRouteEntry", &[("RouteEntryId", &id)]);
    assert_eq!(code, "InvalidRouteEntry.NotFound");
}

#[test]
fn another_table_of_the_same_vpc_is_blocked_too_another_vpc_is_not() {
    let mut bench = Bench::new();
    let near = bench.attach_near();
    let far = bench.attach_far();
    let custom = text(&bench.vpc(NEAR, "CreateRouteTable", &[("VpcId", "vpc-1")]), "RouteTableId");
    bench.wait(5);
    bench.vpc(NEAR, "CreateRouteEntry", &route("192.168.7.0/24", &near));
    let mut other = route("192.168.7.0/24", &near);
    other[0].1 = &custom;
    assert_eq!(bench.code(Service::Vpc, NEAR, "CreateRouteEntry", &other), "TaskConflict");
    let mut back = route("172.16.0.0/24", &far);
    back[0].1 = "vtb-vpc-2";
    bench.vpc(FAR, "CreateRouteEntry", &back);
}

#[test]
fn destinations_are_checked_as_documented() {
    let mut bench = Bench::new();
    let near = bench.attach_near();
    for (destination, code) in [
        ("172.16.0.0/24", "InvalidCIDRBlock.Duplicate"),
        ("172.16.6.8/29", "InvalidCIDRBlock.Duplicate"),
        ("100.64.0.0/10", "InvalidDestinationCidrBlock"),
        ("100.96.0.0/11", "InvalidDestinationCidrBlock"),
        ("ten", "InvalidCidrBlock.Malformed"),
    ] {
        assert_eq!(refused(&mut bench, destination, &near), code, "{destination}");
    }
    // Longer than the service range, or wider than a vSwitch, is taken.
    for destination in ["100.117.130.0/25", "172.16.0.0/16", "192.168.7.9"] {
        bench.vpc(NEAR, "CreateRouteEntry", &route(destination, &near));
        bench.wait(4);
    }
    assert_eq!(listed(&mut bench, &[("DestinationCidrBlock", "192.168.7.9/32")]).len(), 1);
}

#[test]
fn a_duplicate_says_whether_it_is_the_same_route() {
    let mut bench = Bench::new();
    let near = bench.attach_near();
    bench.vpc(NEAR, "CreateRouteEntry", &route("192.168.7.0/24", &near));
    bench.wait(4);
    assert_eq!(refused(&mut bench, "192.168.7.0/24", &near), "InvalidRouteEntry.Duplicate");
    let mut other = route("192.168.7.0/24", "i-client");
    other[2].1 = "Instance";
    assert_eq!(bench.code(Service::Vpc, NEAR, "CreateRouteEntry", &other), "InvalidCIDRBlock.Duplicate");
}

#[test]
fn the_next_hop_must_be_an_attachment_of_the_same_vpc() {
    let mut bench = Bench::new();
    let far = bench.attach_far();
    assert_eq!(refused(&mut bench, "192.168.7.0/24", &far), "InvalidNextHopId.NotFound");
    let mut missing = route("192.168.7.0/24", &far);
    missing[0].1 = "vtb-vpc-2";
    let code = bench.code(Service::Vpc, NEAR, "CreateRouteEntry", &missing);
    assert_eq!(code, "InvalidRouteTableId.NotFound", "a table of another region");
}

#[test]
fn a_table_takes_two_hundred_entries_and_a_batch_reports_its_failures() {
    let mut bench = Bench::new();
    let near = bench.attach_near();
    for batch in 0..4 {
        let mut params = Vec::new();
        for index in 0..50 {
            params.push((format!("RouteEntries.{}.RouteTableId", index + 1), "vtb-vpc-1".to_owned()));
            params.push((format!("RouteEntries.{}.DstCidrBlock", index + 1), format!("10.{batch}.{index}.0/24")));
            params.push((format!("RouteEntries.{}.NextHop", index + 1), near.clone()));
            params.push((format!("RouteEntries.{}.NextHopType", index + 1), "Attachment".to_owned()));
        }
        let params: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(bench.vpc(NEAR, "CreateRouteEntries", &params)["SuccessCount"], 50);
        bench.wait(4);
    }
    assert_eq!(refused(&mut bench, "10.9.0.0/24", &near), "QuotaExceeded");
    let one = [
        ("RouteEntries.1.RouteTableId", "vtb-vpc-1"),
        ("RouteEntries.1.DstCidrBlock", "10.0.0.0/24"),
        ("RouteEntries.1.NextHop", near.as_str()),
        ("RouteEntries.1.NextHopType", "Attachment"),
    ];
    let answer = bench.vpc(NEAR, "CreateRouteEntries", &one);
    assert_eq!(answer["FailedRouteEntries"][0]["FailedCode"], "InvalidRouteEntry.Duplicate");
    // Every page of the listing: 200 custom entries, two vSwitches and the service range.
    let (mut count, mut token) = (0, String::new());
    loop {
        let page = bench.vpc(NEAR, "DescribeRouteEntryList", &[("RouteTableId", "vtb-vpc-1"), ("NextToken", &token)]);
        count += rows(&page, "/RouteEntrys/RouteEntry").len();
        token = text(&page, "NextToken");
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(count, 203);
    let code =
        bench.code(Service::Vpc, NEAR, "DescribeRouteEntryList", &[("RouteTableId", "vtb-vpc-1"), ("NextToken", "x")]);
    assert_eq!(code, "IllegalParam.NextToken");
}

#[test]
fn system_routes_are_there_from_the_start() {
    let mut bench = Bench::new();
    let found: Vec<_> = listed(&mut bench, &[("RouteEntryType", "System")])
        .iter()
        .map(|row| text(row, "DestinationCidrBlock"))
        .collect();
    assert_eq!(found, ["100.64.0.0/10", "172.16.0.0/24", "172.16.6.0/24"]);
    let effective = routes::routes(&bench.world, bench.now, "vtb-vpc-1");
    assert!(effective.iter().any(|route| route.hop == Hop::Service));
    assert!(effective.iter().any(|route| route.hop == Hop::Local("vsw-2".to_owned())));
}

#[test]
fn a_custom_table_takes_a_vswitch_over() {
    let mut bench = Bench::new();
    let custom = text(&bench.vpc(FAR, "CreateRouteTable", &[("VpcId", "vpc-2")]), "RouteTableId");
    bench.wait(5);
    let pair = [("RouteTableId", custom.as_str()), ("VSwitchId", "vsw-4")];
    bench.vpc(FAR, "AssociateRouteTable", &pair);
    let answer = bench.vpc(FAR, "DescribeVSwitches", &[("VSwitchId", "vsw-4")]);
    assert_eq!(rows(&answer, "/VSwitches/VSwitch")[0]["RouteTable"]["RouteTableType"], "Custom");
    assert_eq!(bench.world.vpc.table_of_vswitch("vsw-4").unwrap().id, custom);
    assert_eq!(
        bench.code(Service::Vpc, FAR, "DeleteRouteTable", &[("RouteTableId", &custom)]),
        "DependencyViolation.VSwitch"
    );
    bench.vpc(FAR, "UnassociateRouteTable", &pair);
    bench.vpc(FAR, "DeleteRouteTable", &[("RouteTableId", &custom)]);
    assert_eq!(bench.world.vpc.table_of_vswitch("vsw-4").unwrap().id, "vtb-vpc-2");
}

#[test]
fn a_vpc_is_made_and_unmade_by_calls() {
    let mut bench = Bench::new();
    let vpc = text(&bench.vpc(NEAR, "CreateVpc", &[("CidrBlock", "10.0.0.0/8")]), "VpcId");
    let switch = [("VpcId", vpc.as_str()), ("ZoneId", "cn-chengdu-a"), ("CidrBlock", "10.0.1.0/24")];
    assert_eq!(bench.code(Service::Vpc, NEAR, "CreateVSwitch", &switch), "IncorrectVpcStatus");
    bench.wait(5);
    let first = text(&bench.vpc(NEAR, "CreateVSwitch", &switch), "VSwitchId");
    assert_eq!(bench.code(Service::Vpc, NEAR, "CreateVSwitch", &switch), "InvalidCidrBlock.Overlapped");
    for (name, value, code) in [
        ("CidrBlock", "11.0.1.0/24", "InvalidCidrBlock"),
        ("ZoneId", "cn-hangzhou-a", "InvalidZoneId.NotFound"),
        ("VpcId", "vpc-2", "InvalidVpcID.NotFound"),
    ] {
        let params = [&switch[..], &[(name, value)]].concat();
        assert_eq!(bench.code(Service::Vpc, NEAR, "CreateVSwitch", &params), code, "{name}={value}");
    }
    assert_eq!(bench.code(Service::Vpc, NEAR, "DeleteVpc", &[("VpcId", &vpc)]), "DependencyViolation.VSwitch");
    bench.vpc(NEAR, "DeleteVSwitch", &[("VSwitchId", &first)]);
    bench.vpc(NEAR, "DeleteVpc", &[("VpcId", &vpc)]);
    let answer = bench.vpc(NEAR, "DescribeVpcs", &[("VpcId", &vpc)]);
    assert!(rows(&answer, "/Vpcs/Vpc").is_empty());
    assert_eq!(bench.code(Service::Vpc, NEAR, "DescribeVpcAttribute", &[("VpcId", &vpc)]), "InvalidVpcID.NotFound");
}

#[test]
fn a_vpc_says_which_cens_it_is_attached_to() {
    let mut bench = Bench::new();
    bench.attach_near();
    let answer = bench.vpc(NEAR, "DescribeVpcAttribute", &[("VpcId", "vpc-1")]);
    assert_eq!(answer.pointer("/AssociatedCens/AssociatedCen/0/CenId").unwrap(), "cen-1");
    assert_eq!(bench.code(Service::Vpc, FAR, "DescribeVpcAttribute", &[("VpcId", "vpc-1")]), "InvalidVpcID.NotFound");
    assert_eq!(bench.code(Service::Vpc, "mars", "DescribeVpcs", &[]), "InvalidRegionId.NotFound");
}

#[test]
fn a_network_acl_stands_before_its_vswitches() {
    let mut bench = Bench::new();
    let acl = text(&bench.vpc(FAR, "CreateNetworkAcl", &[("VpcId", "vpc-2")]), "NetworkAclId");
    let resource =
        [("NetworkAclId", acl.as_str()), ("Resource.1.ResourceId", "vsw-4"), ("Resource.1.ResourceType", "VSwitch")];
    bench.vpc(FAR, "AssociateNetworkAcl", &resource);
    let update = [
        ("NetworkAclId", acl.as_str()),
        ("UpdateIngressAclEntries", "True"),
        ("IngressAclEntries.1.Protocol", "tcp"),
        ("IngressAclEntries.1.Port", "80/80"),
        ("IngressAclEntries.1.Policy", "drop"),
        ("IngressAclEntries.1.SourceCidrIp", "172.16.0.0/12"),
    ];
    bench.vpc(FAR, "UpdateNetworkAclEntries", &update);
    let held = bench.world.vpc.acl_of_vswitch("vsw-4").unwrap();
    let client = "172.16.0.9".parse().unwrap();
    assert!(held.ingress[0].matches_tcp(client, 80) && !held.ingress[0].matches_tcp(client, 81));
    assert_eq!(held.egress.len(), 1, "the list that was not sent stays");
    let answer = bench.vpc(FAR, "DescribeNetworkAcls", &[("ResourceType", "VSwitch"), ("ResourceId", "vsw-4")]);
    assert_eq!(rows(&answer, "/NetworkAcls/NetworkAcl")[0]["NetworkAclId"], acl.as_str());
    assert_eq!(bench.code(Service::Vpc, FAR, "DeleteNetworkAcl", &[("NetworkAclId", &acl)]), "NetworkAclExistBinding");
    bench.vpc(FAR, "UnassociateNetworkAcl", &resource);
    bench.vpc(FAR, "DeleteNetworkAcl", &[("NetworkAclId", &acl)]);
}
