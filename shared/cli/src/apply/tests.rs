//! Whole applies on an emulated cloud, on paused time: members that leave.

use std::collections::BTreeSet;
use std::time::Duration;

use clock::Clock;
use emulator::call::{Call, Caller, Params, Service};
use emulator::faults::{Effect, Rule};
use local::{Local, Options, Stack};
use onboarding::Plan;
use onboarding::ids::BindingName;
use openapi::alb;
use stage::Report;

use super::{Part, leaving, stages, undone};
use crate::plan;

/// The procedure's world with `count` running instances that the binding selects. No event arrives and no timer fires: only
/// `apply` acts.
async fn world(count: usize) -> Local {
    let more: String = (2..=count)
        .map(|number| {
            format!("  - {{ id: i-{number:02}, vswitch: vsw-4, securityGroups: [sg-2], tags: {{ app: web }} }}\n")
        })
        .collect();
    let scenario =
        emulator::PROCEDURE.replace("state: Stopped, ", "").replacen("\ncens:", &format!("{more}\ncens:"), 1);
    let stacks = vec![Stack::home().with("TimerCron", "0 0 0 1 1 *")];
    let options = Options { scenario, stacks, faults: vec![Rule::new(Effect::LoseEvent)], ..Options::default() };
    let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), options.settings.seed);
    let local = Box::pin(Local::start(options, clock)).await.unwrap();
    assert_eq!(undone(&apply(&local).await), 0);
    assert_eq!(members(&local).await.len(), count);
    local
}

fn ecs(local: &Local, action: &str, params: &[(&str, &str)]) {
    let params = Params::new(params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let call = Call {
        service: Service::Ecs,
        action: action.to_owned(),
        region: "cn-hangzhou".to_owned(),
        params,
        caller: Caller::Root,
        request_id: String::new(),
    };
    let now = local.clock().now();
    local.cloud().with(|world| world.handle(now, &call)).unwrap();
}

fn untag(local: &Local, ids: &[&str]) {
    for id in ids {
        ecs(local, "UntagResources", &[("ResourceId.1", id), ("ResourceType", "instance"), ("TagKey.1", "app")]);
    }
}

async fn members(local: &Local) -> Vec<alb::Server> {
    let list = alb::ListServerGroups { server_group_names: vec!["web-remote".to_owned()], ..Default::default() };
    let group = local.operator().list("cn-chengdu", list).await.unwrap().remove(0).server_group_id;
    let list = alb::ListServerGroupServers { server_group_id: group, ..Default::default() };
    local.operator().list("cn-chengdu", list).await.unwrap()
}

/// The ids of members without weight.
async fn drained(local: &Local) -> BTreeSet<String> {
    let members = members(local).await.into_iter().filter(|member| member.weight == 0);
    members.filter_map(|member| member.description.split('/').nth(3).map(str::to_owned)).collect()
}

async fn look(local: &Local) -> Plan {
    Box::pin(plan::look(&local.operator_host(), &BindingName::from("web"), true)).await.unwrap().1
}

async fn apply_this(local: &Local, plan: &Plan) -> Vec<Report> {
    Box::pin(stages(&local.operator_host(), &BindingName::from("web"), plan, Part::All, |_| ())).await.unwrap()
}

async fn apply(local: &Local) -> Vec<Report> {
    apply_this(local, &look(local).await).await
}

async fn minutes(local: &Local, count: u64) {
    local.clock().sleep(Duration::from_secs(60 * count)).await;
}

#[tokio::test(start_paused = true)]
async fn two_of_twelve_drain_in_one_apply_and_are_removed_by_a_later_one() {
    let local = world(12).await;
    untag(&local, &["i-02", "i-03"]);
    let reports = apply(&local).await;
    assert_eq!(undone(&reports), 0, "{reports:#?}");
    let later = leaving::later(&reports);
    assert_eq!(later.values().flatten().copied().collect::<Vec<_>>(), ["i-02", "i-03"], "it is said who goes later");
    assert_eq!(drained(&local).await, ["i-02", "i-03"].map(str::to_owned).into());
    assert_eq!(members(&local).await.len(), 12, "nobody is removed before the drain is over");

    let again = apply(&local).await;
    assert_eq!(undone(&again), 0, "{again:#?}");
    assert_eq!(members(&local).await.len(), 12);

    minutes(&local, 21).await;
    assert_eq!(undone(&apply(&local).await), 0);
    assert_eq!(members(&local).await.len(), 10);
    assert_eq!(look(&local).await.changes, []);
}

#[tokio::test(start_paused = true)]
async fn what_the_cap_withholds_is_left_undone() {
    let local = world(12).await;
    untag(&local, &["i-02", "i-03", "i-04"]);
    let reports = apply(&local).await;
    let capped = reports.iter().flat_map(|report| &report.blocked);
    let capped: BTreeSet<&str> = capped
        .filter(|reason| reason.code == onboarding::Code::RemovalCapped)
        .map(|reason| reason.resource.as_str())
        .collect();
    assert_eq!(capped, ["i-04"].into());
    assert!(undone(&reports) > 0);
    assert_eq!(drained(&local).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_saved_plan_holds_when_only_time_has_passed() {
    let local = world(12).await;
    untag(&local, &["i-02", "i-03"]);
    let saved = look(&local).await;
    minutes(&local, 40).await;
    assert_eq!(saved.differences(&look(&local).await), Vec::<String>::new());
    assert_eq!(undone(&apply_this(&local, &saved).await), 0);
    assert_eq!(drained(&local).await.len(), 2);

    // The removal is in the plan that shows them draining, and only time stands against it.
    let draining = look(&local).await;
    minutes(&local, 21).await;
    assert_eq!(draining.differences(&look(&local).await), Vec::<String>::new());
    assert_eq!(undone(&apply_this(&local, &draining).await), 0);
    assert_eq!(members(&local).await.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_saved_plan_does_not_hold_when_somebody_else_lost_its_tag() {
    let local = world(12).await;
    untag(&local, &["i-02"]);
    let saved = look(&local).await;
    untag(&local, &["i-03"]);
    let differences = saved.differences(&look(&local).await);
    assert!(matches!(&differences[..], [new] if new.starts_with("new: set i-03")), "{differences:?}");
    let reports = apply_this(&local, &saved).await;
    assert!(undone(&reports) > 0, "what was not approved is reported");
    assert_eq!(drained(&local).await, ["i-02".to_owned()].into());
}

#[tokio::test(start_paused = true)]
async fn the_first_apply_after_every_member_is_released_removes_what_its_plan_named() {
    let local = world(1).await;
    ecs(&local, "DeleteInstance", &[("InstanceId", "i-ecs1"), ("Force", "true")]);
    let seen = look(&local).await;
    let named = |kind: &str| seen.follow_ups.iter().filter(|then| then.write.to_string().starts_with(kind)).count();
    assert!(named("remove route") > 0 && named("revoke") == 0, "{:#?}", seen.follow_ups);
    let reports = apply_this(&local, &seen).await;
    assert_eq!(undone(&reports), 0, "{reports:#?}");
    assert_eq!(members(&local).await.len(), 0);
    assert_eq!(look(&local).await.changes, [], "nothing is left for a second apply");
}

#[tokio::test(start_paused = true)]
async fn more_releases_than_may_go_at_once_are_marked_and_removed_by_a_later_apply() {
    let local = world(12).await;
    for id in ["i-02", "i-03", "i-04"] {
        ecs(&local, "DeleteInstance", &[("InstanceId", id), ("Force", "true")]);
    }
    let seen = look(&local).await;
    let then: Vec<String> = seen.follow_ups.iter().map(ToString::to_string).collect();
    assert_eq!(then.len(), 3, "{then:#?}");
    assert!(then.iter().all(|then| then.contains("(released)") && then.ends_with("after 10 minutes")), "{then:#?}");
    let reports = apply_this(&local, &seen).await;
    assert_eq!(undone(&reports), 0, "{reports:#?}");
    let later = leaving::later(&reports);
    assert!(later.keys().all(|later| later.released), "{later:?}");
    assert_eq!(later.values().flatten().copied().collect::<BTreeSet<_>>(), ["i-02", "i-03", "i-04"].into());
    let marked = members(&local).await;
    assert_eq!(marked.len(), 12);
    assert!(marked.iter().all(|member| member.weight == 100), "a mark is no drain");

    minutes(&local, 11).await;
    assert_eq!(undone(&apply(&local).await), 0);
    assert_eq!(members(&local).await.len(), 9);
    assert_eq!(look(&local).await, Plan::default());
}
