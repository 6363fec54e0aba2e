//! The input of a stage.

use onboarding::ids::BindingName;
use serde::{Deserialize, Serialize};

/// The input of every stage. It contains only names: a person who may start the workflow cannot make a function change
/// resources that the store does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The binding.
    pub binding: BindingName,
    /// The execution, for logs and reports; empty if a person invoked the function by hand.
    #[serde(default)]
    pub run: String,
    /// Ends as soon as everything that the stage creates is visible, or cannot be created: whatever may go on beside the rest
    /// of the stage need not wait for that (decision 0032).
    #[serde(default)]
    pub accepted: bool,
}
