//! The actions of each service's API, over the world's data.
//!
//! A service reads another service's data, but never calls its actions; what several services need is in `platform`.

pub(crate) mod alb;
pub(crate) mod cen;
pub(crate) mod ecs;
pub(crate) mod events;
pub(crate) mod fc;
pub(crate) mod fnf;
pub(crate) mod oss;
pub(crate) mod ram;
pub(crate) mod ros;
pub(crate) mod sts;
pub(crate) mod vpc;
