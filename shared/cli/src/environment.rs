//! The environment variables of the process, and for a cloud in the same process the transport to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use clock::Clock;
use openapi::Transport;

use crate::interrupt::Interrupts;

/// The environment variables of the process, read once by main, and a transport where the cloud is in the same process.
#[derive(Clone, Default)]
pub struct Environment {
    pub(crate) variables: BTreeMap<String, String>,
    /// Replaces HTTPS and real time in tests and benchmarks.
    pub(crate) transport: Option<(Arc<dyn Transport>, Clock)>,
    /// Where Ctrl-C comes from.
    pub(crate) interrupts: Interrupts,
}

impl Environment {
    /// With HTTPS and real time.
    #[must_use]
    pub const fn new(variables: BTreeMap<String, String>) -> Self {
        Self { variables, transport: None, interrupts: Interrupts::Process }
    }

    /// With another transport and clock.
    #[must_use]
    pub fn with_transport(variables: BTreeMap<String, String>, transport: Arc<dyn Transport>, clock: Clock) -> Self {
        Self { variables, transport: Some((transport, clock)), interrupts: Interrupts::Process }
    }

    /// A variable.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}
