//! What a local deployment is made from.

use std::fmt;
use std::sync::Arc;

use emulator::faults::Rule;
use emulator::{Generation, Settings};
use openapi::{Signature, Transport};

use crate::hosting::Hosting;
use crate::stacks::Stack;

/// The procedure's binding.
pub const PROCEDURE_BINDING: &str = include_str!("../bindings/procedure.yml");

/// What a local deployment is made from.
#[derive(Debug, Clone)]
pub struct Options {
    /// The scenario that the emulator starts with.
    pub scenario: String,
    /// The generation of load balancers that the scenario leaves open.
    pub generation: Generation,
    /// The bindings.
    pub bindings: String,
    /// The secrets that the bindings name, as a document; empty if they name none.
    pub secrets: String,
    /// The stacks to deploy.
    pub stacks: Vec<Stack>,
    /// How the functions are run.
    pub hosting: Hosting,
    /// Whether functions whose packages were uploaded run from these, as processes, whatever `hosting` says of the others. Only
    /// where there are ports: a process has no other way to the cloud.
    pub packages: bool,
    /// The emulator's settings.
    pub settings: Settings,
    /// Faults that are injected from the beginning, in addition to those of the scenario.
    pub faults: Vec<Rule>,
    /// How the functions sign.
    pub signature: Signature,
    /// Access keys that the emulated cloud issues in this order, by role; the account's own is that of `root`. After these it
    /// generates keys.
    pub keys: Vec<(String, emulator::Credentials)>,
    /// The first of the API ports, one for each region; any free ones if 0. Only where there are ports.
    pub first_port: u16,
    /// What is outside of the cloud, in memory: who is told of faults, say. Nothing else is there.
    pub beyond: Beyond,
}

/// What takes requests to hosts that are not the cloud's.
#[derive(Clone, Default)]
pub struct Beyond(pub Option<Arc<dyn Transport>>);

impl fmt::Debug for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Beyond").field(&self.0.is_some()).finish()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scenario: emulator::PROCEDURE.to_owned(),
            generation: Generation::Upgraded,
            bindings: PROCEDURE_BINDING.to_owned(),
            secrets: String::new(),
            stacks: vec![Stack::home(), Stack::probe("cn-chengdu", "vpc-1")],
            hosting: Hosting::InMemory,
            packages: false,
            settings: Settings::default(),
            faults: Vec::new(),
            signature: Signature::default(),
            keys: Vec::new(),
            first_port: 0,
            beyond: Beyond::default(),
        }
    }
}
