//! What a stage is asked for.

use onboarding::ids::BindingName;
use serde::{Deserialize, Serialize};

/// The input of every stage. Only names: nobody who can start a workflow can make a function touch what the store does
/// not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The binding.
    pub binding: BindingName,
    /// The execution, for logs and reports; empty when a person invoked the function by hand.
    #[serde(default)]
    pub run: String,
}
