//! What one invocation works with: its binding, its cloud, and what it may do.

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
use crate::host::{Host, Invocation};
use crate::needs::Needs;
use crate::observe::{self, Observation};
use crate::readings::Look;
use crate::request::Request;
use crate::store;
use crate::token::Attempts;

/// In whose name something is created; part of its ClientToken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The binding: server groups, listeners.
    Binding,
    /// The deployment: attachments and connections, which bindings share.
    Deployment,
}

/// One invocation for one binding. A stage's library makes its calls with it.
pub struct Session<'a> {
    host: &'a Host,
    store: Store,
    binding: Binding,
    cloud: Cloud,
    run: String,
    read_only: bool,
    approved: Option<&'a Plan>,
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
        let host = invocation.host;
        let opened = host.clock().now();
        let client = invocation.client();
        let store = store::load(host, &client).await?;
        let binding = store::find(&store, &request.binding)?.clone();
        let read_only = host.settings().read_only || store.paused || binding.paused;
        // The client refuses writes as well: a stage that forgot to ask still cannot write.
        let cloud = Cloud::new(client.with_read_only(read_only), &binding, &request.run);
        Ok(Self {
            host,
            binding,
            cloud,
            run: request.run.clone(),
            read_only,
            approved: invocation.approved,
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

    /// The store as it was read.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The binding.
    #[must_use]
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }

    /// The deployment, whose marks count as ours.
    #[must_use]
    pub fn deployment(&self) -> &Deployment {
        &self.host.settings().deployment
    }

    /// The cloud, a client for each side.
    #[must_use]
    pub const fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        self.host.clock()
    }

    /// The execution; empty when there is none.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Whether the kill switch is on, for all or for this binding.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// The plan that a person approved, if this is `apply`.
    #[must_use]
    pub const fn approved(&self) -> Option<&'a Plan> {
        self.approved
    }

    /// Polling within this invocation's budget.
    #[must_use]
    pub fn backoff(&self) -> Backoff<'_> {
        Backoff::until(self.clock(), self.end)
    }

    /// In whose name a token is made.
    pub(crate) fn owner(&self, owner: Owner) -> String {
        match owner {
            Owner::Binding => format!("{}/{}", self.deployment().as_str(), self.binding.name),
            Owner::Deployment => self.deployment().as_str().to_owned(),
        }
    }

    /// Where each create of this invocation is.
    pub(crate) const fn attempts(&self) -> &Attempts {
        &self.attempts
    }

    /// The ClientToken of any other write: a fresh one, which the client keeps for the retries of that one call.
    #[must_use]
    pub fn fresh_token(&self) -> String {
        self.clock().uuid()
    }

    /// Reads what `needs` names, all of it anew.
    ///
    /// # Errors
    /// [`StageError::StillPending`] when the budget ends first.
    pub async fn observe(&self, needs: Needs) -> Result<Topology, StageError> {
        self.look(needs, Look::Whole).await
    }

    /// What `needs` names; `look` says what of it is read anew.
    ///
    /// # Errors
    /// [`StageError::StillPending`] when the budget ends first.
    pub async fn look(&self, needs: Needs, look: Look) -> Result<Topology, StageError> {
        Ok(self.observe_noting(needs, look, self.clock().until(self.end)).await?.topology)
    }

    pub(crate) async fn observe_noting(
        &self,
        needs: Needs,
        look: Look,
        limit: Duration,
    ) -> Result<Observation, StageError> {
        self.cloud.readings().forget(look);
        let reading =
            observe::observe_noting(&self.cloud, &self.binding, &self.store.bindings, self.deployment(), needs);
        let late = |_| StageError::StillPending { what: "the cloud is still being read".to_owned() };
        // Boxed: it is the largest of all futures, and whoever awaits a reading would hold it, in every frame up to a thread's
        // beginning.
        self.clock().timeout(limit, Box::pin(reading)).await.map_err(late)
    }

    /// What a plan is made from. `departures` are the members that this invocation has dealt with already.
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
    pub fn binding_names(&self) -> Vec<BindingName> {
        self.store.bindings.iter().map(|binding| binding.name.clone()).collect()
    }
}
