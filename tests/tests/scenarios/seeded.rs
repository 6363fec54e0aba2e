//! Storms: whole onboardings with random faults of all kinds at once, one per seed. After the storm and the timer's next
//! runs, the result equals that of an undisturbed onboarding: no duplicates, nothing missing, nothing removed.

use std::collections::BTreeSet;
use std::time::Duration;

use emulator::faults::{self, Effect};
use end_to_end::footprint::{self, Footprint};
use end_to_end::{Console, matrix, start, worlds};
use local::{Generation, Local, Options};

use crate::{LIMIT, minutes};

on_both_generations!(storms_pass);

/// The end of the storm in seconds: it covers most of an onboarding, and the timer's first run.
const OVER: u64 = 45 * 60;

/// Every kind of fault, each with a probability.
const STORM: &str = "
faults:
  - { name: throttled, probability: 0.03, effect: throttle }
  - { name: unavailable, probability: 0.02, effect: unavailable }
  - { name: broken, probability: 0.02, effect: internalError }
  - { name: odd, on: { writes: true }, probability: 0.02, effect: { refuse: { status: 400, code: OperationFailed.Odd } } }
  - { name: lost, on: { writes: true }, probability: 0.04, effect: { refuse: { status: 500, code: InternalError, done: true } } }
  - { name: cut before, probability: 0.02, effect: cutBefore }
  - { name: cut after, probability: 0.03, effect: cutAfter }
  - { name: truncated, probability: 0.02, effect: truncate }
  - { name: slow, probability: 0.03, effect: { delay: { seconds: 15 } } }
  - { name: denied, on: { caller: 'albridge-*' }, probability: 0.005, effect: deny }
  - { name: lingering, on: { writes: true }, probability: 0.1, effect: { stick: { seconds: 45 } } }
  - { name: stuck, on: { action: 'Create*' }, skip: 2, times: 1, effect: { stick: {} } }
  - { name: stale, on: { service: Cbn }, probability: 0.05, effect: { staleReads: { seconds: 8 } } }
  - { name: stale groups, on: { service: Alb }, probability: 0.05, effect: { staleReads: { seconds: 8 } } }
  - { name: expired, probability: 0.2, effect: { expireTokens: { seconds: 20 } } }
  - { name: dead, probability: 0.05, effect: { crashFunction: {} } }
  - { name: dying, probability: 0.08, effect: { crashFunction: { seconds: 2 } } }
  - { name: endless, probability: 0.02, effect: timeOutFunction }
  - { name: no instance, probability: 0.05, effect: throttleFunction }
  - { name: no event, probability: 0.2, effect: loseEvent }
  - { name: events, probability: 0.3, effect: { duplicateEvent: { copies: 3 } } }
  - { name: late, probability: 0.2, effect: { delayEvent: { seconds: 40 } } }
  - { name: shuffled, probability: 0.3, effect: { reorderEvents: { seconds: 30 } } }
";

fn options(generation: Generation, seed: u64) -> Options {
    let mut options = worlds::options(generation);
    options.settings.seed = seed;
    options
}

/// Runs a story to its end: the start, the storm if there is one, and the timer's runs after it. Returns the footprint, and
/// the kinds of faults that took effect.
async fn told(local: &Local) -> (Footprint, BTreeSet<String>) {
    let console = Console(local);
    console.start_instance("i-ecs1");
    console.wait(Duration::from_secs(OVER)).await;
    let now = local.cloud().now();
    let struck = local.cloud().with(|world| {
        let struck = world.faults().into_iter().filter(|fault| fault.hits > 0).map(|fault| fault.id).collect();
        world.clear_faults(now);
        struck
    });
    // A stage may still be waiting for its whole time budget; the timer fires every half hour.
    console.wait(minutes(50)).await;
    console.ended(1, LIMIT).await;
    console.wait(minutes(35)).await;
    console.ended(1, LIMIT).await;
    assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));
    assert_eq!(console.ailing().await, Vec::<String>::new());
    (footprint::of(local).await, struck)
}

async fn stormy(generation: Generation, seed: u64) -> Local {
    start(Options { faults: faults::parse(STORM).unwrap(), ..options(generation, seed) }).await
}

async fn storms_pass(generation: Generation) {
    // The two generations alternate.
    let first = if generation == Generation::Upgraded { 2 } else { 1 };
    let (calm, none) = told(&start(options(generation, first)).await).await;
    assert!(none.is_empty());
    let mut seen = BTreeSet::new();
    for seed in (first..=matrix::scope().count(4, 10)).step_by(2) {
        let (left, struck) = told(&stormy(generation, seed).await).await;
        assert_eq!(left, calm, "seed {seed}");
        seen.extend(struck);
    }
    assert!(seen.len() >= 15, "few kinds struck: {seen:?}");
}

#[tokio::test(start_paused = true)]
async fn one_seed_is_one_storm() {
    let mut logs = Vec::new();
    for _ in 0..2 {
        let local = stormy(Generation::Upgraded, 3).await;
        Console(&local).start_instance("i-ecs1");
        Console(&local).wait(minutes(10)).await;
        logs.push(local.cloud().gateway().log_text());
    }
    assert!(logs[0] == logs[1], "the logs differ");
}

/// False answers have their own matrix.
#[test]
fn the_storm_holds_every_effect_but_lies() {
    let kinds: std::collections::HashSet<_> =
        faults::parse(STORM).unwrap().iter().map(|rule| std::mem::discriminant(&rule.effect)).collect();
    let last = Effect::ReorderEvents { seconds: minutes(0).into() };
    assert!(kinds.contains(&std::mem::discriminant(&last)));
    assert_eq!(kinds.len(), 19, "an effect is missing, or there is a new one");
}
