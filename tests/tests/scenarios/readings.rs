//! What the documentation leaves open is tested in each variant: the error names of functions, the signatures of requests,
//! how often an event is delivered.

use emulator::{Counts, Listings};
use end_to_end::calls::assert_quiet;
use end_to_end::{Console, assert_all_ok, footprint, start, worlds};
use local::{FunctionErrors, Generation, Options};
use openapi::Signature;

use crate::LIMIT;

async fn ends_the_same(options: Options) {
    let generation = options.generation;
    let local = start(options).await;
    let console = Console(&local);
    console.start_instance("i-ecs1");
    let executions = console.ended(1, LIMIT).await;
    assert_eq!(executions.len(), 1, "{executions:?}");
    assert_all_ok(&console.reports(&executions[0].name).await);
    assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));
    assert_quiet(&local);
    let usual = crate::onboarded(worlds::options(generation)).await;
    assert_eq!(footprint::of(&local).await, footprint::of(&usual).await);
}

#[tokio::test(start_paused = true)]
async fn errors_without_their_names_change_nothing() {
    let mut options = worlds::options(Generation::Upgraded);
    options.settings.function_errors = FunctionErrors::Unknown;
    ends_the_same(options).await;
}

#[tokio::test(start_paused = true)]
async fn errors_without_their_names_change_nothing_for_classic() {
    let mut options = worlds::options(Generation::Classic);
    options.settings.function_errors = FunctionErrors::Unknown;
    ends_the_same(options).await;
}

#[tokio::test(start_paused = true)]
async fn both_signatures_are_accepted() {
    for signature in [Signature::RpcSha1, Signature::Acs3] {
        ends_the_same(Options { signature, ..worlds::options(Generation::Upgraded) }).await;
    }
}

#[tokio::test(start_paused = true)]
async fn listings_without_counts_and_without_empty_tags_change_nothing() {
    let mut options = worlds::options(Generation::Classic);
    options.settings.listings = Listings { counts: Counts::Omitted, omit_empty_tags: true };
    ends_the_same(options).await;
}

#[tokio::test(start_paused = true)]
async fn counts_of_zero_beside_rows_change_nothing() {
    let mut options = worlds::options(Generation::Upgraded);
    options.settings.listings = Listings { counts: Counts::Zero, omit_empty_tags: false };
    ends_the_same(options).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_twice_starts_one_run() {
    let mut options = worlds::options(Generation::Upgraded);
    options.settings.event_copies = 2;
    ends_the_same(options).await;
}
