//! Why a recording cannot be replayed.

/// Why a recording cannot be replayed. One sentence each.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A line is not valid in a recording.
    #[error("line {line} is none of a recording: {reason}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The world that it begins with cannot be made.
    #[error("the recording's world cannot be made: {0}")]
    World(String),
    /// A request cannot be put together again.
    #[error("request {number} cannot be made again: {reason}")]
    Request {
        /// The exchange's number.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection was possible.
    #[error("request {number}: no connection: {reason}")]
    Unreachable {
        /// The exchange's number.
        number: u64,
        /// Why.
        reason: String,
    },
}
