//! The backends' security groups.

use emulator::AccountState;
use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use onboarding::Code;

use crate::alb::set_account;
use crate::attachments::FREE;
use crate::case::Case;

const GROUP: &str = "{ id: sg-2, name: servers, vpc: vpc-2 }";

/// The backends' security group with these rules.
fn with_rules(case: Case, rules: &str) -> Case {
    case.scenario(GROUP, &format!("{{ id: sg-2, name: servers, vpc: vpc-2, rules: [{rules}] }}"))
}

fn many(count: usize) -> String {
    let rule = |number: usize| {
        format!("{{ protocol: TCP, ports: 22/22, source: 10.1.{}.{}/32, priority: 50 }}", number / 200, number % 200)
    };
    (0..count).map(rule).collect::<Vec<_>>().join(", ")
}

checks! {
    a_group_that_a_service_manages: Case::new(Code::GroupManaged)
        .after(set_account(AccountState::SecurityGroupManaged("sg-2".to_owned())))
        .leaves(&["group", "listener"]);

    a_group_with_others_in_it: Case::new(Code::GroupShared)
        .scenario("\ncens:", "  - { id: i-other, vswitch: vsw-3, securityGroups: [sg-2] }\n\ncens:");

    a_group_without_room: with_rules(Case::new(Code::RuleQuota), &many(199))
        .leaves(&["group", "listener"])
        .blocks(&["rules sg-2"])
        .carries(Code::PathNotOpen, &["member i-ecs1"])
        .carries(Code::NotAllowed, &["member i-ecs1"]);

    // The group was deleted after it was listed and before its rules were read.
    a_group_that_is_gone: Case::new(Code::GroupMissing)
        .after(|console| {
            let gone = ApiError::not_found("InvalidSecurityGroupId.NotFound", "The specified SecurityGroupId does not exist.");
            let rule = Rule::refuse(gone).on(Service::Ecs, "DescribeSecurityGroupAttribute");
            console.0.cloud().inject(rule).unwrap();
        })
        .leaves(&["group", "listener"])
        .blocks(&["member i-ecs1"]);

    a_rule_of_a_binding_that_is_not_in_the_store: with_rules(
        Case::new(Code::Orphan),
        "{ protocol: TCP, ports: 22/22, source: 10.1.0.0/16, description: albridge/albridge/gone }"
    );

    a_group_that_drops_first: with_rules(
        Case::new(Code::RuleShadowed),
        "{ protocol: TCP, ports: 80/80, source: 172.16.0.0/24, policy: drop, priority: 1 }"
    )
    .leaves(FREE);
}
