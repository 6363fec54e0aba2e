//! What a check finds.

use crate::change::Change;
use crate::checks::target::Target;
use crate::inputs::Inputs;
use crate::reason::{Code, Reason, Severity};
use crate::topology::Known;

/// Something wrong, and what depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
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

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.reason.code.severity()
    }

    /// Whether it blocks a change.
    #[must_use]
    pub fn concerns(&self, inputs: &Inputs<'_>, change: &Change) -> bool {
        self.blocks.iter().any(|target| target.matches(inputs, &change.write))
    }

    /// A fact that could not be read, if a call failed to bring it.
    pub(super) fn unread<T>(what: &str, known: &Known<T>, blocks: Vec<Target>) -> Option<Self> {
        let why = known.failure()?;
        Some(Self::new(Reason::new(Code::Unread, what, format!("Could not read {what}: {why}.")), blocks))
    }
}
