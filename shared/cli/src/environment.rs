//! The environment variables of the process, and in tests the transport to the cloud.

use std::collections::BTreeMap;
use std::sync::Arc;

use clock::Clock;
use openapi::Transport;

/// The environment variables of the process, read once by main, and in tests a transport.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    pub(crate) variables: BTreeMap<String, String>,
    /// Replaces HTTPS and real time in tests.
    pub(crate) transport: Option<(Arc<dyn Transport>, Clock)>,
}

impl Environment {
    /// With HTTPS and real time.
    pub(crate) const fn new(variables: BTreeMap<String, String>) -> Self {
        Self { variables, transport: None }
    }

    /// With another transport and clock.
    #[cfg(test)]
    pub(crate) fn with_transport(
        variables: BTreeMap<String, String>,
        transport: Arc<dyn Transport>,
        clock: Clock,
    ) -> Self {
        Self { variables, transport: Some((transport, clock)) }
    }

    /// A variable.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}
