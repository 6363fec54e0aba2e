//! Points in time that may lie past the end of time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// `from` plus `by`, or the end of time.
pub(super) fn later(from: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| from.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}
