//! Failed calls in the middle of a cold onboarding: refused before they had an effect, or carried out with the answer lost.
//! After the run, or the timer's next one, the result equals that of an undisturbed run.

use emulator::faults::{Effect, Rule};
use end_to_end::calls::writes;
use end_to_end::footprint::{self, Footprint};
use end_to_end::matrix::{self, Scope};
use end_to_end::{Console, start, worlds};
use local::Generation;

use crate::{LIMIT, minutes, onboarded};

on_both_generations!(lost_answers_make_nothing_twice, an_outage_is_outlived);

/// The number of writes of an undisturbed onboarding, and its footprint.
async fn undisturbed(generation: Generation) -> (u32, Footprint) {
    let local = onboarded(worlds::options(generation)).await;
    (u32::try_from(writes(&local).len()).unwrap(), footprint::of(&local).await)
}

/// An onboarding in which `times` writes from the `skip`th on fail.
async fn disturbed(generation: Generation, skip: u32, times: u32, rule: Rule) -> Footprint {
    let local = start(worlds::options(generation)).await;
    let console = Console(&local);
    // StartExecution counts as a write too; it is the first.
    local.cloud().inject(rule.on_writes().skip(skip).times(times)).unwrap();
    console.start_instance("i-ecs1");
    console.wait(minutes(35)).await; // the event's run, and the timer's run if something is left
    console.ended(1, LIMIT).await;
    assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));
    footprint::of(&local).await
}

async fn lost_answers_make_nothing_twice(generation: Generation) {
    let (count, whole) = undisturbed(generation).await;
    let left = disturbed(generation, 2, 1, Rule::lose_answer()).await;
    assert_eq!(left, whole, "one answer is lost");
    // The two generations alternate; the very first write is the start of the run.
    let first = if generation == Generation::Upgraded { 0 } else { 3 };
    let step = if matrix::scope() == Scope::Sample { 18 } else { 6 };
    for skip in (first..=count).step_by(step) {
        // One more than the attempts of a client.
        let left = disturbed(generation, skip, 6, Rule::lose_answer()).await;
        assert_eq!(left, whole, "the answers of six writes from {skip} of {count} on are lost");
    }
}

async fn an_outage_is_outlived(generation: Generation) {
    let (count, whole) = undisturbed(generation).await;
    for (skip, times) in [(count / 3, 20), (count - 1, 8)] {
        let left = disturbed(generation, skip, times, Rule::new(Effect::Unavailable)).await;
        assert_eq!(left, whole, "{times} calls from write {skip} of {count} on are refused");
    }
}
