//! A process that dies in the middle of an onboarding, right after a write: the next run goes on from there, and ends with
//! the very world that an undisturbed one makes.

use emulator::PROCEDURE;
use end_to_end::footprint::{self, Footprint};
use end_to_end::{Console, apply, start, worlds};
use local::{Generation, Local, Options};
use onboarding::StageName;

on_both_generations!(a_run_finishes_what_a_dead_process_began);

/// `i-ecs1` runs already, so that no event starts a run.
async fn running(generation: Generation) -> Local {
    let scenario = PROCEDURE.replacen("state: Stopped, ", "", 1);
    assert_ne!(scenario, PROCEDURE);
    start(Options { scenario, ..worlds::options(generation) }).await
}

/// Dies after `cut` writes and lets a run follow. Gives what is there then, or nothing when there are fewer writes.
async fn cut_after(generation: Generation, cut: usize) -> Option<Footprint> {
    let local = running(generation).await;
    let plan = apply::plan(&local, "web").await.unwrap();
    if !apply::die_after(&local, "web", &plan, cut).await {
        return None;
    }
    // Preflight may find an attachment that is still on its way; in the end nothing is left to wish for.
    let reports = Console(&local).run("after").await;
    assert!(reports.iter().all(|report| report.ok || report.stage == StageName::Preflight), "{reports:?}");
    assert_eq!(Console(&local).get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));
    Some(footprint::of(&local).await)
}

async fn a_run_finishes_what_a_dead_process_began(generation: Generation) {
    let local = running(generation).await;
    let plan = apply::plan(&local, "web").await.unwrap();
    apply::apply(&local, "web", &plan).await.unwrap();
    let whole = footprint::of(&local).await;
    let count = local.cloud().gateway().writes();
    assert!(count > 10, "{count}");
    // A sample of the writes; the two generations take turns.
    let first = if generation == Generation::Upgraded { 1 } else { 3 };
    for cut in (first..=count).step_by(4) {
        assert_eq!(cut_after(generation, cut).await, Some(whole.clone()), "cut after write {cut} of {count}");
    }
}
