//! The states of a stack.

use std::fmt;

/// A stack's state, as the service names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status(String);

/// What can be done about a stack in its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// It changes: wait.
    Busy,
    /// It is as its parameters say.
    Good,
    /// It works, as it was before a change that failed, or with a part of one: change it again.
    Failed,
    /// It never came to be, or went in part: only taking it away helps.
    Broken,
    /// There is none.
    Gone,
}

impl Status {
    /// A state by its name.
    pub(crate) fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub(crate) fn condition(&self) -> Condition {
        match self.0.as_str() {
            "DELETE_COMPLETE" => Condition::Gone,
            "CREATE_COMPLETE"
            | "UPDATE_COMPLETE"
            | "ROLLBACK_COMPLETE"
            | "CHECK_COMPLETE"
            | "IMPORT_CREATE_COMPLETE"
            | "IMPORT_UPDATE_COMPLETE" => Condition::Good,
            "CREATE_FAILED"
            | "CREATE_ROLLBACK_COMPLETE"
            | "CREATE_ROLLBACK_FAILED"
            | "DELETE_FAILED"
            | "REVIEW_IN_PROGRESS" => Condition::Broken,
            name if name.ends_with("_IN_PROGRESS") => Condition::Busy,
            _ => Condition::Failed,
        }
    }

    /// Whether a change of the stack has not ended.
    pub(crate) fn is_busy(&self) -> bool {
        self.condition() == Condition::Busy
    }

    /// Whether a creation or a change ended well: a change that was taken back did not.
    pub(crate) fn is_success(&self) -> bool {
        matches!(self.0.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE")
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_says_what_can_be_done() {
        let cases = [
            ("CREATE_IN_PROGRESS", Condition::Busy),
            ("CREATE_ROLLBACK_IN_PROGRESS", Condition::Busy),
            ("UPDATE_COMPLETE", Condition::Good),
            ("ROLLBACK_COMPLETE", Condition::Good),
            ("UPDATE_FAILED", Condition::Failed),
            ("ROLLBACK_FAILED", Condition::Failed),
            ("CREATE_ROLLBACK_COMPLETE", Condition::Broken),
            ("CREATE_FAILED", Condition::Broken),
            ("DELETE_FAILED", Condition::Broken),
            ("DELETE_COMPLETE", Condition::Gone),
        ];
        for (name, condition) in cases {
            assert_eq!(Status::new(name).condition(), condition, "{name}");
        }
        assert!(!Status::new("ROLLBACK_COMPLETE").is_success());
    }
}
