//! The answer of dispatch.

use onboarding::ids::BindingName;
use onboarding::{Code, Reason};
use serde::{Deserialize, Serialize};

use crate::summary::Summary;

/// What dispatch did about a trigger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dispatched {
    /// Executions that will handle the trigger, by binding.
    pub started: Vec<Started>,
    /// Bindings with drift that a run may not repair now.
    pub drift: Vec<Drift>,
    /// Why nothing was done, if nothing was done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<Reason>,
    /// The run whose turn it is; only in the answer to a Turn state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<String>,
    /// How a run ended; only in the answer to the state that asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
}

/// An execution that handles a trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// The binding.
    pub binding: BindingName,
    /// The execution's name.
    pub execution: String,
    /// The changes that the repair is expected to make; empty for events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<String>,
}

/// Drift that no run may repair now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The binding.
    pub binding: BindingName,
    /// Why it is not repaired.
    pub reasons: Vec<Reason>,
}

/// The answer to a trigger for which nothing is done, with a line in the log.
pub(crate) fn ignored(why: &str) -> Dispatched {
    tracing::warn!(why, "event ignored");
    let reason = Reason::new(Code::EventIgnored, "event", format!("The event was ignored: {why}."));
    Dispatched { ignored: vec![reason], ..Dispatched::default() }
}
