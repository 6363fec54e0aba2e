//! A request in progress in the gateway.

use super::identity::Clocks;
use super::injected::InjectedFaults;
use super::respond::Frame;
use crate::call::{Call, Caller, Params, Service};

/// A request in progress, with what the log records of it.
pub(super) struct Visit<'r> {
    pub(super) region: &'r str,
    pub(super) clocks: Clocks,
    pub(super) frame: Frame,
    pub(super) service: Option<Service>,
    pub(super) action: String,
    pub(super) caller: Option<Caller>,
    pub(super) params: Params,
    /// The faults injected into it, if any.
    pub(super) injected: Option<Box<InjectedFaults>>,
}

impl Visit<'_> {
    /// A call of the action that the visit is about.
    pub(super) fn call(&self, caller: Caller) -> Option<Call> {
        Some(Call {
            service: self.service?,
            action: self.action.clone(),
            region: self.params.get("RegionId").unwrap_or(self.region).to_owned(),
            params: self.params.clone(),
            caller,
            request_id: self.frame.request_id.clone(),
        })
    }
}
