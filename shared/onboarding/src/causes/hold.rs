//! Whether the next run makes what a plan holds; if none does, why, and what lets runs write again.

use super::cause::{STORE, remedy};
use crate::change::Write;
use crate::ids::BindingName;
use crate::reason::{Code, Reason};

/// What is to be expected of the next run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NextRun {
    /// It makes what nothing blocks.
    #[default]
    Writes,
    /// It may fail as the last one did.
    MayFail,
    /// It may be refused what the last one was refused: what that met while it wrote, each in a sentence that holds the change in words.
    Refused(Vec<Reason>),
    /// Nobody looked whether runs come.
    NotAsked,
    /// It does not come, or it writes nothing.
    Held(Hold),
}

impl NextRun {
    /// What the last run met when it made this change.
    pub(super) fn refusal(&self, write: &Write) -> Option<&Reason> {
        let Self::Refused(reasons) = self else { return None };
        let write = write.to_string();
        reasons.iter().find(|reason| reason.message.contains(&write))
    }
}

/// What keeps every run from writing: a pause, a switch of the functions, or a part of the deployment that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// In a sentence.
    pub reason: Reason,
    /// What lets runs write again, in a sentence.
    pub remedy: String,
}

impl Hold {
    /// A reason with the remedy of its code.
    #[must_use]
    pub fn new(binding: &BindingName, reason: Reason) -> Self {
        Self { remedy: remedy(binding, &reason), reason }
    }

    /// Whether the store says so: of the binding, or of all.
    pub(super) fn is_pause(&self, binding: &BindingName) -> bool {
        let Reason { code, resource, .. } = &self.reason;
        *code == Code::ReadOnly && (resource == STORE || resource == binding.as_str())
    }
}
