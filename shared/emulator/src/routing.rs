//! The routes in force: what the route tables of VPCs and of transit routers hold at a time, computed from the data.

pub(crate) mod transit;
pub(crate) mod vpc;
