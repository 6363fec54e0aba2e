//! The bandwidth of the inter-region connection.

use emulator::AccountState;
use emulator::call::Service;
use onboarding::Code;

use crate::alb::set_account;
use crate::attachments::FREE;
use crate::case::Case;

const PLAN: &str = "bandwidth: { package: cenbwp-1, mbps: 10 }";

/// The connection is blocked, and changes that are of no use without it wait.
fn unconnected(case: Case) -> Case {
    case.leaves(FREE).blocks(&["connect cn-hangzhou"])
}

/// The ALB is in Singapore.
fn abroad(case: Case) -> Case {
    case.region("ap-southeast-1").scenario("cn-chengdu", "ap-southeast-1").binding("cn-chengdu", "ap-southeast-1")
}

checks! {
    a_plan_that_is_too_small: unconnected(Case::new(Code::Bandwidth).scenario("mbps: 100", "mbps: 9"));

    a_plan_that_is_not_there: unconnected(Case::new(Code::Bandwidth).binding("cenbwp-1", "cenbwp-9"));

    a_plan_of_no_cen_instance: unconnected(Case::new(Code::Bandwidth).after(|console| {
        let params = [("CenId", "cen-1"), ("CenBandwidthPackageId", "cenbwp-1")];
        console.act(Service::Cbn, "cn-hangzhou", "UnassociateCenBandwidthPackage", &params);
    }));

    a_plan_that_is_locked: unconnected(
        Case::new(Code::BandwidthLocked).after(set_account(AccountState::BandwidthPackageLocked("cenbwp-1".to_owned())))
    );

    more_than_is_sold_by_traffic: unconnected(
        Case::new(Code::Bandwidth).binding(PLAN, "bandwidth: { payByTraffic: true, mbps: 1001 }")
    );

    a_plan_between_other_areas: unconnected(
        Case::new(Code::BandwidthSpan).scenario("mbps: 100", "mbps: 100, areas: [China, Asia-Pacific]")
    );

    a_plan_inside_the_mainland_for_an_alb_abroad: unconnected(abroad(Case::new(Code::BandwidthSpan)));

    too_much_by_traffic_across_the_border: unconnected(
        abroad(Case::new(Code::CrossBorder)).binding(PLAN, "bandwidth: { payByTraffic: true, mbps: 101 }")
    );

    a_connection_across_the_border: abroad(Case::new(Code::CrossBorder))
        .scenario("mbps: 100", "mbps: 100, areas: [Asia-Pacific, China]");
}
