//! The context of one invocation: its binding, its cloud clients, and what it may write.

use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use onboarding::ids::BindingName;
use onboarding::inputs::{Departures, Inputs};
use onboarding::store::Store;
use onboarding::{Binding, Deployment, Plan, Topology};

use crate::backoff::Backoff;
use crate::cloud::Cloud;
use crate::error::StageError;
use crate::host::{Host, Invocation, Removal};
use crate::needs::Needs;
use crate::observe::{self, Observation};
use crate::readings::Look;
use crate::request::Request;
use crate::store;
use crate::token::Attempts;

/// The owner of a created resource; part of its ClientToken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The binding: server groups, listeners.
    Binding,
    /// The deployment: attachments and connections, which bindings share.
    Deployment,
}

/// One invocation for one binding. The library of a stage makes its calls through it.
pub struct Session<'a> {
    host: &'a Host,
    store: Arc<Store>,
    binding: Binding,
    cloud: Cloud,
    run: String,
    read_only: bool,
    approved: Option<&'a Plan>,
    removal: Option<&'a Removal>,
    opened: Timestamp,
    end: Timestamp,
    attempts: Attempts,
}

impl<'a> Session<'a> {
    /// Reads the store and finds the binding.
    ///
    /// # Errors
    /// [`StageError::Store`], [`StageError::NoBinding`].
    pub async fn open(invocation: &Invocation<'a>, request: &Request) -> Result<Self, StageError> {
        let opened = invocation.host.clock().now();
        let store = store::of(invocation).await?;
        Self::over(invocation, request, store, opened)
    }

    /// A session over this store, which counts as opened at that time.
    pub(crate) fn over(
        invocation: &Invocation<'a>,
        request: &Request,
        store: Arc<Store>,
        opened: Timestamp,
    ) -> Result<Self, StageError> {
        let host = invocation.host;
        let client = invocation.client();
        let removal = invocation.removal;
        let (binding, paused) = match removal {
            // Pausing stops what brings things back, which is what a teardown needs.
            Some(removal) => (store::leaving(&store, &request.binding, removal)?.clone(), false),
            None => {
                let binding = store::find(&store, &request.binding)?.clone();
                let paused = store.paused || binding.paused;
                (binding, paused)
            }
        };
        let read_only = host.settings().read_only || paused;
        // The client refuses writes too, so a stage that does not check the kill switch still cannot write.
        let client = client.with_read_only(read_only);
        let cloud = Cloud::sharing(invocation.readings.clone(), client, &binding, &request.run);
        Ok(Self {
            host,
            binding,
            cloud,
            run: request.run.clone(),
            read_only,
            approved: invocation.approved,
            removal,
            opened,
            end: invocation.budget_end(),
            attempts: Attempts::default(),
            store,
        })
    }

    /// The process.
    #[must_use]
    pub const fn host(&self) -> &'a Host {
        self.host
    }

    /// The store as it was read by this invocation.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The same, to be kept.
    pub(crate) fn shared_store(&self) -> Arc<Store> {
        Arc::clone(&self.store)
    }

    /// The binding.
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }

    /// The deployment whose ownership tags count as ours.
    #[must_use]
    pub fn deployment(&self) -> &Deployment {
        &self.host.settings().deployment
    }

    /// The cloud, with one client for each side.
    #[must_use]
    pub const fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        self.host.clock()
    }

    /// The execution; empty if there is none.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Whether the kill switch is on, globally or for this binding.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// The plan that a person approved, if this is `albridge apply`.
    #[must_use]
    pub const fn approved(&self) -> Option<&'a Plan> {
        self.approved
    }

    /// What is taken away, if this is a teardown.
    pub(crate) const fn removal(&self) -> Option<&'a Removal> {
        self.removal
    }

    /// Polling within the time budget of this invocation.
    #[must_use]
    pub fn backoff(&self) -> Backoff<'_> {
        Backoff::until(self.clock(), self.end)
    }

    /// The text for an owner in a token.
    pub(crate) fn owner(&self, owner: Owner) -> String {
        match owner {
            Owner::Binding => format!("{}/{}", self.deployment().as_str(), self.binding.name),
            Owner::Deployment => self.deployment().as_str().to_owned(),
        }
    }

    /// The attempt of each create in this invocation.
    pub(crate) const fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// The ClientToken of any other write: a fresh one. The client reuses it for the retries of that one call.
    #[must_use]
    pub fn fresh_token(&self) -> String {
        self.clock().uuid()
    }

    /// Reads the parts in `needs`, all of them again.
    ///
    /// # Errors
    /// [`StageError::StillPending`] if the time budget ends first.
    pub async fn observe(&self, needs: Needs) -> Result<Topology, StageError> {
        self.renew(&Look::Whole);
        self.view(needs).await
    }

    /// Reads the parts in `needs` that this invocation has not read yet, or was told to read again.
    ///
    /// # Errors
    /// [`StageError::StillPending`] if the time budget ends first.
    pub async fn view(&self, needs: Needs) -> Result<Topology, StageError> {
        Ok(self.observe_noting(needs, self.clock().until(self.end)).await?.topology)
    }

    /// Says which readings are made again when they are needed next.
    pub fn renew(&self, look: &Look) {
        self.cloud.readings().forget(look);
    }

    pub(crate) async fn observe_noting(&self, needs: Needs, limit: Duration) -> Result<Observation, StageError> {
        let reading =
            observe::observe_noting(&self.cloud, &self.binding, &self.store.bindings, self.deployment(), needs);
        let late = |_| StageError::StillPending { what: "the cloud is still being read".to_owned() };
        // Boxed: this is the largest future of all, and without the box every caller's future would contain it.
        self.clock().timeout(limit, Box::pin(reading)).await.map_err(late)
    }

    /// The inputs of a plan. `departures` are the members that this invocation has already drained or deregistered.
    #[must_use]
    pub fn inputs<'t>(&'t self, topology: &'t Topology, departures: &'t Departures) -> Inputs<'t> {
        Inputs {
            deployment: self.deployment(),
            binding: &self.binding,
            store: &self.store.bindings,
            topology,
            now: self.clock().now(),
            approved: self.approved.is_some(),
            opened: self.opened,
            departures,
        }
    }

    /// The names of all bindings in the store.
    #[must_use]
    pub(crate) fn binding_names(&self) -> Vec<BindingName> {
        self.store.bindings.iter().map(|binding| binding.name.clone()).collect()
    }
}
