//! The data of every service, and questions about it that one service's data can answer.
//!
//! Nothing here knows calls of the API or looks at another service's data: that is what `routing`, `platform` and
//! `services` do, over the sum of all of it, the `World`.

pub(crate) mod account;
pub(crate) mod alb;
pub(crate) mod cen;
pub(crate) mod ecs;
pub(crate) mod events;
pub mod fc;
pub(crate) mod fnf;
pub(crate) mod oss;
pub mod ram;
pub(crate) mod ros;
pub mod sts;
pub(crate) mod vpc;
