//! Assumed roles: temporary keys from STS, kept until shortly before they expire.
//!
//! ```text
//!   first caller ── AssumeRole ──► session kept, told to all who wait
//!   others, same role ── wait for the first ─┘        other roles: calls of their own, at the same time
//! ```
//!
//! Nothing is locked while a call is under way. A first caller that is dropped leaves no trace: whoever waits next takes
//! its place.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::client::Client;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::sts;

/// A key with less time left than this is not handed out: a run must be able to finish with it.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);
/// How long a session is asked for: the least maximum that a role can have.
const DURATION_SECONDS: u32 = 3600;

/// Whose key assumed which role, with which external id, under which session name.
type Key = (String, String, String, String);

/// The sessions of a client and its clones: one for each role, external id and session name that a key asked for.
#[derive(Default)]
pub(crate) struct Sessions {
    slots: Mutex<BTreeMap<Key, Slot>>,
}

enum Slot {
    Held(Session),
    /// Somebody is fetching it, and says here what came of it.
    Fetching(watch::Receiver<Option<Result<Credentials, Error>>>),
}

struct Session {
    credentials: Credentials,
    expires: Timestamp,
}

/// What a caller has to do for a session.
enum Turn<'a> {
    Use(Credentials),
    Wait(watch::Receiver<Option<Result<Credentials, Error>>>),
    Fetch(Fetch<'a>),
}

/// The right to fetch a session. Dropped, it is given up.
struct Fetch<'a> {
    sessions: &'a Sessions,
    key: Key,
    outcome: watch::Sender<Option<Result<Credentials, Error>>>,
}

impl Sessions {
    fn turn(&self, key: &Key, now: Timestamp) -> Turn<'_> {
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
    /// Keeps the session, and tells those who wait. A failure is told and not kept.
    fn done(self, fetched: Result<(Credentials, Timestamp), Error>) {
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

impl Client {
    /// A client that acts as a role, of this account or another. The session is reused until ten minutes before its end,
    /// so ask again at the beginning of each piece of work. Clones of a client share a session that the same key asks for
    /// with the same role, external id and session name; callers at the same time share one call, and its failure.
    ///
    /// # Errors
    /// Those of [`Client::call`] for `AssumeRole`.
    pub async fn assume_role(&self, arn: &str, external_id: Option<&str>, session: &str) -> Result<Self, Error> {
        let key = (
            self.config.credentials.access_key_id.clone(),
            arn.to_owned(),
            external_id.unwrap_or_default().to_owned(),
            session.to_owned(),
        );
        loop {
            match self.shared.sessions.turn(&key, self.clock().now()) {
                Turn::Use(credentials) => return Ok(self.with_credentials(credentials)),
                Turn::Wait(mut outcome) => {
                    // Whoever fetched it may have been dropped: then nobody says anything, and it is somebody else's turn.
                    if let Ok(told) = outcome.wait_for(Option::is_some).await
                        && let Some(told) = told.as_ref()
                    {
                        return told.clone().map(|credentials| self.with_credentials(credentials));
                    }
                }
                Turn::Fetch(fetch) => {
                    let fetched = self.fetch(arn, external_id, session).await;
                    let credentials = fetched.clone();
                    fetch.done(fetched);
                    return credentials.map(|(credentials, _)| self.with_credentials(credentials));
                }
            }
        }
    }

    async fn fetch(
        &self,
        arn: &str,
        external_id: Option<&str>,
        session: &str,
    ) -> Result<(Credentials, Timestamp), Error> {
        let request = sts::AssumeRole {
            role_arn: arn.to_owned(),
            role_session_name: session.to_owned(),
            external_id: external_id.map(str::to_owned),
            duration_seconds: Some(DURATION_SECONDS),
            policy: None,
        };
        let answer = self.call("", &request).await?.credentials;
        let credentials = Credentials::temporary(answer.access_key_id, answer.access_key_secret, answer.security_token);
        // A time that cannot be read: the session is used now and not kept.
        Ok((credentials, answer.expiration.parse().unwrap_or(Timestamp::UNIX_EPOCH)))
    }
}
