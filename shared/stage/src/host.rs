//! What a process has, and what one invocation of it is given.

use std::sync::Arc;

use clock::Clock;
use jiff::Timestamp;
use onboarding::Plan;
use openapi::{Client, Config, Credentials, Transport};

use crate::settings::Settings;

/// What a process has from its start to its end. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    settings: Arc<Settings>,
    /// One client, so that invocations share its rate limits, and those with the same key and run its assumed roles.
    client: Client,
    transport: Arc<dyn Transport>,
    clock: Clock,
}

impl Host {
    /// A host whose calls go over `transport`. `credentials` are used where an invocation brings none of its own.
    #[must_use]
    pub fn new(settings: Settings, transport: Arc<dyn Transport>, clock: Clock, credentials: Credentials) -> Self {
        let config = Config {
            credentials,
            endpoints: settings.endpoints.clone(),
            signature: settings.signature,
            read_only: settings.read_only,
        };
        let client = Client::new(config, Arc::clone(&transport), clock.clone());
        Self { settings: Arc::new(settings), client, transport, clock }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What calls go over; the probe's own request, too.
    #[must_use]
    pub fn transport(&self) -> &dyn Transport {
        self.transport.as_ref()
    }

    /// The client that signs with the host's own credentials.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }
}

/// One invocation: whose credentials it has, until when it must answer, and what a person approved for it.
pub struct Invocation<'a> {
    /// The process.
    pub host: &'a Host,
    /// The credentials of this invocation (a function gets new ones each time); the host's where `None`.
    pub credentials: Option<Credentials>,
    /// When the function is killed.
    pub deadline: Timestamp,
    /// The plan that a person saw and approved. With it, nothing outside of it is written.
    pub approved: Option<&'a Plan>,
}

impl Invocation<'_> {
    /// The deployment's own client, with this invocation's credentials.
    #[must_use]
    pub fn client(&self) -> Client {
        match &self.credentials {
            Some(credentials) => self.host.client.with_credentials(credentials.clone()),
            None => self.host.client.clone(),
        }
    }

    /// Until when work may go on: the deadline less the margin for the answer.
    #[must_use]
    pub fn budget_end(&self) -> Timestamp {
        self.deadline.checked_sub(self.host.settings.margin).unwrap_or(self.deadline)
    }
}
