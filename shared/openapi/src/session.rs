//! Assumed roles: temporary keys from STS, kept until shortly before they expire.
//!
//! ```text
//!   first caller ── AssumeRole ──► session cached, and given to all who wait
//!   others, same role ── wait for the first ─┘        other roles: their own calls, at the same time
//! ```
//!
//! No lock is held during a call. If the first caller is dropped, the next one that waits makes the call.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::credentials::Credentials;
use crate::error::Error;

/// A key that expires sooner than this is not used any more: a run must be able to finish with it.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// Whose key assumed which role, with which external id, under which session name.
type Key = (String, String, String, String);

/// The sessions of a client and its clones: one for each role, external id and session name that a key asked for.
#[derive(Default)]
pub(crate) struct Sessions {
    slots: Mutex<BTreeMap<Key, Slot>>,
}

enum Slot {
    Held(Session),
    /// A caller is fetching it and sends the result here.
    Fetching(watch::Receiver<Option<Result<Credentials, Error>>>),
}

struct Session {
    credentials: Credentials,
    expires: Timestamp,
}

/// What a caller has to do for a session.
pub(crate) enum Turn<'a> {
    Use(Credentials),
    Wait(watch::Receiver<Option<Result<Credentials, Error>>>),
    Fetch(Fetch<'a>),
}

/// The right to fetch a session. It is released when this is dropped.
pub(crate) struct Fetch<'a> {
    sessions: &'a Sessions,
    key: Key,
    outcome: watch::Sender<Option<Result<Credentials, Error>>>,
}

impl Sessions {
    pub(crate) fn turn(&self, key: &Key, now: Timestamp) -> Turn<'_> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        match slots.get(key) {
            Some(Slot::Held(session)) if now < session.expires - MARGIN => {
                return Turn::Use(session.credentials.clone());
            }
            Some(Slot::Fetching(outcome)) => return Turn::Wait(outcome.clone()),
            Some(Slot::Held(_)) | None => {}
        }
        slots.retain(|_, slot| !matches!(slot, Slot::Held(session) if session.expires <= now));
        let (outcome, waiting) = watch::channel(None);
        slots.insert(key.clone(), Slot::Fetching(waiting));
        Turn::Fetch(Fetch { sessions: self, key: key.clone(), outcome })
    }
}

impl Fetch<'_> {
    /// Caches the session and sends it to those who wait. A failure is sent as well, but not cached.
    pub(crate) fn done(self, fetched: Result<(Credentials, Timestamp), Error>) {
        if let Ok((credentials, expires)) = &fetched {
            let session = Session { credentials: credentials.clone(), expires: *expires };
            let mut slots = self.sessions.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.insert(self.key.clone(), Slot::Held(session));
        }
        self.outcome.send_replace(Some(fetched.map(|(credentials, _)| credentials)));
    }
}

impl Drop for Fetch<'_> {
    fn drop(&mut self) {
        let mut slots = self.sessions.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(slots.get(&self.key), Some(Slot::Fetching(_))) {
            slots.remove(&self.key);
        }
    }
}
