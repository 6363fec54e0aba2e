//! The history: what `GetExecutionHistory` shows.
//!
//! Names of the new dialect, as far as they are documented (section 1.5). How many events the service itself writes
//! for one attempt is not; [`budget`](crate::budget) therefore counts more than are written here.

use jiff::Timestamp;
use serde_json::Value;

/// The type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// The execution began.
    ExecutionStarted,
    /// The execution was stopped from outside.
    ExecutionStopped,
    /// The execution reached its end.
    ExecutionSucceeded,
    /// The execution failed.
    ExecutionFailed,
    /// The execution ran too long.
    ExecutionTimedOut,
    /// A state was entered.
    StateEntered,
    /// An attempt at a state began.
    StateStarted,
    /// A state is done.
    StateSucceeded,
    /// A state failed, retries included.
    StateFailed,
    /// A state's last attempt took longer than its Timeout.
    StateTimedOut,
    /// A state was given up because a sibling failed or the execution ended.
    StateAborted,
    /// An attempt at a task succeeded.
    TaskSucceeded,
    /// An attempt at a task failed.
    TaskFailed,
}

impl EventKind {
    /// The value in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExecutionStarted => "ExecutionStarted",
            Self::ExecutionStopped => "ExecutionStopped",
            Self::ExecutionSucceeded => "ExecutionSucceeded",
            Self::ExecutionFailed => "ExecutionFailed",
            Self::ExecutionTimedOut => "ExecutionTimedOut",
            Self::StateEntered => "StateEntered",
            Self::StateStarted => "StateStarted",
            Self::StateSucceeded => "StateSucceeded",
            Self::StateFailed => "StateFailed",
            Self::StateTimedOut => "StateTimedOut",
            Self::StateAborted => "StateAborted",
            Self::TaskSucceeded => "TaskSucceeded",
            Self::TaskFailed => "TaskFailed",
        }
    }
}

/// One entry of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// 1 for the first.
    pub id: u64,
    /// The `StateEntered` event of the same visit; 0 for events of the execution.
    pub scheduled_by: u64,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub time: Timestamp,
    /// The state's name; `None` for events of the execution.
    pub step: Option<String>,
    /// The data that goes with it: an input, an output, or an error's code and detail. The API shows it as a string.
    pub detail: Value,
}
