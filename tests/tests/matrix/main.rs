//! The matrices: every crash point, every false answer, many interleavings (docs/testing.md).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails ends its test")]

/// One test for each generation, of an async function that takes one.
macro_rules! on_both_generations {
    ($($matrix:ident),+ $(,)?) => {$(
        mod $matrix {
            #[tokio::test(start_paused = true)]
            async fn upgraded() {
                super::$matrix(local::Generation::Upgraded).await;
            }

            #[tokio::test(start_paused = true)]
            async fn classic() {
                super::$matrix(local::Generation::Classic).await;
            }
        }
    )+};
}

mod coalescing;
mod crashes;
mod faulty;
mod interleavings;
mod lies;
mod process;
mod stories;
mod storms;
mod story;
mod tape;
