//! The scenarios: whole stories on an emulated cloud, in memory and with paused time. Each runs for both generations of
//! load balancers if that can make a difference.

#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use std::time::Duration;

/// One test per generation, from an async function that takes one.
macro_rules! on_both_generations {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            #[tokio::test(start_paused = true)]
            async fn upgraded() {
                super::$story(local::Generation::Upgraded).await;
            }

            #[tokio::test(start_paused = true)]
            async fn classic() {
                super::$story(local::Generation::Classic).await;
            }
        }
    )+};
}

mod absence;
mod blueprint;
mod consent;
mod costs;
mod crashes;
mod determinism;
mod drift;
mod events;
mod faults;
mod growth;
mod hosting;
mod onboarding;
mod order;
mod overtime;
mod prefixes;
mod rates;
mod readings;
mod regions;
mod removal;
mod seeded;
mod switches;
mod teardown;
mod telling;
mod tokens;
mod turns;
mod whole;

/// A cold onboarding takes about eight minutes in the cloud.
const LIMIT: Duration = Duration::from_secs(3600);

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// A deployment in which `i-ecs1` has become a backend.
async fn onboarded(options: local::Options) -> local::Local {
    let local = end_to_end::start(options).await;
    let console = end_to_end::Console(&local);
    console.start_instance("i-ecs1");
    console.ended(1, LIMIT).await;
    assert_eq!(console.members().await.len(), 1);
    local
}
