//! A process dies in the middle of an onboarding, right after a write. The next run continues, and the result equals that
//! of an undisturbed run.

use emulator::PROCEDURE;
use end_to_end::footprint::{self, Footprint};
use end_to_end::matrix::{self, Scope};
use end_to_end::{Console, apply, start, worlds};
use local::{Generation, Local, Options};
use onboarding::StageName;

on_both_generations!(a_run_finishes_what_a_dead_process_began);

/// `i-ecs1` is already running, so no event starts a run.
async fn running(generation: Generation) -> Local {
    let scenario = PROCEDURE.replacen("state: Stopped, ", "", 1);
    assert_ne!(scenario, PROCEDURE);
    start(Options { scenario, ..worlds::options(generation) }).await
}

/// The process dies after `cut` writes, and a run follows. Returns the footprint, or `None` if there are fewer writes.
async fn cut_after(generation: Generation, cut: usize) -> Option<Footprint> {
    let local = running(generation).await;
    let plan = apply::plan(&local, "web").await.unwrap();
    if !apply::die_after(&local, "web", &plan, cut).await {
        return None;
    }
    // Preflight may report an attachment that is still in progress; at the end everything must be in place.
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
    // A sample of the writes; the two generations alternate. The matrix of crashes has them all.
    let step = if matrix::scope() == Scope::Sample { 12 } else { 4 };
    let first = if generation == Generation::Upgraded { 1 } else { 3 };
    for cut in (first..=count).step_by(step) {
        assert_eq!(cut_after(generation, cut).await, Some(whole.clone()), "cut after write {cut} of {count}");
    }
}
