//! A change that follows from a plan once its own changes are made.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::change::{StageName, Write};

/// A change that follows from a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FollowUp {
    /// Who makes it.
    pub stage: StageName,
    /// What is written.
    pub write: Write,
    /// When.
    pub after: After,
}

/// When a follow-up is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "when")]
pub enum After {
    /// As soon as the plan's own changes are made.
    Changes,
    /// So long after the change that it follows.
    Minutes {
        /// Whole minutes, not less than it takes.
        minutes: u64,
    },
    /// Once the members that leave by this plan are gone.
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
