//! Error handling: first Retry, then Catch, then the scope fails (section 1.3).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::data::{self, code};
use super::thread::{Phase, ThreadId};
use super::{EventKind, Execution, Failure, Status, TaskError, later};
use crate::definition::matches;

impl Execution {
    /// A state failed: try again, go where a Catch says, or fail its scope.
    pub(super) fn state_failed(&mut self, id: ThreadId, now: Timestamp, error: TaskError) {
        let definition = Arc::clone(&self.definition);
        let Some(thread) = self.threads.get_mut(&id) else { return };
        let Some(state) = definition.state(thread.state) else { return };
        let retry = state.retry.iter().enumerate().find(|(_, rule)| matches(&rule.errors, &error.code));
        if let Some((index, rule)) = retry
            && let Some(used) = thread.retries.get_mut(index)
            && *used < rule.attempts
        {
            *used += 1;
            let until = later(now, rule.delay(*used));
            thread.phase = Phase::Backoff { until };
            thread.error = Some(error);
            return;
        }
        let Some(rule) = state.catch.iter().find(|rule| matches(&rule.errors, &error.code)) else {
            return self.scope_failed(id, now, error);
        };
        thread.error = Some(error.clone());
        // Without an OutputConstructor the next state gets the error; what the service hands on is not documented.
        let output = match (&rule.output, self.threads.get(&id)) {
            (Some(constructor), Some(thread)) => constructor.build(&self.environment(thread, Some(&thread.input))),
            _ => Ok(json!({"Error": {"Code": error.code, "Detail": error.detail}})),
        };
        match output {
            Err(reason) => {
                self.scope_failed(id, now, TaskError { code: code::EXPRESSION.to_owned(), detail: reason });
            }
            Ok(output) => {
                if let Err(failure) = data::within_limit(&output, &format!("the caught output of {}", state.name)) {
                    return self.fail_execution(now, failure);
                }
                self.note_failed(id, now, &error);
                if let Some(thread) = self.threads.get_mut(&id) {
                    thread.state = rule.next;
                    thread.input = output;
                    thread.phase = Phase::Enter;
                }
            }
        }
    }

    /// A scope failed: its siblings are aborted and the state around it fails, or the execution does.
    pub(super) fn scope_failed(&mut self, id: ThreadId, now: Timestamp, error: TaskError) {
        self.note_failed(id, now, &error);
        match self.threads.remove(&id).and_then(|thread| thread.parent) {
            Some((parent, _)) => {
                self.abort_children(parent, now);
                self.state_failed(parent, now, error);
            }
            None => self.fail_execution(now, Failure { code: error.code, detail: error.detail }),
        }
    }

    fn note_failed(&mut self, id: ThreadId, now: Timestamp, error: &TaskError) {
        let timed_out = error.code == code::TASK_TIMEOUT
            && self.threads.get(&id).is_some_and(|thread| matches!(thread.phase, Phase::Task { .. }));
        let kind = if timed_out { EventKind::StateTimedOut } else { EventKind::StateFailed };
        self.note(now, id, kind, json!({"Error": error.code, "Cause": error.detail}));
    }

    fn abort_children(&mut self, parent: ThreadId, now: Timestamp) {
        let children: Vec<ThreadId> = self
            .threads
            .iter()
            .filter(|(_, thread)| thread.parent.is_some_and(|(waiting, _)| waiting == parent))
            .map(|(id, _)| *id)
            .collect();
        for child in children {
            self.abort_children(child, now);
            self.note_aborted(child, now);
            self.threads.remove(&child);
        }
    }

    fn note_aborted(&mut self, id: ThreadId, now: Timestamp) {
        // A state that was not entered yet has nothing to abort.
        if self.threads.get(&id).is_some_and(|thread| !matches!(thread.phase, Phase::Enter)) {
            self.note(now, id, EventKind::StateAborted, Value::Null);
        }
    }

    pub(super) fn fail_execution(&mut self, now: Timestamp, failure: Failure) {
        self.end(now, Status::Failed, EventKind::ExecutionFailed, failure);
    }

    /// Ends the execution other than by success. Running tasks are abandoned; their effects are not undone.
    pub(super) fn end(&mut self, now: Timestamp, status: Status, kind: EventKind, failure: Failure) {
        for id in self.threads.keys().rev().copied().collect::<Vec<_>>() {
            self.note_aborted(id, now);
        }
        self.threads.clear();
        self.outbox.clear();
        self.status = status;
        self.stopped = Some(now);
        self.note_execution(now, kind, json!({"Error": failure.code, "Cause": failure.detail}));
        self.failure = Some(failure);
    }
}
