//! A stage that is interrupted: its credentials expire, or its function times out. The stage fails, the workflow's Retry
//! calls it again with new credentials, and the same run ends with everything in place.

use std::time::Duration;

use emulator::faults::{Effect, Rule};
use end_to_end::footprint::{self, Footprint};
use end_to_end::matrix::{self, CRASH_POINTS, Scope, Tally};
use end_to_end::{Console, start, worlds};
use local::Generation;
use onboarding::StageName;

use crate::{minutes, onboarded};

on_both_generations!(credentials_that_expire_cost_no_second_run, a_function_that_times_out_costs_no_second_run);

/// Stages by the names of their functions; in a sample the two generations alternate.
fn stages(generation: Generation) -> Vec<&'static str> {
    // Without dispatch, because an unanswered event is delivered again and starts another run.
    let of_runs = StageName::ALL.into_iter().filter(|stage| *stage != StageName::Dispatch);
    let stages: Vec<_> = of_runs.map(StageName::as_str).collect();
    matrix::scope().choose(stages, 6, u64::from(generation == Generation::Classic), |stage| (*stage).to_owned())
}

/// An onboarding in which `rule` takes effect once, or a few times in a row. The timer does not fire meanwhile, so one run
/// must be sufficient.
async fn in_one_run(generation: Generation, stage: &str, rule: Rule) -> Footprint {
    let local = start(worlds::options(generation)).await;
    let console = Console(&local);
    local.cloud().inject(rule).unwrap();
    console.start_instance("i-ecs1");
    let executions = console.ended(1, minutes(29)).await;
    assert_eq!(executions.len(), 1, "{stage}: {executions:?}");
    assert_eq!(executions[0].status, "Succeeded", "{stage}: {executions:?}");
    let struck = local.cloud().with(|world| world.faults().iter().any(|fault| fault.hits > 0));
    assert!(struck, "{stage}: nothing went wrong");
    assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"), "{stage}");
    footprint::of(&local).await
}

async fn credentials_that_expire_cost_no_second_run(generation: Generation) {
    let mut tally = Tally::of(&format!("expired credentials, {generation:?}"));
    let whole = footprint::of(&onboarded(worlds::options(generation)).await).await;
    // Early enough to hit a stage with little work, at once, and in the middle of a stage that polls.
    let ends: &[f64] = if matrix::scope() == Scope::Sample { &[0.4] } else { &[0.4, 0.0, 5.0] };
    for stage in stages(generation) {
        for seconds in ends.iter().copied() {
            let mut rule = Rule::new(Effect::ExpireTokens { seconds: Duration::from_secs_f64(seconds).into() });
            rule.on.parameters.insert("RoleName".to_owned(), format!("albridge-*-{stage}"));
            let left = in_one_run(generation, stage, rule.times(2)).await;
            assert_eq!(left, whole, "{stage} after {seconds} s");
            tally.add(CRASH_POINTS, 1);
        }
    }
}

async fn a_function_that_times_out_costs_no_second_run(generation: Generation) {
    let mut tally = Tally::of(&format!("functions that time out, {generation:?}"));
    let whole = footprint::of(&onboarded(worlds::options(generation)).await).await;
    for stage in stages(generation) {
        let mut rule = Rule::new(Effect::TimeOutFunction);
        rule.on.parameters.insert("functionName".to_owned(), format!("albridge-{stage}"));
        let left = in_one_run(generation, stage, rule.times(1)).await;
        assert_eq!(left, whole, "{stage}");
        tally.add(CRASH_POINTS, 1);
    }
}
