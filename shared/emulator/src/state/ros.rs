//! Stacks, and the change sets that are kept for them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use template::Deployment;

use crate::time::{Held, Timed};

#[derive(Debug, Clone, Default)]
pub(crate) struct Ros {
    /// By region and id.
    pub(crate) stacks: BTreeMap<(String, String), Stack>,
    /// By region and id.
    pub(crate) change_sets: BTreeMap<(String, String), ChangeSet>,
}

#[derive(Debug, Clone)]
pub(crate) struct Stack {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) deployment: Deployment,
    pub(crate) status: Timed<&'static str>,
    /// Why the last thing that was asked of it failed, if it did.
    pub(crate) failure: Option<Failure>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

/// What failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// The resource's logical id, if it was one.
    pub(crate) resource: Option<String>,
    pub(crate) reason: String,
}

#[derive(Debug, Clone)]
pub(crate) struct ChangeSet {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The stack's id.
    pub(crate) stack: String,
    /// Whether the stack is still to be made.
    pub(crate) new: bool,
    /// Whether what was made before a failure stays.
    pub(crate) keep: bool,
    pub(crate) text: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) deployment: Deployment,
    /// As the API shows them.
    pub(crate) changes: Vec<Value>,
    /// How its execution ended, or that another one's has made it pointless.
    pub(crate) executed: Option<&'static str>,
    pub(crate) created: Timestamp,
}

impl Ros {
    /// Stacks, and what is kept for them.
    pub(crate) fn population(&self) -> usize {
        self.stacks.len() + self.change_sets.len()
    }

    /// Releases what a fault rule holds.
    pub(crate) fn release(&mut self, hold: Held) {
        self.stacks.values_mut().for_each(|stack| hold.release(&mut stack.status));
    }
}
