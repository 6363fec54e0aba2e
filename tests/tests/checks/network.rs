//! The VPCs, their prefixes and their routes.

use emulator::call::Service;
use end_to_end::Console;
use onboarding::Code;

use crate::attachments::FREE;
use crate::case::Case;

/// The changes that serve only VPC2, the only backend.
const FOR_VPC2: &[&str] = &[
    "attach vpc-1",
    "attach vpc-2",
    "connect cn-hangzhou",
    "link vpc-1",
    "link vpc-2",
    "link cn-hangzhou",
    "route vpc-1",
    "route vpc-2",
    "rules sg-2",
    "member i-ecs1",
];

/// The same without the rules, which allow no unwanted traffic.
const FOR_VPC2_BUT_RULES: &[&str] = &[
    "attach vpc-1",
    "attach vpc-2",
    "connect cn-hangzhou",
    "link vpc-1",
    "link vpc-2",
    "link cn-hangzhou",
    "route vpc-1",
    "route vpc-2",
    "member i-ecs1",
];

/// Adds a route in VPC1 to one of its instances.
fn route(console: Console<'_>, prefix: &str) {
    let params = [
        ("RouteTableId", "vtb-vpc-1"),
        ("DestinationCidrBlock", prefix),
        ("NextHopType", "Instance"),
        ("NextHopId", "i-client"),
    ];
    console.act(Service::Vpc, "cn-chengdu", "CreateRouteEntry", &params);
}

/// Adds fifty routes in VPC1 with one call.
fn fifty_routes(number: usize) -> impl Fn(Console<'_>) {
    move |console| {
        let mut params = Vec::new();
        for index in 1..=50 {
            params.push((format!("RouteEntries.{index}.RouteTableId"), "vtb-vpc-1".to_owned()));
            params.push((format!("RouteEntries.{index}.DstCidrBlock"), format!("10.{number}.{index}.0/24")));
            params.push((format!("RouteEntries.{index}.NextHopType"), "Instance".to_owned()));
            params.push((format!("RouteEntries.{index}.NextHop"), "i-client".to_owned()));
        }
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = console.act(Service::Vpc, "cn-chengdu", "CreateRouteEntries", &params);
        assert_eq!(answer["SuccessCount"], 50, "{answer}");
    }
}

/// A vSwitch (`i-ecs1` is in vSwitch 4) uses a custom route table.
fn custom_table(case: Case, vpc: &'static str, vswitch: &'static str) -> Case {
    let region = if vpc == "vpc-1" { "cn-chengdu" } else { "cn-hangzhou" };
    case.after(move |console| {
        console.act(Service::Vpc, region, "CreateRouteTable", &[("VpcId", vpc), ("RouteTableName", "own")]);
    })
    .wait(30)
    .after(move |console| {
        let filter = [("VpcId", vpc), ("RouteTableName", "own")];
        let tables = console.act(Service::Vpc, region, "DescribeRouteTableList", &filter);
        let id = tables["RouterTableList"]["RouterTableListType"][0]["RouteTableId"].as_str().unwrap();
        console.act(Service::Vpc, region, "AssociateRouteTable", &[("RouteTableId", id), ("VSwitchId", vswitch)]);
    })
    .wait(30)
}

/// A VPC of others in Hangzhou is attached to the same CEN instance and propagates a prefix into its table.
fn third_vpc(case: Case, prefix: &str) -> Case {
    let vpc = format!(
        "vpcs:
  - id: vpc-3
    region: cn-hangzhou
    cidr: {prefix}
    vswitches:
      - {{ id: vsw-31, zone: cn-hangzhou-h, cidr: {prefix} }}
"
    );
    case.scenario("vpcs:\n", &vpc)
        .after(|console| {
            let params = [
                ("TransitRouterId", "tr-hangzhou"),
                ("VpcId", "vpc-3"),
                ("ZoneMappings.1.ZoneId", "cn-hangzhou-h"),
                ("ZoneMappings.1.VSwitchId", "vsw-31"),
            ];
            console.act(Service::Cbn, "cn-hangzhou", "CreateTransitRouterVpcAttachment", &params);
        })
        .wait(120)
        .after(|console| {
            let filter = [("VpcId", "vpc-3")];
            let found = console.act(Service::Cbn, "cn-hangzhou", "ListTransitRouterVpcAttachments", &filter);
            let id = found["TransitRouterAttachments"][0]["TransitRouterAttachmentId"].as_str().unwrap();
            let params = [("TransitRouterAttachmentId", id), ("TransitRouterRouteTableId", "vtb-tr-hangzhou")];
            console.act(Service::Cbn, "cn-hangzhou", "EnableTransitRouterRouteTablePropagation", &params);
        })
        .wait(60)
}

checks! {
    a_vpc_that_is_not_there: Case::new(Code::VpcMissing)
        .binding("vpc: vpc-2", "vpc: vpc-7")
        .leaves(&["group", "listener"])
        .blocks(&["attach vpc-7"]);

    backends_in_the_albs_own_vpc: Case::new(Code::BackendInAlbVpc)
        .scenario("securityGroups: [sg-1], ", "securityGroups: [sg-1], tags: { app: web }, ")
        .binding("region: cn-hangzhou, vpc: vpc-2", "region: cn-chengdu, vpc: vpc-1")
        .binding("[vsw-3, vsw-4]", "[vsw-1, vsw-2]")
        .leaves(&["group", "listener"])
        .blocks(&["attach vpc-1", "link vpc-1", "rules sg-1", "member i-client"]);

    prefixes_that_overlap: Case::new(Code::CidrOverlap)
        .scenario("cidr: 192.168.0.0/16\n", "cidr: 192.168.0.0/16\n    secondary: [172.20.0.0/16]\n")
        .blocks(FOR_VPC2);

    // No route can have a destination inside of a vSwitch.
    a_source_inside_a_vswitch_of_the_backends: Case::new(Code::RouteImpossible)
        .scenario("cidr: 192.168.0.0/16\n    vswitches:\n", "cidr: 192.168.0.0/16\n    secondary: [172.16.0.0/20]\n    vswitches:\n      - { id: vsw-5, zone: cn-hangzhou-h, cidr: 172.16.0.0/20 }\n")
        .leaves(&["group", "listener"])
        .blocks(&["route vpc-2"])
        .carries(Code::CidrOverlap, FOR_VPC2);

    a_prefix_of_the_clouds_own_services: Case::new(Code::CidrOverlap)
        .scenario("cidr: 192.168.0.0/16\n", "cidr: 192.168.0.0/16\n    secondary: [100.80.0.0/16]\n")
        .blocks(FOR_VPC2);

    a_route_of_others_for_the_same_prefix: Case::new(Code::RouteConflict)
        .after(|console| route(console, "192.168.7.0/24"))
        .wait(10)
        .leaves(FREE)
        .blocks(&["route vpc-1"])
        .carries(Code::PathNotOpen, &["member i-ecs1"])
        .carries(Code::WrongNextHop, &["member i-ecs1"]);

    a_route_of_others_for_a_part_of_it: Case::new(Code::RouteShadowed)
        .after(|console| route(console, "192.168.7.0/28"))
        .wait(10)
        .leaves(FREE)
        .blocks(&["member i-ecs1"]);

    a_route_of_others_for_a_part_where_nobody_is: Case::new(Code::RouteShadowed)
        .after(|console| route(console, "192.168.7.128/28"))
        .wait(10);

    a_route_table_without_room: Case::new(Code::RouteQuota)
        .after(fifty_routes(1))
        .wait(10)
        .after(fifty_routes(2))
        .wait(10)
        .after(fifty_routes(3))
        .wait(10)
        .after(fifty_routes(4))
        .wait(10)
        .leaves(FREE)
        .blocks(&["route vpc-1"])
        .carries(Code::PathNotOpen, &["member i-ecs1"])
        .carries(Code::NoRoute, &["member i-ecs1"]);

    a_custom_route_table_and_a_classic_alb: custom_table(Case::new(Code::CustomRouteTable).classic(), "vpc-2", "vsw-4")
        .leaves(FREE)
        .blocks(&["member i-ecs1"]);

    a_custom_route_table_and_an_upgraded_alb: custom_table(Case::new(Code::CustomRouteTable), "vpc-2", "vsw-4").unfound();

    a_custom_route_table_of_the_albs_vswitch: custom_table(Case::new(Code::CustomRouteTable), "vpc-1", "vsw-2")
        .leaves(&["group", "listener"])
        .blocks(FOR_VPC2);

    a_third_vpc_that_overlaps: third_vpc(Case::new(Code::CidrOverlap), "192.168.7.0/24")
        .leaves(FREE)
        .blocks(FOR_VPC2_BUT_RULES);

    a_third_vpc_beside: third_vpc(Case::new(Code::CidrOverlap), "192.169.7.0/24").unfound();

    // Valid backends are served, whatever else the binding names.
    a_backend_in_the_albs_own_vpc_beside_a_legal_one: Case::new(Code::BackendInAlbVpc)
        .scenario("securityGroups: [sg-1], ", "securityGroups: [sg-1], tags: { app: web }, ")
        .binding("    backends:\n", "    backends:\n      - { region: cn-chengdu, vpc: vpc-1, attachmentVswitches: [vsw-1, vsw-2], select: { tags: { app: web } } }\n")
        .blocks(&["rules sg-1", "member i-client"]);
}
