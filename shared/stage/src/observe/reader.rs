//! The context of one observation: the cloud, the binding, what to read, and which calls failed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use onboarding::topology::Known;
use onboarding::{Binding, Deployment, FailedCalls};
use openapi::{Error, ErrorKind};

use crate::cloud::Cloud;
use crate::needs::Needs;
use crate::unread;

/// What the parts of an observation share.
pub(super) struct Reader<'a> {
    pub(super) cloud: &'a Cloud,
    pub(super) binding: &'a Binding,
    /// All bindings of the store, including this one.
    pub(super) store: &'a [Binding],
    pub(super) deployment: &'a Deployment,
    pub(super) needs: Needs,
    /// Whether of instances that the binding does not select the id is enough.
    pub(super) selected_only: bool,
    /// Whether a call failed with a transient error.
    failing: AtomicBool,
    /// All failed calls.
    failed: Mutex<FailedCalls>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        cloud: &'a Cloud,
        binding: &'a Binding,
        store: &'a [Binding],
        deployment: &'a Deployment,
        needs: Needs,
    ) -> Self {
        let (failing, failed) = (AtomicBool::new(false), Mutex::default());
        Self { cloud, binding, store, deployment, needs, selected_only: false, failing, failed }
    }

    /// All failed calls, and whether one of the failures is transient.
    pub(super) fn failures(self) -> (FailedCalls, bool) {
        (self.failed.into_inner().unwrap_or_else(PoisonError::into_inner), self.failing.into_inner())
    }

    /// The reason why a part is unknown. Records the failure.
    pub(super) fn unknown_reason(&self, error: &Error) -> String {
        let passes = error.kind != ErrorKind::Refused || error.is_throttled() || error.status.is_some_and(|s| s >= 500);
        if passes && error.kind != ErrorKind::Local {
            self.failing.store(true, Ordering::Relaxed);
        }
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).add(unread::failed_call(error));
        // The text omits the request id: it differs at each reading and would make every plan differ from the last. It
        // becomes a part of a sentence, so it has no full stop.
        format!("{}: {} {}", unread::named(error), error.code, error.message.trim_end_matches('.'))
    }

    /// Records that another answer contradicts this one, so that nothing is called known that hangs on it.
    pub(super) fn contradicted(&self, action: &'static str, message: String) {
        let call = unread::failed_call(&Error::contradiction(action, message));
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).add(call);
    }

    /// A fact, or the reason why it is unknown.
    pub(super) fn known<T>(&self, read: Result<T, Error>) -> Known<T> {
        match read {
            Ok(fact) => Known::Known(fact),
            Err(error) => Known::Failed(self.unknown_reason(&error)),
        }
    }

    /// A resource that was asked for by its id: present, absent, or unknown.
    pub(super) fn known_or_absent<T>(&self, read: Result<T, Error>) -> Known<Option<T>> {
        match read {
            Ok(fact) => Known::Known(Some(fact)),
            Err(error) if error.is_not_found() => Known::Known(None),
            Err(error) => Known::Failed(self.unknown_reason(&error)),
        }
    }
}
