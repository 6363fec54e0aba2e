//! The data of every service, and questions about it that one service's data can answer.
//!
//! Nothing here handles API calls or reads another service's data: `routing`, `platform` and `services` do that, over the
//! sum of all state, the `World`.

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
