//! The status of an execution, and why it failed.

/// The status of an execution, spelled as `DescribeExecution` answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Accepted, nothing done yet.
    Starting,
    /// Running or waiting.
    Running,
    /// Ended by `StopExecution`.
    Stopped,
    /// Reached its end.
    Succeeded,
    /// A state failed and nothing caught it, or a limit was met.
    Failed,
    /// Ran longer than a Standard execution may.
    TimedOut,
}

impl Status {
    /// The value in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopped => "Stopped",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::TimedOut => "TimedOut",
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Starting | Self::Running)
    }
}

/// Why an execution did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error's name.
    pub code: String,
    /// What happened, for people.
    pub detail: String,
}
