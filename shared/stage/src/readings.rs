//! The readings of an invocation: each is made once, and shared by all who need it.
//!
//! A reading is identified by account, service, region, action and parameters. A request for a reading in progress joins it,
//! so the bindings of a store, prune, the drift check and a person's `plan` share what they have in common. Only successful
//! readings are kept. `observe` assembles topologies from readings, and makes no other calls.
//!
//! ```text
//!   forgotten                  when                            then
//!   ─────────                  ────                            ────
//!   everything                 before a careful decision,      whole looks: everything that decides was read after the
//!                              if something was waited for     last wait
//!   what a write may change    after each write                ([`crate::facts::effects`])
//!   what a pending change      before each poll                polls: one reading each, and they only decide whether to
//!   names                                                      wait longer, or to write what does no harm
//!   nothing                    what said "yes" and does not    ([`Reads::lasting`])
//!                              change within an invocation
//! ```
//!
//! The invariant: **no write that bills, removes, registers or cannot be undone is based on a reading that is older than the
//! invocation's last wait or last write.** Other writes (links, routes and rules of this deployment) may be based on what
//! this invocation has read before, if what shows their own progress is fresh; "settled" on what is at most ten seconds old.
//! Nothing that was read in the cloud is kept between invocations (decisions 0027, 0030 and 0057).

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use onboarding::ids::{BindingName, VpcId};
use onboarding::store::Store;
use onboarding::{Binding, Topology};
use openapi::{Action, Client, Error, Listing, Service};
use tokio::sync::OnceCell;

use crate::error::StageError;

/// Which readings are made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// All, except those that do not change within an invocation.
    Whole,
    /// These.
    Only(Vec<Reading>),
}

impl Look {
    /// Readings of these actions, in every region.
    #[must_use]
    pub fn only(actions: &[&'static str]) -> Self {
        Self::Only(actions.iter().map(|action| Reading::everywhere(action)).collect())
    }
}

/// Readings of one action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    action: &'static str,
    /// Of this region only.
    region: Option<String>,
}

impl Reading {
    /// In every region.
    #[must_use]
    pub const fn everywhere(action: &'static str) -> Self {
        Self { action, region: None }
    }

    /// In one region.
    #[must_use]
    pub fn within(action: &'static str, region: &str) -> Self {
        Self { action, region: Some(region.to_owned()) }
    }

    fn is(&self, key: &Key) -> bool {
        self.action == key.action && self.region.as_ref().is_none_or(|region| *region == key.region)
    }
}

/// The identity of a reading. A single answer and a whole listing of the same action are different readings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    action: &'static str,
    service: Service,
    is_listing: bool,
    account: Arc<str>,
    region: String,
    parameters: String,
}

/// An answer.
#[derive(Clone)]
struct Answer {
    value: Arc<dyn Any + Send + Sync>,
    /// Whether it holds for the rest of the invocation.
    lasts: bool,
}

type Flight = Shared<BoxFuture<'static, Result<Answer, Error>>>;

/// The readings of one invocation. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub struct Readings(Arc<Kept>);

impl std::fmt::Debug for Readings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.flights().keys().map(|key| key.action)).finish()
    }
}

#[derive(Default)]
struct Kept {
    flights: Mutex<BTreeMap<Key, Flight>>,
    /// What other bindings want, by their names.
    observed: Mutex<BTreeMap<BindingName, Arc<OnceCell<Arc<Topology>>>>>,
    store: OnceCell<Arc<Store>>,
    /// What the store is, or was, taken to be while it is read.
    assumed: OnceCell<Arc<Store>>,
}

impl Readings {
    /// The store, read by `load` if it was not read yet. A failure is not kept.
    ///
    /// # Errors
    /// Those of `load`.
    pub(crate) async fn store(
        &self,
        load: impl Future<Output = Result<Store, StageError>>,
    ) -> Result<Arc<Store>, StageError> {
        self.0.store.get_or_try_init(|| async { load.await.map(Arc::new) }).await.cloned()
    }

    /// Takes the store to be this one until it is read. Gives whether that may be: once in an invocation, and not when it was read.
    pub(crate) fn assume(&self, store: &Arc<Store>) -> bool {
        !self.0.store.initialized() && self.0.assumed.set(Arc::clone(store)).is_ok()
    }

    /// Whether several bindings of the store have backends in a VPC. No, if nothing is known of the store.
    pub(crate) fn is_shared(&self, vpc: &VpcId) -> bool {
        let store = self.0.store.get().or_else(|| self.0.assumed.get());
        let bindings = store.map_or(&[][..], |store| &store.bindings);
        let here = |binding: &&Binding| binding.backends.iter().any(|backend| &backend.vpc == vpc);
        bindings.iter().filter(here).nth(1).is_some()
    }

    /// What `observing` found out about a binding, once for all who ask until something is forgotten.
    pub(crate) async fn observed(
        &self,
        binding: &BindingName,
        observing: impl Future<Output = Topology>,
    ) -> Arc<Topology> {
        let cell = {
            let mut observed = self.0.observed.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(observed.entry(binding.clone()).or_default())
        };
        Arc::clone(cell.get_or_init(|| async { Arc::new(observing.await) }).await)
    }

    /// Forgets the readings that `look` makes again.
    pub fn forget(&self, look: &Look) {
        self.0.observed.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut flights = self.flights();
        match look {
            Look::Whole => flights.retain(|_, flight| matches!(flight.peek(), Some(Ok(answer)) if answer.lasts)),
            Look::Only(readings) => flights.retain(|key, _| !readings.iter().any(|reading| reading.is(key))),
        }
    }

    /// Takes over the readings that `other` has completed, except those that were made here meanwhile.
    pub(crate) fn adopt(&self, other: &Self) {
        let completed: Vec<_> = {
            let flights = other.flights();
            let completed = flights.iter().filter(|(_, flight)| matches!(flight.peek(), Some(Ok(_))));
            completed.map(|(key, flight)| (key.clone(), flight.clone())).collect()
        };
        let mut flights = self.flights();
        for (key, flight) in completed {
            flights.entry(key).or_insert(flight);
        }
    }

    fn flights(&self) -> std::sync::MutexGuard<'_, BTreeMap<Key, Flight>> {
        self.0.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read<T, F>(&self, key: Key, lasts: fn(&T) -> bool, reading: F) -> Result<T, Error>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let flight = {
            let new = || {
                let answer = move |value: T| Answer { lasts: lasts(&value), value: Arc::new(value) };
                reading.map(move |read| read.map(answer)).boxed().shared()
            };
            self.flights().entry(key.clone()).or_insert_with(new).clone()
        };
        let answer = flight.clone().await.inspect_err(|_| {
            let mut flights = self.flights();
            // Another look may have started this reading again meanwhile.
            if flights.get(&key).is_some_and(|later| later.ptr_eq(&flight)) {
                flights.remove(&key);
            }
        })?;
        // The key determines the type: an action has one type of answer and one type of rows.
        answer.value.downcast_ref::<T>().cloned().ok_or_else(|| {
            Error::contradiction(
                key.action,
                "it was read as another type before; this is a defect of albridge".to_owned(),
            )
        })
    }
}

/// A client for reading, which makes each reading once per look.
#[derive(Clone)]
pub(crate) struct Reads {
    client: Client,
    account: Arc<str>,
    readings: Readings,
}

impl Reads {
    /// `account` distinguishes the accounts of a binding's sides.
    pub(crate) fn new(client: Client, account: &str, readings: &Readings) -> Self {
        Self { client, account: account.into(), readings: readings.clone() }
    }

    /// The plain client, for readings that must be made twice.
    pub(crate) const fn unshared(&self) -> &Client {
        &self.client
    }

    /// One answer, like [`Client::call`].
    pub(crate) async fn call<A>(&self, region: &str, action: &A) -> Result<A::Answer, Error>
    where
        A: Action + Clone + 'static,
        A::Answer: Clone + Sync + 'static,
    {
        self.lasting(region, action, |_| false).await
    }

    /// One answer that is not read again in this invocation if `lasts` says so of it: a fact that no run changes, and that
    /// nobody takes back while something depends on it. A negative answer is read again, because a person may mend it.
    pub(crate) async fn lasting<A>(
        &self,
        region: &str,
        action: &A,
        lasts: fn(&A::Answer) -> bool,
    ) -> Result<A::Answer, Error>
    where
        A: Action + Clone + 'static,
        A::Answer: Clone + Sync + 'static,
    {
        let (client, owned, at) = (self.client.clone(), action.clone(), region.to_owned());
        let reading = async move { client.call(&at, &owned).await };
        self.readings.read(self.key(region, action, false), lasts, reading).await
    }

    /// A whole listing, like [`Client::list`].
    pub(crate) async fn list<L>(&self, region: &str, action: L) -> Result<Vec<L::Item>, Error>
    where
        L: Listing + 'static,
        L::Item: Clone + Sync + 'static,
    {
        self.lasting_list(region, action, |_| false).await
    }

    /// A whole listing, shared with everybody who asks for it: for those that may be long.
    pub(crate) async fn rows<L>(&self, region: &str, action: L) -> Result<Arc<Vec<L::Item>>, Error>
    where
        L: Listing + 'static,
        L::Item: Clone + Sync + 'static,
    {
        self.listed(region, action, |_| false).await
    }

    /// A whole listing that is not read again if `lasts` says so of it.
    pub(crate) async fn lasting_list<L>(
        &self,
        region: &str,
        action: L,
        lasts: fn(&Arc<Vec<L::Item>>) -> bool,
    ) -> Result<Vec<L::Item>, Error>
    where
        L: Listing + 'static,
        L::Item: Clone + Sync + 'static,
    {
        Ok(Arc::unwrap_or_clone(self.listed(region, action, lasts).await?))
    }

    async fn listed<L>(
        &self,
        region: &str,
        action: L,
        lasts: fn(&Arc<Vec<L::Item>>) -> bool,
    ) -> Result<Arc<Vec<L::Item>>, Error>
    where
        L: Listing + 'static,
        L::Item: Clone + Sync + 'static,
    {
        let key = self.key(region, &action, true);
        let (client, at) = (self.client.clone(), region.to_owned());
        self.readings.read(key, lasts, async move { client.list(&at, action).await.map(Arc::new) }).await
    }

    fn key<A: Action>(&self, region: &str, action: &A, is_listing: bool) -> Key {
        Key {
            action: A::NAME,
            service: A::SERVICE,
            is_listing,
            account: Arc::clone(&self.account),
            region: region.to_owned(),
            // Parameters that cannot be serialized cannot be sent either; the call reports it.
            parameters: serde_json::to_string(action).unwrap_or_default(),
        }
    }
}
