//! Failed calls: the facts that they would return are unknown, and the changes that depend on them are blocked.

use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use end_to_end::Console;
use onboarding::Code;

use crate::attachments::FREE;
use crate::case::Case;

/// Refuses every call of an action.
fn refused(service: Service, action: &'static str) -> impl Fn(Console<'_>) {
    move |console| {
        let refusal = ApiError::new(403, "NoPermission", "You are not authorized to do this action.");
        console.0.cloud().inject(Rule::refuse(refusal).on(service, action)).unwrap();
    }
}

fn without_attachments(case: Case) -> Case {
    case.leaves(FREE).blocks(&["attach vpc-1", "attach vpc-2"])
}

checks! {
    whether_the_service_is_open:
        without_attachments(Case::new(Code::Unread).after(refused(Service::Cbn, "CheckTransitRouterService")));

    whether_there_is_a_service_role: without_attachments(Case::new(Code::Unread).after(refused(Service::Ram, "GetRole")));

    which_zones_there_are:
        without_attachments(Case::new(Code::Unread).after(refused(Service::Cbn, "ListTransitRouterAvailableResource")));

    what_the_plan_has_left: Case::new(Code::Unread)
        .after(refused(Service::Cbn, "DescribeCenBandwidthPackages"))
        .leaves(FREE)
        .blocks(&["connect cn-hangzhou"]);

    which_routers_there_are: Case::new(Code::Unread)
        .after(refused(Service::Cbn, "ListTransitRouters"))
        .leaves(FREE);

    which_server_groups_there_are: Case::new(Code::Unread)
        .after(refused(Service::Alb, "ListServerGroups"))
        .leaves(&["rules sg-2"])
        .blocks(&["listener"]);

    which_rules_there_are: Case::new(Code::Unread)
        .after(refused(Service::Ecs, "DescribeSecurityGroupAttribute"))
        .leaves(&["group", "listener"])
        .blocks(&["member i-ecs1"]);
}
