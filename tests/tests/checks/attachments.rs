//! The CEN instance, its transit routers, and the prerequisites of attachments.

use emulator::AccountState;
use emulator::call::Service;
use end_to_end::Console;
use onboarding::Code;

use crate::alb::set_account;
use crate::case::Case;

/// The changes that wait while no VPC can be attached.
const BEHIND_ATTACHMENTS: &[&str] = &["link vpc-1", "link vpc-2", "route vpc-1", "route vpc-2", "member i-ecs1"];
/// The changes that wait while VPC2, the only backend, cannot be attached.
const WAITS_FOR_VPC2: &[&str] = &[
    "attach vpc-1",
    "connect cn-hangzhou",
    "link vpc-1",
    "link vpc-2",
    "link cn-hangzhou",
    "route vpc-1",
    "route vpc-2",
];
/// The changes without costs, which are made while attachments and the connection are of no use yet.
pub(crate) const FREE: &[&str] = &["group", "listener", "rules sg-2"];

const HANGZHOU: &str = "      - { id: tr-hangzhou, region: cn-hangzhou }\n";

fn attach(console: Console<'_>, router: &str, region: &str, vpc: &str, zones: [(&str, &str); 2]) {
    let params = [
        ("TransitRouterId", router),
        ("VpcId", vpc),
        ("ZoneMappings.1.ZoneId", zones[0].0),
        ("ZoneMappings.1.VSwitchId", zones[0].1),
        ("ZoneMappings.2.ZoneId", zones[1].0),
        ("ZoneMappings.2.VSwitchId", zones[1].1),
    ];
    console.act(Service::Cbn, region, "CreateTransitRouterVpcAttachment", &params);
}

/// Associates the attachment of a VPC, or the connection, with a transit router's route table.
fn associate(console: Console<'_>, vpc: &str, router: &str) {
    let (action, filter) = match vpc {
        "" => ("ListTransitRouterPeerAttachments", ("CenId", "cen-1")),
        vpc => ("ListTransitRouterVpcAttachments", ("VpcId", vpc)),
    };
    let found = console.act(Service::Cbn, "cn-chengdu", action, &[filter]);
    let id = found["TransitRouterAttachments"][0]["TransitRouterAttachmentId"].as_str().unwrap();
    let table = format!("vtb-{router}");
    let params = [("TransitRouterAttachmentId", id), ("TransitRouterRouteTableId", table.as_str())];
    console.act(Service::Cbn, "cn-chengdu", "AssociateTransitRouterAttachmentWithRouteTable", &params);
}

/// Everything is attached and connected by others through the API, without association, propagation and route publishing.
fn attached_by_others(case: Case) -> Case {
    let near = [("cn-chengdu-a", "vsw-1"), ("cn-chengdu-b", "vsw-2")];
    let far = [("cn-hangzhou-h", "vsw-3"), ("cn-hangzhou-i", "vsw-4")];
    case.after(move |console| attach(console, "tr-chengdu", "cn-chengdu", "vpc-1", near))
        .wait(120)
        .after(move |console| attach(console, "tr-hangzhou", "cn-hangzhou", "vpc-2", far))
        .wait(120)
        .after(|console| {
            let params = [
                ("TransitRouterId", "tr-chengdu"),
                ("PeerTransitRouterId", "tr-hangzhou"),
                ("CenBandwidthPackageId", "cenbwp-1"),
                ("Bandwidth", "10"),
            ];
            console.act(Service::Cbn, "cn-chengdu", "CreateTransitRouterPeerAttachment", &params);
        })
        .wait(120)
}

checks! {
    a_cen_instance_that_is_not_there: Case::new(Code::CenMissing).binding("cen: { id: cen-1", "cen: { id: cen-9").leaves(FREE);

    a_cen_instance_that_is_not_active: Case::new(Code::CenMissing)
        .after(set_account(AccountState::CenCreating("cen-1".to_owned())))
        .without(BEHIND_ATTACHMENTS)
        .without(&["link cn-hangzhou"])
        .blocks(&["attach vpc-1", "attach vpc-2", "connect cn-hangzhou"]);

    a_service_that_is_not_open: Case::new(Code::TransitRouterServiceClosed)
        .after(set_account(AccountState::TransitRouterServiceClosed))
        .leaves(FREE)
        .blocks(&["attach vpc-1", "attach vpc-2"]);

    a_service_role_that_is_missing: Case::new(Code::ServiceRoleMissing)
        .after(set_account(AccountState::CenServiceRoleMissing))
        .leaves(FREE)
        .blocks(&["attach vpc-1", "attach vpc-2"]);

    a_region_without_transit_router: Case::new(Code::TransitRouterMissing).scenario(HANGZHOU, "").leaves(FREE);

    a_basic_transit_router: Case::new(Code::TransitRouterBasic)
        .scenario("id: tr-hangzhou, ", "id: tr-hangzhou, basic: true, ")
        .leaves(FREE);

    a_transit_router_that_is_not_active: Case::new(Code::TransitRouterNotReady)
        .after(set_account(AccountState::TransitRouterCreating("tr-hangzhou".to_owned())))
        .leaves(FREE);

    a_vswitch_that_is_not_in_the_vpc: Case::new(Code::VSwitchMissing)
        .binding("[vsw-3, vsw-4]", "[vsw-3, vsw-9]")
        .leaves(FREE)
        .blocks(&["attach vpc-2"])
        .carries(Code::Waits, WAITS_FOR_VPC2);

    a_vswitch_in_a_zone_without_transit_router: Case::new(Code::VSwitchZone)
        .scenario("zone: cn-hangzhou-h", "zone: cn-hangzhou-a")
        .leaves(FREE)
        .blocks(&["attach vpc-2"])
        .carries(Code::Waits, WAITS_FOR_VPC2);

    one_zone_where_the_region_has_more: Case::new(Code::VSwitchZone)
        .binding("[vsw-3, vsw-4]", "[vsw-3]")
        .leaves(FREE)
        .blocks(&["attach vpc-2"])
        .carries(Code::Waits, WAITS_FOR_VPC2);

    a_vswitch_without_a_free_address: Case::new(Code::VSwitchFull)
        .after(set_account(AccountState::VSwitchFull("vsw-3".to_owned())))
        .leaves(FREE)
        .blocks(&["attach vpc-2"])
        .carries(Code::Waits, WAITS_FOR_VPC2);

    a_vpc_of_another_cen_instance: Case::new(Code::VpcElsewhere)
        .scenario("cens:\n", "cens:\n  - id: cen-2\n    transitRouters:\n      - { id: tr-2, region: cn-hangzhou }\n")
        .after(|console| attach(console, "tr-2", "cn-hangzhou", "vpc-2", [("cn-hangzhou-h", "vsw-3"), ("cn-hangzhou-i", "vsw-4")]))
        .wait(120)
        .leaves(FREE)
        .blocks(&["attach vpc-2"])
        .carries(Code::Waits, WAITS_FOR_VPC2);

    attachments_of_others_that_lack_something: attached_by_others(Case::new(Code::AdoptedIncomplete))
        .binding("provision: auto", "provision: approved")
        .without(&["attach vpc-1", "attach vpc-2", "connect cn-hangzhou", "member i-ecs1"])
        .blocks(&["link vpc-1", "link vpc-2", "link cn-hangzhou", "publish cn-hangzhou"])
        .carries(Code::NotApproved, &["link vpc-1", "link vpc-2", "link cn-hangzhou", "publish cn-hangzhou"])
        .carries(Code::PathNotOpen, &["member i-ecs1"])
        .carries(Code::NotAssociated, &["member i-ecs1"]);

    attachments_that_nobody_approved: Case::new(Code::NotApproved)
        .binding("provision: auto", "provision: approved")
        .without(BEHIND_ATTACHMENTS)
        .without(&["link cn-hangzhou"])
        .blocks(&["attach vpc-1", "attach vpc-2", "connect cn-hangzhou"])
        .carries(Code::Waits, &["link vpc-1", "link vpc-2", "link cn-hangzhou", "route vpc-1", "route vpc-2"])
        .carries(Code::PathNotOpen, &["member i-ecs1"])
        .carries(Code::NotAttached, &["member i-ecs1"]);

    attachments_that_teach_nothing: attached_by_others(Case::new(Code::NotLearned))
        .binding("provision: auto", "provision: approved")
        .after(|console| associate(console, "vpc-1", "tr-chengdu"))
        .wait(30)
        .after(|console| associate(console, "vpc-2", "tr-hangzhou"))
        .wait(30)
        .after(|console| associate(console, "", "tr-chengdu"))
        .wait(30)
        .after(|console| associate(console, "", "tr-hangzhou"))
        .wait(30)
        .leaves(&["group", "listener", "route vpc-1", "route vpc-2", "rules sg-2"])
        .blocks(&["member i-ecs1"])
        .carries(Code::AdoptedIncomplete, &["link vpc-1", "link vpc-2", "link cn-hangzhou", "publish cn-hangzhou"]);

    // Adopted and reported; resources of others are not changed.
    an_attachment_of_others_in_one_zone: Case::new(Code::AttachmentZones)
        .after(|console| {
            let params = [
                ("TransitRouterId", "tr-hangzhou"),
                ("VpcId", "vpc-2"),
                ("ZoneMappings.1.ZoneId", "cn-hangzhou-i"),
                ("ZoneMappings.1.VSwitchId", "vsw-4"),
            ];
            console.act(Service::Cbn, "cn-hangzhou", "CreateTransitRouterVpcAttachment", &params);
        })
        .wait(120)
        .without(&["attach vpc-2"])
        .carries(Code::AdoptedIncomplete, &[]);

    an_attachment_that_is_on_its_way_out: Case::new(Code::AttachmentNotReady)
        .after(|console| attach(console, "tr-hangzhou", "cn-hangzhou", "vpc-2", [("cn-hangzhou-h", "vsw-3"), ("cn-hangzhou-i", "vsw-4")]))
        .wait(120)
        .after(set_account(AccountState::AttachmentDetaching("vpc-2".to_owned())))
        .leaves(FREE)
        .blocks(&["link vpc-2", "route vpc-2", "member i-ecs1"]);

    a_transit_router_with_all_the_vpcs_it_takes: Case::new(Code::AttachmentQuota)
        .scenario("vpcs:\n", "vpcs:\n  - id: vpc-8\n    region: cn-hangzhou\n    cidr: 10.8.0.0/16\n    vswitches:\n      - { id: vsw-8, zone: cn-hangzhou-h, cidr: 10.8.1.0/24 }\n      - { id: vsw-9, zone: cn-hangzhou-i, cidr: 10.8.2.0/24 }\n")
        .binding("cen: { id: cen-1, ", "cen: { id: cen-1, attachmentQuota: 1, ")
        .after(|console| attach(console, "tr-hangzhou", "cn-hangzhou", "vpc-8", [("cn-hangzhou-h", "vsw-8"), ("cn-hangzhou-i", "vsw-9")]))
        .wait(120)
        .leaves(FREE)
        .blocks(&["attach vpc-2"])
        .carries(Code::Waits, WAITS_FOR_VPC2);

    attachments_of_others_that_any_run_may_complete: attached_by_others(Case::new(Code::AdoptedIncomplete))
        .without(&["attach vpc-1", "attach vpc-2", "connect cn-hangzhou"])
        .with(&["publish cn-hangzhou"]);
}
