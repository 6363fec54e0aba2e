//! One thread of an execution: its state and what it waits for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::task::{TaskError, TaskId};
use crate::definition::StateId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ThreadId(pub(super) u64);

#[derive(Debug, Clone)]
pub(super) struct Thread {
    /// The thread that waits for this one, and which of its children this is.
    pub(super) parent: Option<(ThreadId, usize)>,
    pub(super) state: StateId,
    /// The state's input: as handed over, then as its InputConstructor made it.
    pub(super) input: Value,
    /// How often each Retry rule of the state was used in this visit.
    pub(super) retries: Vec<u32>,
    /// The last error of this visit, as `$Context.Current.Error`.
    pub(super) error: Option<TaskError>,
    /// The token of the present attempt, as `$Context.Current.TaskToken`; empty unless it waits for a report.
    pub(super) token: String,
    /// The event that opened this visit.
    pub(super) entered: u64,
    pub(super) phase: Phase,
}

#[derive(Debug, Clone)]
pub(super) enum Phase {
    /// The state is to be entered.
    Enter,
    /// The state is to be tried, for the first time or again.
    Attempt,
    Task {
        id: TaskId,
        deadline: Option<Timestamp>,
    },
    Sleep {
        until: Timestamp,
    },
    Backoff {
        until: Timestamp,
    },
    /// It waits for its branches or items.
    Join(Join),
}

#[derive(Debug, Clone)]
pub(super) struct Join {
    pub(super) results: BTreeMap<usize, Value>,
    /// One input per branch or item; all branches of a Parallel share theirs, so it holds none.
    pub(super) items: Vec<Value>,
    pub(super) total: usize,
    /// The first child that has not been started.
    pub(super) next: usize,
}

impl Thread {
    pub(super) fn new(parent: Option<(ThreadId, usize)>, state: StateId, input: Value) -> Self {
        Self {
            parent,
            state,
            input,
            retries: Vec::new(),
            error: None,
            token: String::new(),
            entered: 0,
            phase: Phase::Enter,
        }
    }

    /// When a timer of this thread expires.
    pub(super) fn due(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Task { deadline, .. } => *deadline,
            Phase::Sleep { until } | Phase::Backoff { until } => Some(*until),
            Phase::Enter | Phase::Attempt | Phase::Join(_) => None,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Enter | Phase::Attempt)
    }

    /// How many retries were made in this visit, by any rule.
    pub(super) fn attempt(&self) -> u32 {
        self.retries.iter().fold(0, |sum, used| sum.saturating_add(*used))
    }
}
