//! What a stage fails with, and what one write fails with.
//!
//! A stage fails only when the same request may succeed later without anybody's doing (`StillPending`, `CloudFailing`),
//! or when it cannot know what is wanted (`XregStore`, `XregNoBinding`). Everything else is a reason in its report.

use onboarding::{Code, Reason};
use openapi::Error;

use crate::unread;

/// Why an invocation has no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// The time is used up while something is on its way.
    #[error("{}: {what}", Code::StillPending)]
    StillPending {
        /// What is waited for.
        what: String,
    },
    /// The cloud does not answer as it should; nothing more can be done now.
    #[error("{}: {what}", Code::Unread)]
    CloudFailing {
        /// The call, how it failed, and what to do about that kind of failure.
        what: String,
    },
    /// The bindings cannot be read or parsed.
    #[error("{0}")]
    Store(Reason),
    /// The store has no such binding.
    #[error("{0}")]
    NoBinding(Reason),
}

impl StageError {
    /// A call that failed and that nothing goes on without.
    #[must_use]
    pub fn cloud(error: &Error) -> Self {
        Self::CloudFailing { what: unread::sentence(error) }
    }

    /// The error's name in an answer, as a workflow's Retry and Catch see it.
    #[must_use]
    pub const fn error_type(&self) -> &'static str {
        match self {
            Self::StillPending { .. } => "StillPending",
            Self::CloudFailing { .. } => "CloudFailing",
            Self::Store(_) => "XregStore",
            Self::NoBinding(_) => "XregNoBinding",
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::StillPending { .. } => Code::StillPending,
            Self::CloudFailing { .. } => Code::Unread,
            Self::Store(_) => Code::Store,
            Self::NoBinding(_) => Code::NoBinding,
        }
    }
}

/// Why a write was not made.
#[derive(Debug)]
pub enum WriteError {
    /// The cloud refused it, or gave no answer.
    Cloud {
        /// What came back.
        error: Error,
        /// How many of the first changes were in the call that failed.
        changes: usize,
    },
    /// It cannot be made in this world, for a reason that the cloud was not asked about.
    Blocked(Reason),
    /// It was accepted before and no reading shows it; whether it exists, in words. It is waited for, not made again.
    NotVisible(String),
}

impl WriteError {
    /// The failure of a call that carried several changes.
    #[must_use]
    pub const fn of(error: Error, changes: usize) -> Self {
        Self::Cloud { error, changes }
    }

    /// Something that the write needs is not there.
    pub fn missing(resource: impl std::fmt::Display, message: impl Into<String>) -> Self {
        Self::Blocked(Reason::new(Code::Waits, resource, message))
    }
}

impl From<Error> for WriteError {
    fn from(error: Error) -> Self {
        Self::Cloud { error, changes: 1 }
    }
}
