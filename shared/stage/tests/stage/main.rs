//! The crate from outside, over a scripted cloud and on paused time.

mod observe;
mod run;
mod scripted;
