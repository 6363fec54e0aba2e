//! Errors of a stage, and errors of one write.
//!
//! A stage fails only if the same request may succeed later without any change by a person (`StillPending`,
//! `CloudFailing`, `Expired`), or if the desired state is not known (`XregStore`, `XregNoBinding`). Everything else is a reason in its
//! report.

use onboarding::{Code, Reason};
use openapi::Error;

use crate::unread;

/// Why an invocation has no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// The time budget ended while changes were in progress.
    #[error("{}: {what}", Code::StillPending)]
    StillPending {
        /// What is waited for.
        what: String,
    },
    /// Calls to the cloud fail, and nothing more can be done now.
    #[error("{}: {what}", Code::Unread)]
    CloudFailing {
        /// The call, how it failed, and the remedy for that kind of failure.
        what: String,
    },
    /// The credentials of this invocation expired; the next one gets new ones.
    #[error("{}: {what}", Code::Unread)]
    Expired {
        /// The call and the code.
        what: String,
    },
    /// The bindings cannot be read or parsed.
    #[error("{0}")]
    Store(Reason),
    /// The store has no such binding.
    #[error("{0}")]
    NoBinding(Reason),
    /// The automation would bring back what a teardown takes away.
    #[error("{0}")]
    NotPaused(Reason),
}

impl StageError {
    /// A failed call without which the stage cannot continue.
    #[must_use]
    pub fn cloud(error: &Error) -> Self {
        let what = unread::sentence(error);
        if error.is_expired() { Self::Expired { what } } else { Self::CloudFailing { what } }
    }

    /// Whether the same invocation may succeed if it tries again after a while. Not so at the end of its time, with
    /// credentials that have expired, or for a binding that the store does not have.
    #[must_use]
    pub(crate) const fn may_pass(&self) -> bool {
        matches!(self, Self::CloudFailing { .. } | Self::Store(_))
    }

    /// The error's name in an answer, as Retry and Catch of a workflow see it.
    #[must_use]
    pub const fn error_type(&self) -> &'static str {
        match self {
            Self::StillPending { .. } => "StillPending",
            Self::CloudFailing { .. } | Self::Expired { .. } => "CloudFailing",
            Self::Store(_) => "XregStore",
            Self::NoBinding(_) => "XregNoBinding",
            Self::NotPaused(_) => "XregNotPaused",
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::StillPending { .. } => Code::StillPending,
            Self::CloudFailing { .. } | Self::Expired { .. } => Code::Unread,
            Self::Store(_) => Code::Store,
            Self::NoBinding(_) => Code::NoBinding,
            Self::NotPaused(_) => Code::NotPaused,
        }
    }
}

/// Why a write was not made.
#[derive(Debug)]
pub enum WriteError {
    /// The cloud refused it, or did not answer.
    Cloud {
        /// The error.
        error: Box<Error>,
        /// How many of the first changes the failed call carried.
        changes: usize,
    },
    /// It cannot be made in the present state; the cloud was not asked.
    Blocked(Reason),
    /// It was accepted before and no reading shows it; the text says whether it exists. It is waited for, not repeated.
    NotVisible(String),
}

impl WriteError {
    /// The failure of a call that carried several changes.
    #[must_use]
    pub fn of(error: Error, changes: usize) -> Self {
        Self::Cloud { error: Box::new(error), changes }
    }

    /// A resource that the write needs does not exist yet.
    pub fn missing(resource: impl std::fmt::Display, message: impl Into<String>) -> Self {
        Self::Blocked(Reason::new(Code::Waits, resource, message))
    }
}

impl From<Error> for WriteError {
    fn from(error: Error) -> Self {
        Self::of(error, 1)
    }
}
