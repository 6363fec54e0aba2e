//! What a fault does, and to what kind of thing.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::lie::Lie;
use crate::call::{ApiError, Service};

/// A fault's effect. Seconds are of the cloud's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Effect {
    /// The call is refused as the service refuses too many of them; nothing was done.
    Throttle,
    /// The call is refused with 503; nothing was done.
    Unavailable,
    /// The call is refused with 500; nothing was done.
    InternalError,
    /// The call is refused with any code.
    Refuse {
        /// HTTP status.
        status: Status,
        /// The code.
        code: String,
        /// The message; the code's again if empty.
        #[serde(default)]
        message: String,
        /// Whether the call is carried out nevertheless.
        #[serde(default)]
        done: bool,
    },
    /// The answer is delayed; the call is carried out at once.
    Delay {
        /// For how long.
        seconds: Seconds,
    },
    /// The connection is closed without an answer; nothing was done.
    CutBefore,
    /// The call is carried out, then the connection is closed without an answer.
    CutAfter,
    /// The call is carried out; half of the answer comes, then the connection is closed.
    Truncate,
    /// The caller has lost the permission for the call.
    Deny,
    /// The transitions that the call starts do not end: a resource stays `Creating`, `Attaching`, `Configuring`.
    Stick {
        /// The delay; until the rule is removed if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<Seconds>,
    },
    /// The read shows the world without the latest writes.
    StaleReads {
        /// Writes that are no older than this do not show.
        seconds: Seconds,
    },
    /// The read gets a false answer. Only RPC calls: objects and functions have no listings that count.
    Falsify {
        /// With what.
        lie: Lie,
    },
    /// A role's session that is opened while the rule is active expires early; its stated expiry does not change.
    ExpireTokens {
        /// So long after it was opened.
        seconds: Seconds,
    },
    /// The instance that runs the function crashes.
    CrashFunction {
        /// After this time, on the function's clock; before the function starts if not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<Seconds>,
    },
    /// The function works, but never answers in its time.
    TimeOutFunction,
    /// Function Compute has no instance for the invocation.
    ThrottleFunction,
    /// The event is not delivered.
    LoseEvent,
    /// The event is delivered several times.
    DuplicateEvent {
        /// So many times in all.
        copies: NonZeroU32,
    },
    /// The event comes later.
    DelayEvent {
        /// By so much.
        seconds: Seconds,
    },
    /// The event is delayed by a random time, so that a later one may overtake it.
    ReorderEvents {
        /// By so much at most.
        seconds: Seconds,
    },
}

/// The kinds of occurrence that effects are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    /// A client's call.
    Call,
    /// The opening of a role's session.
    Session,
    /// A function's invocation, of any origin.
    Invocation,
    /// An event on its way to one target.
    Delivery,
}

impl Effect {
    pub(crate) const fn domain(&self) -> Domain {
        match self {
            Self::Throttle
            | Self::Unavailable
            | Self::InternalError
            | Self::Refuse { .. }
            | Self::Delay { .. }
            | Self::CutBefore
            | Self::CutAfter
            | Self::Truncate
            | Self::Deny
            | Self::Stick { .. }
            | Self::StaleReads { .. }
            | Self::Falsify { .. } => Domain::Call,
            Self::ExpireTokens { .. } => Domain::Session,
            Self::CrashFunction { .. } | Self::TimeOutFunction | Self::ThrottleFunction => Domain::Invocation,
            Self::LoseEvent | Self::DuplicateEvent { .. } | Self::DelayEvent { .. } | Self::ReorderEvents { .. } => {
                Domain::Delivery
            }
        }
    }
}

/// Whole seconds, or parts of them; never negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Seconds(Duration);

impl Seconds {
    /// As a duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Seconds {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl TryFrom<f64> for Seconds {
    type Error = &'static str;

    fn try_from(seconds: f64) -> Result<Self, Self::Error> {
        Duration::try_from_secs_f64(seconds).map(Self).map_err(|_| "seconds are a number that is not negative")
    }
}

impl From<Seconds> for f64 {
    fn from(seconds: Seconds) -> Self {
        seconds.0.as_secs_f64()
    }
}

/// The HTTP status of a refusal: 400 to 599.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Status(u16);

impl TryFrom<u16> for Status {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        if (400..=599).contains(&status) { Ok(Self(status)) } else { Err("the status of a refusal is 400 to 599") }
    }
}

impl From<Status> for u16 {
    fn from(status: Status) -> Self {
        status.0
    }
}

/// How a service refuses a call too many (cloud-apis.md section 1; CloudFlow's as its rates have it; Function Compute's and
/// OSS's from their pages of error codes).
pub(crate) fn throttled(service: Service) -> ApiError {
    match service {
        Service::Ecs => ApiError::bad("Throttling", "Request was denied due to request throttling."),
        Service::Fc => throttled_function(),
        Service::Oss => ApiError::new(503, "QpsLimitExceeded", "Your request rate is exceeding the QPS limit."),
        _ => ApiError::bad("Throttling.User", "Request was denied due to user flow control."),
    }
}

/// How Function Compute refuses an invocation too many (workflow-events-template.md section 1.3 names the code).
pub(crate) fn throttled_function() -> ApiError {
    ApiError::new(429, "ResourceThrottled", "The request is throttled. Please try again later.")
}

/// The service does not answer at present (cloud-apis.md section 1).
pub(crate) fn unavailable() -> ApiError {
    ApiError::new(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
}

/// The service failed (cloud-apis.md section 1; Function Compute has a name of its own, workflow-events-template.md 1.3).
pub(crate) fn internal_error(service: Service) -> ApiError {
    let code = if service == Service::Fc { "InternalServerError" } else { "InternalError" };
    ApiError::new(500, code, "The request processing has failed due to some unknown error, exception or failure.")
}
