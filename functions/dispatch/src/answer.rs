//! What dispatch answers.

use onboarding::Reason;
use onboarding::ids::BindingName;
use serde::{Deserialize, Serialize};

/// What dispatch did about a trigger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dispatched {
    /// Executions that will read what the trigger is about, by binding.
    pub started: Vec<Started>,
    /// Bindings whose plan holds nothing that a run may do now, with what is out of place.
    pub drift: Vec<Drift>,
    /// Why nothing was done, where nothing was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<Reason>,
    /// The run at whose turn it is; only in answer to a Turn state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<String>,
}

/// An execution that covers a trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// The binding.
    pub binding: BindingName,
    /// The execution's name.
    pub execution: String,
    /// What a repair would change; empty for events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<String>,
}

/// Drift that no run may repair now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The binding.
    pub binding: BindingName,
    /// What stands against it.
    pub reasons: Vec<Reason>,
}
