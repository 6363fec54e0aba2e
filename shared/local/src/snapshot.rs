//! A snapshot of a deployment's world, from which any number of deployments can continue.
//!
//! A world can be cloned, so tests can try many continuations without repeating what came before. Running functions and
//! executions are not part of a snapshot: take it between two stages that are run as `apply` runs them.

use std::sync::Arc;

use clock::Clock;
use emulator::World;
use emulator::driver::Cloud;
use emulator::recording::Preface;
use jiff::Timestamp;
use openapi::{Client, Config, Credentials, Transport};

use crate::running::Local;
use crate::{hosting, transport};

/// A world at one moment, and what a client needs to work with it. Cloning it is cheap compared with building it.
#[derive(Clone)]
pub struct Snapshot {
    world: World,
    at: Timestamp,
    settings: stage::Settings,
    credentials: Credentials,
    preface: Preface,
}

impl Local {
    /// The world as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            world: self.cloud.with(|world| world.clone()),
            at: self.cloud.now(),
            settings: self.settings.clone(),
            credentials: self.credentials.clone(),
            preface: self.preface.clone(),
        }
    }

    /// What an operator's own machine has, with another way for its calls.
    #[must_use]
    pub fn operator_host_over(&self, transport: Arc<dyn Transport>) -> stage::Host {
        stage::Host::new(self.settings.clone(), transport, self.clock.clone(), self.credentials.clone())
    }

    /// The way that calls take.
    #[must_use]
    pub fn transport(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.transport)
    }
}

impl Snapshot {
    /// A deployment that continues from here: in memory, with its own clock and without functions. It is deterministic for a given
    /// seed. Needs a tokio runtime.
    #[must_use]
    pub fn resume(&self, seed: u64) -> Local {
        let clock = Clock::seeded(self.at, seed);
        let cloud = Cloud::start(self.world.clone(), clock.clone(), Arc::new(hosting::EndpointRegistry::default()));
        let transport: Arc<dyn Transport> = Arc::new(transport::in_memory(cloud.clone()));
        let config = Config {
            credentials: self.credentials.clone(),
            endpoints: self.settings.endpoints.clone(),
            signature: self.settings.signature,
            read_only: false,
        };
        Local {
            operator: Client::new(config, Arc::clone(&transport), clock.clone()),
            cloud,
            clock,
            ports: None,
            settings: self.settings.clone(),
            transport,
            credentials: self.credentials.clone(),
            preface: self.preface.clone(),
            _hosting: hosting::Running::default(),
        }
    }

    /// When it was taken.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}
