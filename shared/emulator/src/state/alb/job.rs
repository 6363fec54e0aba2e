//! Asynchronous jobs.

use jiff::Timestamp;

/// One write and when it is done.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) api: String,
    pub(crate) kind: &'static str,
    pub(crate) resource: String,
    pub(crate) created: Timestamp,
    pub(crate) done: Timestamp,
}
