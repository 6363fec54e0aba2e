//! What was read of the account: each reading once, for everybody who asks for it in the same look.
//!
//! A reading is asked for by what it is: account, region, action and parameters. Whoever asks for one that is under way joins
//! it, so a binding, its neighbours and prune share what they have in common. Only successes are kept.
//!
//! ```text
//!   a whole look      everything is read anew          decides: writes, "settled", every removal
//!   a partial look    what shows the changes under     decides nothing but whether to go on waiting
//!                     way is read anew
//! ```
//!
//! Whatever a partial look finds changed leads to a whole one, so nothing is written, and nobody registered or removed, on what
//! was read earlier (decision 0027).

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use openapi::{Action, Client, Error, Listing};

/// What is read anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Everything.
    Whole,
    /// These actions, by name.
    Only(&'static [&'static str]),
}

/// In which order looks are whole and partial.
#[derive(Debug)]
pub struct Looks {
    shows: &'static [&'static str],
    next: u32,
}

impl Looks {
    /// Every one of so many is whole, for what is waited for may depend on what others do.
    const WHOLE_OF: u32 = 6;

    /// A whole look first, then partial ones of `shows`.
    #[must_use]
    pub const fn of(shows: &'static [&'static str]) -> Self {
        Self { shows, next: 0 }
    }

    /// The next one.
    pub const fn next(&mut self) -> Look {
        let look = if self.next.is_multiple_of(Self::WHOLE_OF) { Look::Whole } else { Look::Only(self.shows) };
        self.next += 1;
        look
    }

    /// The next one is whole.
    pub const fn again(&mut self) {
        self.next = 0;
    }
}

/// A reading by what it is. The kind of answer is a part of it: one page, or a whole listing.
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

/// The readings of an invocation. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Readings(Arc<Mutex<BTreeMap<Key, Flight>>>);

impl Readings {
    /// Forgets what is to be read anew.
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
            // Another look may have begun it again meanwhile.
            if kept.get(&key).is_some_and(|later| later.ptr_eq(&flight)) {
                kept.remove(&key);
            }
        })?;
        // The key tells the type: an action has one kind of answer, and one of rows.
        answer.downcast_ref::<T>().cloned().ok_or_else(|| {
            Error::contradiction(
                key.action,
                "it was read as another type before; this is a defect of albridge".to_owned(),
            )
        })
    }
}

/// A client that reads, each thing once in a look.
#[derive(Clone)]
pub(crate) struct Reads {
    client: Client,
    account: Arc<str>,
    readings: Readings,
}

impl Reads {
    /// `account` tells the accounts of a binding's sides apart.
    pub(crate) fn new(client: Client, account: &str, readings: &Readings) -> Self {
        Self { client, account: account.into(), readings: readings.clone() }
    }

    /// The client itself, for what has to be read twice.
    pub(crate) const fn unshared(&self) -> &Client {
        &self.client
    }

    /// One answer. As [`Client::call`].
    pub(crate) async fn call<A>(&self, region: &str, action: &A) -> Result<A::Answer, Error>
    where
        A: Action + Clone + 'static,
        A::Answer: Clone + Sync + 'static,
    {
        let (client, owned, at) = (self.client.clone(), action.clone(), region.to_owned());
        let reading = async move { client.call(&at, &owned).await };
        self.readings.read(self.key(region, action, false), reading).await
    }

    /// A whole listing. As [`Client::list`].
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
        // Parameters that cannot be written down cannot be sent either: the call says so.
        let parameters = serde_json::to_string(action).unwrap_or_default();
        Key { action: A::NAME, is_listing, account: Arc::clone(&self.account), region: region.to_owned(), parameters }
    }
}
