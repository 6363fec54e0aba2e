//! The result of a check.

use crate::change::Change;
use crate::checks::target::Target;
use crate::inputs::Inputs;
use crate::reason::{Code, Reason, Severity};
use crate::topology::Known;

/// A problem, and the changes that depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The problem.
    pub reason: Reason,
    /// The changes that it blocks.
    pub blocks: Vec<Target>,
}

impl Finding {
    /// A finding that blocks `blocks`.
    #[must_use]
    pub const fn new(reason: Reason, blocks: Vec<Target>) -> Self {
        Self { reason, blocks }
    }

    /// The severity of its code.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.reason.code.severity()
    }

    /// Whether it blocks a change.
    #[must_use]
    pub fn concerns(&self, inputs: &Inputs<'_>, change: &Change) -> bool {
        self.blocks.iter().any(|target| target.matches(inputs, &change.write))
    }

    /// A finding for a fact that could not be read because a call failed.
    pub(super) fn unread<T>(what: &str, known: &Known<T>, blocks: Vec<Target>) -> Option<Self> {
        let why = known.failure()?;
        Some(Self::new(Reason::new(Code::Unread, what, format!("Could not read {what}: {why}.")), blocks))
    }
}
