//! Dispatch over a scripted workflow, on paused time.

#![expect(clippy::unwrap_used, reason = "what tests share may end a test, as tests do")]

mod meeting;
mod outpost;
mod runs;
mod world;
