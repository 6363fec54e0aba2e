//! The same seed gives the same story.

use end_to_end::{Console, worlds};
use local::Generation;

use crate::onboarded;

async fn log_of(seed: u64) -> String {
    let mut options = worlds::options(Generation::Upgraded);
    options.settings.seed = seed;
    let local = onboarded(options).await;
    assert_eq!(Console(&local).get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));
    local.cloud().gateway().log_text()
}

#[tokio::test(start_paused = true)]
async fn one_seed_gives_one_call_log_to_the_byte() {
    let (once, again) = (log_of(7).await, log_of(7).await);
    let difference = once.lines().zip(again.lines()).position(|(one, other)| one != other);
    assert_eq!(difference, None, "the first line that differs");
    assert_eq!(once.len(), again.len());
}

#[tokio::test(start_paused = true)]
async fn another_seed_gives_another_log_and_the_same_result() {
    let (once, other) = (log_of(7).await, log_of(8).await);
    assert_ne!(once, other);
}
