//! The procedure's world for both generations of ALB: complete, with each piece missing, and taken apart at random.

#![expect(clippy::unwrap_used, reason = "tests: the fixture has no outside data")]

mod addresses;
mod complete;
mod faults;
mod front;
mod missing;
mod random;
mod remedies;
mod security;
mod together;
mod world;
