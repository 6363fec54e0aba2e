//! A difference between a recorded answer and the new one.

use serde::Serialize;

/// One difference between the answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The exchange.
    pub number: u64,
    /// The region.
    pub region: String,
    /// The action, or method and path.
    pub action: String,
    /// Where in the answer: `connection`, `status`, `code`, `body`, or a path as `Listeners[0].ListenerStatus`.
    pub place: String,
    /// What was recorded.
    pub recorded: String,
    /// What was answered now.
    pub replayed: String,
}
