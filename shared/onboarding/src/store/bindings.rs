//! The document.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::binding::Binding;
use crate::receiver::Receiver;

/// All bindings of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Store {
    /// Read-only while true, every binding.
    #[serde(default)]
    pub paused: bool,
    /// Who is told when something does not work, and when it does again; at most eight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub notify: Vec<Receiver>,
    /// The bindings, each with a name of its own.
    pub bindings: Vec<Binding>,
}

impl Store {
    /// The ARNs of the roles of other accounts that bindings name, each once.
    #[must_use]
    pub fn assumed_roles(&self) -> BTreeSet<&str> {
        let sides = self.bindings.iter().flat_map(|binding| {
            let backends = binding.backends.iter().map(|backend| &backend.assume_role);
            backends.chain([&binding.alb.assume_role])
        });
        sides.flatten().map(|role| role.arn.as_str()).collect()
    }

    /// The binding with this name.
    #[must_use]
    pub fn binding(&self, name: &str) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.name.as_str() == name)
    }
}
