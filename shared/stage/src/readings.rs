//! Readings of the account, each made once and shared by all who need it in the same look.
//!
//! A reading is identified by account, region, action and parameters. A request for a reading in progress joins it, so a
//! binding, its neighbours and prune share their common readings. Only successful readings are kept.
//!
//! ```text
//!   a whole look      makes every reading again        decides: writes, "settled", every removal
//!   a partial look    makes only those again that      decides only whether to wait longer
//!                     show the changes in progress
//! ```
//!
//! A change that a partial look finds leads to a whole look. So no write, no registration and no removal is based on an
//! earlier reading (decision 0027).

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use openapi::{Action, Client, Error, Listing};

/// Which readings are made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// All.
    Whole,
    /// Those of these actions, by name.
    Only(&'static [&'static str]),
}

/// The sequence of whole and partial looks.
#[derive(Debug)]
pub struct Looks {
    shows: &'static [&'static str],
    next: u32,
}

impl Looks {
    /// One of this many looks is whole, because what a stage waits for may depend on changes by others.
    const WHOLE_OF: u32 = 6;

    /// A whole look first, then partial looks that read `shows` again.
    #[must_use]
    pub const fn of(shows: &'static [&'static str]) -> Self {
        Self { shows, next: 0 }
    }

    /// The next look.
    pub const fn next(&mut self) -> Look {
        let look = if self.next.is_multiple_of(Self::WHOLE_OF) { Look::Whole } else { Look::Only(self.shows) };
        self.next += 1;
        look
    }

    /// Makes the next look a whole one.
    pub const fn again(&mut self) {
        self.next = 0;
    }
}

/// The identity of a reading. A single answer and a whole listing of the same action are different readings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    action: &'static str,
    is_listing: bool,
    account: Arc<str>,
    region: String,
    parameters: String,
}

type Answer = Arc<dyn Any + Send + Sync>;
type Flight = Shared<BoxFuture<'static, Result<Answer, Error>>>;

/// The readings of one invocation. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Readings(Arc<Mutex<BTreeMap<Key, Flight>>>);

impl Readings {
    /// Forgets the readings that `look` makes again.
    pub(crate) fn forget(&self, look: Look) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match look {
            Look::Whole => kept.clear(),
            Look::Only(actions) => kept.retain(|key, _| !actions.contains(&key.action)),
        }
    }

    async fn read<T, F>(&self, key: Key, reading: F) -> Result<T, Error>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let flight = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || reading.map(|read| read.map(|answer| Arc::new(answer) as Answer)).boxed().shared();
            kept.entry(key.clone()).or_insert_with(new).clone()
        };
        let answer = flight.clone().await.inspect_err(|_| {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Another look may have started this reading again meanwhile.
            if kept.get(&key).is_some_and(|later| later.ptr_eq(&flight)) {
                kept.remove(&key);
            }
        })?;
        // The key determines the type: an action has one type of answer and one type of rows.
        answer.downcast_ref::<T>().cloned().ok_or_else(|| {
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
        let (client, owned, at) = (self.client.clone(), action.clone(), region.to_owned());
        let reading = async move { client.call(&at, &owned).await };
        self.readings.read(self.key(region, action, false), reading).await
    }

    /// A whole listing, like [`Client::list`].
    pub(crate) async fn list<L>(&self, region: &str, action: L) -> Result<Vec<L::Item>, Error>
    where
        L: Listing + 'static,
        L::Item: Clone + Sync + 'static,
    {
        let key = self.key(region, &action, true);
        let (client, at) = (self.client.clone(), region.to_owned());
        self.readings.read(key, async move { client.list(&at, action).await }).await
    }

    fn key<A: Action>(&self, region: &str, action: &A, is_listing: bool) -> Key {
        // Parameters that cannot be serialized cannot be sent either; the call reports it.
        let parameters = serde_json::to_string(action).unwrap_or_default();
        Key { action: A::NAME, is_listing, account: Arc::clone(&self.account), region: region.to_owned(), parameters }
    }
}
