//! Functions that several services need: permissions, sessions, tokens of identity providers, the event bus, invocations of functions,
//! service-managed network interfaces, packages of functions, and the deployment of templates.

pub(crate) mod access;
pub(crate) mod bus;
pub(crate) mod code;
pub mod deploy;
pub(crate) mod functions;
pub(crate) mod interfaces;
pub(crate) mod invocations;
pub(crate) mod oidc;
pub(crate) mod sessions;
pub(crate) mod triggers;
