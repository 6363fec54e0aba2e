//! Tasks that end with their owner.

use std::sync::{Mutex, PoisonError};

use tokio::task::JoinHandle;

/// Tasks that end with their owner.
#[derive(Debug, Default)]
pub(super) struct Tasks(Mutex<Vec<JoinHandle<()>>>);

impl Tasks {
    pub(super) fn push(&self, task: JoinHandle<()>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in self.0.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }
}
