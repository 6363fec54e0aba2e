//! Addition of time that saturates at the latest timestamp.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// `from` plus `by`, at most [`Timestamp::MAX`].
pub(super) fn later(from: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| from.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}
