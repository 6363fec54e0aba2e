//! The crate from outside, over a scripted cloud and on paused time.

#![expect(clippy::unwrap_used, reason = "what tests share may end a test, as tests do")]

mod absence;
mod ahead;
mod creates;
mod going_on;
mod neighbours;
mod observe;
mod readings;
mod run;
mod scripted;
mod waits;
