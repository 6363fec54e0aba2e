//! The document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::binding::Binding;

/// All bindings of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Store {
    /// Read-only while true, every binding.
    #[serde(default)]
    pub paused: bool,
    /// The bindings, each with a name of its own.
    pub bindings: Vec<Binding>,
}

impl Store {
    /// The binding with this name.
    #[must_use]
    pub fn binding(&self, name: &str) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.name.as_str() == name)
    }
}
