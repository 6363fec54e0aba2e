//! The history: what `GetExecutionHistory` shows.
//!
//! Names of the new dialect, as far as they are documented (section 1.5). How many events the service itself writes
//! for one attempt is not; [`budget`](crate::budget) therefore counts more than are written here.

use jiff::Timestamp;
use serde_json::Value;

use super::Execution;
use super::thread::ThreadId;
use crate::limits;

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
    /// The word of the API.
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

impl Execution {
    /// Writes an event of a thread's present state. The last place of a full history is kept for the end.
    pub(super) fn note(&mut self, now: Timestamp, thread: ThreadId, kind: EventKind, detail: Value) {
        if self.events.len() + 1 >= limits::EVENTS {
            self.full = true;
            return;
        }
        let id = self.next_event();
        let Some(running) = self.threads.get_mut(&thread) else { return };
        if kind == EventKind::StateEntered {
            running.entered = id;
        }
        let scheduled_by = if kind == EventKind::StateEntered { 0 } else { running.entered };
        let step = self.definition.state(running.state).map(|state| state.name.clone());
        self.events.push(Event { id, scheduled_by, kind, time: now, step, detail });
    }

    /// Writes an event of the execution itself.
    pub(super) fn note_execution(&mut self, now: Timestamp, kind: EventKind, detail: Value) {
        if self.events.len() < limits::EVENTS {
            let id = self.next_event();
            self.events.push(Event { id, scheduled_by: 0, kind, time: now, step: None, detail });
        }
    }

    fn next_event(&self) -> u64 {
        u64::try_from(self.events.len()).unwrap_or(u64::MAX).saturating_add(1)
    }
}
