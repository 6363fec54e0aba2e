//! The actions of each service's API, over the world's data.
//!
//! A service looks at another one's data, never at its actions; what services have in common is in `platform`.

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
