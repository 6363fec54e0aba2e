//! What the process is given beside its arguments: the environment's variables, and in tests the way to the cloud.

use std::collections::BTreeMap;
use std::sync::Arc;

use clock::Clock;
use openapi::Transport;

/// The process's environment, read once by main, and the way to the cloud.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    pub(crate) variables: BTreeMap<String, String>,
    /// In place of HTTPS on real time.
    pub(crate) way: Option<(Arc<dyn Transport>, Clock)>,
}

impl Environment {
    /// HTTPS on real time.
    pub(crate) const fn new(variables: BTreeMap<String, String>) -> Self {
        Self { variables, way: None }
    }

    /// Another way to the cloud.
    #[cfg(test)]
    pub(crate) fn within(variables: BTreeMap<String, String>, transport: Arc<dyn Transport>, clock: Clock) -> Self {
        Self { variables, way: Some((transport, clock)) }
    }

    /// A variable.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}
