//! Shared by the scenarios: a person at the console of the emulated cloud, waits for expected events, and assertions
//! against unexpected ones.

pub mod apply;
pub mod calls;
pub mod canaries;
mod console;
pub mod footprint;
pub mod lies;
pub mod matrix;
pub mod receivers;
mod runs;
pub mod teardown;
pub mod things;
pub mod worlds;
pub mod zip;

use clock::Clock;
use emulator::Listings;
use jiff::Timestamp;
use local::{Local, Options};

pub use console::Console;
pub use runs::{Execution, STAGES, assert_all_ok};

/// The start time of every scenario.
///
/// # Panics
/// Never: the text is a time.
#[must_use]
#[expect(clippy::unwrap_used, reason = "a constant")]
pub fn beginning() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// A deployment on paused time.
///
/// # Panics
/// If it does not start.
#[expect(clippy::expect_used, reason = "without a deployment there is nothing to test")]
pub async fn start(mut options: Options) -> Local {
    if options.settings.listings == Listings::default() {
        options.settings.listings = matrix::listings();
    }
    let clock = Clock::seeded(beginning(), options.settings.seed);
    Local::start(options, clock).await.expect("the deployment starts")
}
