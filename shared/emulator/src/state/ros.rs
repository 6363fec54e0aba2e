//! Stacks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use template::Deployment;

use crate::time::{Held, Timed};

#[derive(Debug, Clone, Default)]
pub(crate) struct Ros {
    /// By region and id.
    pub(crate) stacks: BTreeMap<(String, String), Stack>,
}

#[derive(Debug, Clone)]
pub(crate) struct Stack {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) deployment: Deployment,
    pub(crate) status: Timed<&'static str>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

impl Ros {
    /// Stacks.
    pub(crate) fn population(&self) -> usize {
        self.stacks.len()
    }

    /// Releases what a fault rule holds.
    pub(crate) fn release(&mut self, hold: Held) {
        self.stacks.values_mut().for_each(|stack| hold.release(&mut stack.status));
    }
}
