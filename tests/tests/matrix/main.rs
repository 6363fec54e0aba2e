//! The matrices: every crash point, every false answer, many interleavings (docs/testing.md).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails ends its test")]

/// One test per generation, from an async function that takes one. In a sample the generations alternate, because running
/// the story costs more than a few cases.
macro_rules! on_both_generations {
    ($($matrix:ident),+ $(,)?) => {$(
        mod $matrix {
            #[tokio::test(start_paused = true)]
            async fn upgraded() {
                if crate::takes_part(stringify!($matrix), true) {
                    super::$matrix(local::Generation::Upgraded).await;
                }
            }

            #[tokio::test(start_paused = true)]
            async fn classic() {
                if crate::takes_part(stringify!($matrix), false) {
                    super::$matrix(local::Generation::Classic).await;
                }
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

/// Whether a matrix runs for a generation.
fn takes_part(matrix: &str, is_upgraded: bool) -> bool {
    let is_its_turn = matrix.len().is_multiple_of(2) == is_upgraded;
    end_to_end::matrix::scope() != end_to_end::matrix::Scope::Sample || is_its_turn
}
