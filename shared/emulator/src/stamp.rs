//! The two forms in which the services write times.

use jiff::Timestamp;

/// To the minute, as ECS and CEN write times.
pub(crate) const MINUTES: &str = "%Y-%m-%dT%H:%MZ";

/// A time to the minute.
pub(crate) fn minutes(at: Timestamp) -> String {
    at.strftime(MINUTES).to_string()
}

/// A time to the second, as VPC and ALB write times.
pub(crate) fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
