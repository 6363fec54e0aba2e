//! What a run, a drift check and a plan cost: calls by action and stage. The bounds are close to what they cost today, so a
//! change that makes a stage read more than it decides on fails here.
//!
//! `cargo test --workspace --test scenarios -- costs --nocapture` prints the tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use emulator::CallRecord;
use emulator::call::Caller;
use end_to_end::{Console, assert_all_ok, start, worlds};
use local::{Generation, Local, Options, PROCEDURE_BINDING};
use onboarding::ids::BindingName;
use serde_json::json;
use stage::Invocation;

use crate::{LIMIT, onboarded};

on_both_generations!(a_cold_onboarding, a_warm_onboarding);

/// The calls of functions, by stage and action.
#[derive(Default)]
struct Costs(BTreeMap<String, BTreeMap<String, usize>>);

impl Costs {
    fn of(local: &Local, skip: usize) -> Self {
        let mut costs = Self::default();
        for call in local.cloud().gateway().log().iter().skip(skip) {
            if let Some(Caller::Role(role) | Caller::Restricted { role, .. }) = &call.caller {
                let stage = role.rsplit_once("cn-hangzhou-").map_or(&**role, |(_, stage)| stage);
                costs.add(stage, call);
            }
        }
        costs
    }

    fn add(&mut self, stage: &str, call: &CallRecord) {
        *self.0.entry(stage.to_owned()).or_default().entry(call.action.clone()).or_default() += 1;
    }

    fn total(&self) -> usize {
        self.0.values().flat_map(BTreeMap::values).sum()
    }

    #[expect(clippy::print_stdout, reason = "the tables are for whoever asks with --nocapture")]
    fn show(&self, title: &str) {
        let mut text = format!("{title}: {} calls\n", self.total());
        for (stage, actions) in &self.0 {
            let _never = writeln!(text, "  {stage}: {}", actions.values().sum::<usize>());
            let mut actions: Vec<_> = actions.iter().collect();
            actions.sort_by_key(|(action, count)| (std::cmp::Reverse(**count), (*action).clone()));
            let actions: Vec<_> = actions.into_iter().map(|(action, count)| format!("{action} {count}")).collect();
            let _never = writeln!(text, "      {}", actions.join(", "));
        }
        println!("{text}");
    }
}

/// The length of the first run's work in seconds, without its window.
async fn seconds(local: &Local, run: usize) -> i64 {
    let executions = Console(local).executions().await;
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    time(&executions[run].stopped).duration_since(time(&executions[run].started)).as_secs() - 12
}

async fn a_cold_onboarding(generation: Generation) {
    let local = onboarded(worlds::options(generation)).await;
    let costs = Costs::of(&local, 0);
    let seconds = seconds(&local, 0).await;
    costs.show(&format!("cold, {generation:?}, {seconds} s"));
    let (most, limit) = if generation == Generation::Upgraded { (419, 379) } else { (532, 406) };
    assert!(costs.total() <= most, "{} calls", costs.total());
    assert!(seconds <= limit, "{seconds} s");
}

async fn a_warm_onboarding(generation: Generation) {
    let mut totals = Vec::new();
    for count in [1, 200] {
        let options = Options { scenario: worlds::fleet(count), ..worlds::options(generation) };
        let local = onboarded(options).await;
        let console = Console(&local);
        let skip = local.cloud().gateway().log().len();
        for id in worlds::fleet_ids(count) {
            console.start_instance(&id);
        }
        let executions = console.ended(2, LIMIT).await;
        assert_all_ok(&console.reports(&executions[1].name).await);
        assert_eq!(console.members().await.len(), 1 + count);
        let costs = Costs::of(&local, skip);
        costs.show(&format!("warm of {count}, {generation:?}, {} s", seconds(&local, 1).await));
        totals.push(costs.total());
    }
    let most = if generation == Generation::Upgraded { 199 } else { 217 };
    assert!(totals[0] <= most, "{totals:?}");
    // Pages and batches.
    assert!(totals[1] <= totals[0] + 50, "{totals:?}");
}

/// Bindings that share everything but their instances, server groups and listeners.
fn bindings(count: usize) -> String {
    let one = PROCEDURE_BINDING.split_once("bindings:\n").unwrap().1;
    let named = |number: usize| {
        one.replacen("name: web\n", &format!("name: web{number}\n"), 1)
            .replacen("name: web-remote", &format!("name: remote{number}"), 1)
            .replacen(
                "listener: { protocol: HTTP, port: 80 }",
                &format!("listener: {{ protocol: HTTP, port: {} }}", 80 + number),
                1,
            )
            .replacen("app: web", &format!("app: web{number}"), 1)
    };
    format!("bindings:\n{}", (0..count).map(named).collect::<String>())
}

/// The procedure's world with this many running instances for each of [`bindings`].
fn world(count: usize, instances: usize) -> String {
    let mut rows = String::new();
    for number in 0..count {
        for instance in 0..instances {
            let vswitch = if instance % 2 == 0 { "vsw-3" } else { "vsw-4" };
            let _never = writeln!(
                rows,
                "  - {{ id: i-{number}-{instance}, vswitch: {vswitch}, securityGroups: [sg-2], state: Running, tags: {{ app: web{number} }} }}"
            );
        }
    }
    emulator::PROCEDURE.replacen("\ncens:", &format!("{rows}\ncens:"), 1)
}

/// A deployment in which all bindings are in place.
async fn in_place(count: usize, instances: usize) -> Local {
    let options = Options {
        scenario: world(count, instances),
        bindings: bindings(count),
        ..worlds::options(Generation::Upgraded)
    };
    let local = start(options).await;
    let console = Console(&local);
    for number in 0..count {
        console.begin(&format!("by-hand-{number}"), &format!("web{number}")).await;
        // One after the other: listeners of one load balancer are made one at a time.
        console.ended(number + 1, LIMIT).await;
    }
    local
}

async fn drift_check(local: &Local) -> Vec<CallRecord> {
    let before = local.cloud().gateway().log().len();
    let host = local.operator_host();
    let invocation = Invocation::until(&host, host.clock().now() + Duration::from_secs(300));
    let timer = json!({"triggerTime": "2026-11-22T08:00:00Z", "triggerName": "repair", "payload": ""});
    let dispatched = Box::pin(dispatch::dispatch(&invocation, "", &timer)).await.unwrap();
    assert!(dispatched.started.is_empty(), "{dispatched:?}");
    local.cloud().gateway().log().split_off(before)
}

async fn plan_of_one(local: &Local) -> Vec<CallRecord> {
    let before = local.cloud().gateway().log().len();
    let host = local.operator_host();
    let invocation = Invocation::until(&host, host.clock().now() + Duration::from_secs(300));
    let (_, plan) = Box::pin(stage::plan_whole(&invocation, &BindingName::from("web0"), true)).await.unwrap();
    assert!(plan.changes.is_empty(), "{plan:?}");
    local.cloud().gateway().log().split_off(before)
}

fn shown(title: &str, calls: &[CallRecord]) -> usize {
    let mut costs = Costs::default();
    calls.iter().for_each(|call| costs.add("all", call));
    costs.show(title);
    costs.total()
}

#[tokio::test(start_paused = true)]
async fn a_drift_check_costs_what_its_rows_cost_and_a_plan_what_its_binding_costs() {
    let (one, ten) = (in_place(1, 20).await, in_place(10, 20).await);
    let drift = [shown("drift of 1", &drift_check(&one).await), shown("drift of 10", &drift_check(&ten).await)];
    let plan =
        [shown("plan, 1 binding", &plan_of_one(&one).await), shown("plan, 10 bindings", &plan_of_one(&ten).await)];
    assert!(drift[0] <= 31, "{drift:?}");
    // Nine more bindings: their members, their health, and two more pages of instances.
    assert!(drift[1] <= drift[0] + 9 * 2 + 2, "{drift:?}");
    assert!(plan[1] <= plan[0] + 2, "{plan:?}");
}
