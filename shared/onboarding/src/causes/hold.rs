//! Why no run writes, and what lets runs write again.

use super::cause::remedy;
use crate::ids::BindingName;
use crate::reason::Reason;

/// What keeps every run from writing: a pause, or a switch of the functions.
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
}
