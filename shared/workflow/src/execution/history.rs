//! How an execution writes its history.

use jiff::Timestamp;
use serde_json::Value;

use super::Execution;
use super::event::{Event, EventKind};
use super::thread::ThreadId;
use crate::limits;

impl Execution {
    /// Writes an event of a thread's current state. The last place in the history is reserved for the final event.
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
