//! The published rates of the cloud's APIs, enforced in both ways of counting: one cold run is not slowed by them, ten at once
//! pass under them, and refusals by chance cost little.

use std::collections::BTreeMap;

use emulator::RateLimits;
use emulator::faults;
use end_to_end::matrix::{self, Scope};
use end_to_end::{Console, start, worlds};
use jiff::Timestamp;
use local::{Generation, Local, Options};

use crate::LIMIT;

const BINDINGS: usize = 10;
/// Seeds over which the cost of refusals is averaged.
const SEEDS: u64 = 2;

/// The seconds from the first start of a run to the last end, when all runs have succeeded.
async fn seconds(local: &Local, runs: usize) -> f64 {
    let executions = Console(local).ended(runs, LIMIT).await;
    assert!(executions.iter().all(|execution| execution.status == "Succeeded"), "{executions:?}");
    let time = |text: &String| text.parse::<Timestamp>().unwrap();
    let begun = executions.iter().map(|execution| time(&execution.started)).min().unwrap();
    let ended = executions.iter().map(|execution| time(&execution.stopped)).max().unwrap();
    ended.duration_since(begun).as_secs_f64()
}

/// How many calls were made, and how many of them were refused for their rate, by action.
fn refused(local: &Local) -> (usize, BTreeMap<String, usize>) {
    let log = local.cloud().gateway().log();
    let mut refused = BTreeMap::new();
    for call in log.iter().filter(|call| call.code.as_deref().is_some_and(|code| code.starts_with("Throttling"))) {
        *refused.entry(call.action.clone()).or_default() += 1;
    }
    (log.len(), refused)
}

/// The seconds of a cold run of the procedure.
async fn one(options: Options) -> (f64, Local) {
    let local = start(options).await;
    Console(&local).start_instance("i-ecs1");
    (seconds(&local, 1).await, local)
}

on_both_generations!(a_cold_run_is_neither_refused_nor_slowed);

async fn a_cold_run_is_neither_refused_nor_slowed(generation: Generation) {
    let (free, _) = one(worlds::options(generation)).await;
    for rates in [RateLimits::Calendar, RateLimits::Sliding] {
        let mut options = worlds::options(generation);
        options.settings.rates = rates;
        let (limited, local) = one(options).await;
        assert_eq!(refused(&local).1, BTreeMap::new(), "{rates:?}");
        assert!((limited - free).abs() < 0.001, "{rates:?}: {limited} s, and {free} s without");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_cold_runs_at_once_pass_under_calendar_windows() {
    ten_pass(Generation::Upgraded, RateLimits::Calendar).await;
}

#[tokio::test(start_paused = true)]
async fn ten_cold_runs_at_once_pass_under_sliding_windows() {
    ten_pass(Generation::Classic, RateLimits::Sliding).await;
}

/// Ten bindings of the same two regions: each function is one process for all of them, and the processes share the account. In a
/// sample, windows by the calendar, which refuse less than sliding ones, judge four.
async fn ten_pass(generation: Generation, rates: RateLimits) {
    let few = matrix::scope() == Scope::Sample && rates == RateLimits::Calendar;
    let count = if few { 4 } else { BINDINGS };
    let (scenario, bindings) = worlds::many_bindings(count);
    let mut options = Options { scenario, bindings, ..worlds::options(generation) };
    options.settings.rates = rates;
    let local = start(options).await;
    let console = Console(&local);
    for number in 1..=count {
        console.start_instance(&format!("i-{}", worlds::app(number)));
    }
    let seconds = seconds(&local, count).await;
    for number in 1..=count {
        let members = console.members_of(&format!("{}-remote", worlds::app(number))).await;
        assert_eq!(members.len(), 1, "{number}");
    }
    assert_eq!(console.ailing().await, Vec::<String>::new());
    let (calls, refused) = refused(&local);
    assert!(seconds < 600.0, "{seconds} s");
    assert!(
        refused.values().sum::<usize>() * 50 < calls,
        "more than two in a hundred of {calls} are refused: {refused:?}"
    );
}

/// How much longer a cold run takes, on average, if each call is refused with a chance of one in five.
async fn cost_of_refusals(generation: Generation, retry_after: bool) -> f64 {
    let mut times = (0.0, 0.0);
    for seed in 1..=SEEDS {
        let mut options = worlds::options(generation);
        options.settings.seed = seed;
        options.settings.retry_after = retry_after;
        times.0 += one(options.clone()).await.0;
        options.faults = faults::parse("faults: [{ name: throttled, probability: 0.2, effect: throttle }]").unwrap();
        let (disturbed, local) = one(options).await;
        let (calls, refused) = refused(&local);
        assert!(refused.values().sum::<usize>() * 8 > calls, "about one in five");
        times.1 += disturbed;
    }
    times.1 / times.0
}

on_both_generations!(refusals_by_chance_cost_little, refusals_that_ask_for_half_a_second_cost_that);

async fn refusals_by_chance_cost_little(generation: Generation) {
    let ratio = cost_of_refusals(generation, false).await;
    assert!(ratio <= 1.10, "{ratio}");
}

/// Who is told to come back in half a second does so, with every look's three calls in a row.
async fn refusals_that_ask_for_half_a_second_cost_that(generation: Generation) {
    let ratio = cost_of_refusals(generation, true).await;
    assert!(ratio <= 1.20, "{ratio}");
}
