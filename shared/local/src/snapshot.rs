//! A deployment's world at one moment, from which any number of others go on.
//!
//! A world is a value, so what happens after a moment is tried many times by cloning it, not by living through what came before.
//! Functions and executions that are under way do not survive: who takes a snapshot drives the stages as a person with `apply`
//! does, and takes it between two of them.

use std::sync::Arc;

use clock::Clock;
use emulator::World;
use emulator::driver::Cloud;
use emulator::recording::Preface;
use jiff::Timestamp;
use openapi::{Client, Config, Credentials, Transport};

use crate::{Local, hosting, transport};

/// A world at one moment of its time, and what a client needs to work with it. Cheap to clone next to living through it.
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
    /// A deployment whose world goes on from here: in memory, with a clock of its own and no function that answers. One seed is
    /// one story. Needs a tokio runtime.
    #[must_use]
    pub fn resume(&self, seed: u64) -> Local {
        let clock = Clock::seeded(self.at, seed);
        let cloud = Cloud::start(self.world.clone(), clock.clone(), Arc::new(hosting::Switchboard::default()));
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
