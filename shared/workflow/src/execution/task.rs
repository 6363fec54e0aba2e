//! The tasks that an execution asks its caller to run, and their results.

use std::time::Duration;

use serde_json::Value;

use crate::definition::TaskMode;

/// Names one attempt of a task within its execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub(super) u64);

impl std::fmt::Display for TaskId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "task-{}", self.0)
    }
}

/// A task to invoke now.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRequest {
    /// The id that [`Execution::complete`](crate::Execution::complete) takes.
    pub id: TaskId,
    /// The Task state's name.
    pub state: String,
    /// `<Service>:<Api>`, for example `FC:InvokeFunction`.
    pub action: String,
    /// When the task is done; what the caller gives [`Execution::complete`](crate::Execution::complete) depends on it.
    pub mode: TaskMode,
    /// The parameters, expressions evaluated.
    pub parameters: Value,
    /// After how long the state itself gives up on this attempt; `None`: never.
    pub timeout: Option<Duration>,
    /// 0 for the first attempt, then the number of the retry.
    pub attempt: u32,
}

/// How a task failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskError {
    /// The name that Retry and Catch rules match, for example `FC.Unknown`.
    pub code: String,
    /// What happened, for people.
    pub detail: String,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// This execution did not issue it.
    #[error("no task has this token")]
    Unknown,
    /// Its task is done, failed, timed out or aborted.
    #[error("the task has already completed")]
    Completed,
}
