//! Things that go wrong on purpose, so that tests can prove what happens then.

use crate::call::{ApiError, Call, Service};

use super::log;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// The call is refused; nothing was done.
    Refuse(ApiError),
    /// The call is done, and its answer lost: the client learns only that the service was unavailable.
    LoseAnswer,
}

/// A fault waiting for its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Calls of this service; of any if none is given.
    pub service: Option<Service>,
    /// Calls of this action; any that changes something if none is given.
    pub action: Option<String>,
    /// So many of these calls pass first.
    pub skip: u32,
    /// So many of them fail after that.
    pub times: u32,
    /// How they fail.
    pub kind: FaultKind,
}

impl Fault {
    /// The next `times` calls of an action are refused.
    #[must_use]
    pub fn refuse(service: Service, action: &str, times: u32, error: ApiError) -> Self {
        Self { service: Some(service), action: Some(action.to_owned()), skip: 0, times, kind: FaultKind::Refuse(error) }
    }

    /// The next `times` calls of an action are done without the client's learning it.
    #[must_use]
    pub fn lose(service: Service, action: &str, times: u32) -> Self {
        Self { service: Some(service), action: Some(action.to_owned()), skip: 0, times, kind: FaultKind::LoseAnswer }
    }

    fn concerns(&self, call: &Call) -> bool {
        self.service.is_none_or(|service| service == call.service)
            && self.action.as_ref().map_or_else(|| log::writes(&call.action), |action| *action == call.action)
    }
}

/// The faults in waiting.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// What is to go wrong with this call, if anything. Each fault counts its calls.
    pub(super) fn strike(&mut self, call: &Call) -> Option<FaultKind> {
        let mut struck = None;
        for fault in self.0.iter_mut().filter(|fault| fault.concerns(call)) {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if struck.is_none() && fault.times > 0 {
                fault.times -= 1;
                struck = Some(fault.kind.clone());
            }
        }
        self.0.retain(|fault| fault.times > 0);
        struck
    }
}

/// What the client sees of a lost answer.
pub(super) fn lost() -> ApiError {
    ApiError::new(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
}
