//! A change that follows from a plan after its own changes are made.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::change::{StageName, Write};

/// A change that follows from a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FollowUp {
    /// The stage that makes it.
    pub stage: StageName,
    /// The write itself.
    pub write: Write,
    /// When it is due.
    pub after: After,
}

/// When a follow-up is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "when")]
pub enum After {
    /// As soon as the plan's own changes are made.
    Changes,
    /// This long after the change that it follows.
    Minutes {
        /// Whole minutes, rounded up.
        minutes: u64,
    },
    /// After the members that this plan removes are deregistered.
    Members,
}

impl fmt::Display for FollowUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.write)?;
        match self.after {
            After::Changes => f.write_str("once this is made"),
            After::Minutes { minutes } => write!(f, "after {minutes} minutes"),
            After::Members => f.write_str("once its members are gone"),
        }
    }
}
