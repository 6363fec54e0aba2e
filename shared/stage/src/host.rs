//! State of a process, and the input of one invocation.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use clock::Clock;
use jiff::Timestamp;
use onboarding::{Binding, Plan};
use openapi::{Client, Config, Credentials, Transport};

use crate::readings::Readings;
use crate::settings::Settings;

/// What a process keeps from start to end. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    settings: Arc<Settings>,
    /// One client, so that all invocations share its rate limits, and those with the same key and run share its assumed
    /// roles.
    client: Client,
    transport: Arc<dyn Transport>,
    clock: Clock,
    shared: Arc<Mutex<BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>>>,
}

impl Host {
    /// A host whose calls use `transport`. `credentials` apply if an invocation has none of its own.
    #[must_use]
    pub fn new(settings: Settings, transport: Arc<dyn Transport>, clock: Clock, credentials: Credentials) -> Self {
        let config = Config {
            credentials,
            endpoints: settings.endpoints.clone(),
            signature: settings.signature,
            read_only: settings.read_only,
        };
        let client = Client::new(config, Arc::clone(&transport), clock.clone());
        Self { settings: Arc::new(settings), client, transport, clock, shared: Arc::default() }
    }

    /// The same host with another client.
    #[must_use]
    pub fn with_client(self, client: Client) -> Self {
        Self { client, ..self }
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

    /// What the invocations of this process share, by its type. It begins as the default.
    #[must_use]
    pub fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = shared.entry(TypeId::of::<T>()).or_insert_with(|| Arc::<T>::default()).clone();
        // The key is the type, so the default is never used here.
        kept.downcast().unwrap_or_default()
    }

    /// The transport of all calls, and of the probe's request.
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

/// One invocation: its credentials, its deadline, and the plan that a person approved for it.
pub struct Invocation<'a> {
    /// The process.
    pub host: &'a Host,
    /// The credentials of this invocation (a function gets new ones each time); the host's if `None`.
    pub credentials: Option<Credentials>,
    /// When Function Compute kills the function.
    pub deadline: Timestamp,
    /// The plan that a person saw and approved. If it is set, only writes of that plan are made.
    pub approved: Option<&'a Plan>,
    /// What it has read so far. All its sessions share it.
    pub readings: Readings,
    /// Set if this is a teardown of the binding, and nothing else.
    pub removal: Option<&'a Removal>,
}

/// What a teardown takes away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removal {
    /// The binding as it was, if the store no longer has it.
    pub former: Option<Binding>,
    /// Attachments and connections, too.
    pub attachments: bool,
}

impl<'a> Invocation<'a> {
    /// An invocation with the host's credentials that ends at `deadline`.
    #[must_use]
    pub fn until(host: &'a Host, deadline: Timestamp) -> Self {
        Self { host, credentials: None, deadline, approved: None, readings: Readings::default(), removal: None }
    }

    /// The deployment's own client, with this invocation's credentials.
    #[must_use]
    pub fn client(&self) -> Client {
        match &self.credentials {
            Some(credentials) => self.host.client.with_credentials(credentials.clone()),
            None => self.host.client.clone(),
        }
    }

    /// The end of the time budget: the deadline minus the margin for the answer.
    #[must_use]
    pub fn budget_end(&self) -> Timestamp {
        self.deadline.checked_sub(self.host.settings.margin).unwrap_or(self.deadline)
    }
}
