//! Functions that several services need: permissions, sessions, the event bus, invocations of functions,
//! service-managed network interfaces, and the deployment of templates.

pub(crate) mod access;
pub(crate) mod bus;
pub mod deploy;
pub(crate) mod interfaces;
pub(crate) mod invocations;
pub(crate) mod sessions;
