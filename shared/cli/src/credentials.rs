//! The access key that signs the calls: found in the environment or in a profile of the aliyun CLI, fetched where it is
//! temporary, and renewed before it expires.
//!
//! ```text
//!   profile   which source the environment or the profile describes ─► Source
//!   source    a key from it: STS, metadata service, URI, program, CloudSSO      web: how those are asked over HTTP
//!   Keys      the key that is in use, fetched again ten minutes before its end, for every call of the command
//! ```
//!
//! Messages name the profile, its file and the field, and never a value that could be a key; answers are never quoted.

mod command;
mod origin;
mod profile;
mod source;
#[cfg(test)]
mod tests;
mod web;

use jiff::{SignedDuration, Timestamp};
use openapi::{Credentials, Current, KeySource};
use tokio::sync::Mutex;

use crate::environment::Environment;
use crate::output::CliError;
use source::{Key, Source};

pub(crate) use web::Cloud;

/// A source that gives keys which end sooner, or that fails, is asked this often.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// What the environment or a profile says of the key; nothing is fetched yet. It holds keys, so it has no `Debug`.
pub(crate) struct Found(Source);

/// The environment's key, unless a profile is asked for by name; else the profile's.
pub(crate) fn find(environment: &Environment, profile: Option<&str>) -> Result<Found, CliError> {
    profile::find(environment, profile).map(Found)
}

impl Found {
    /// Whether the key may change while a command works.
    pub(crate) const fn is_renewed(&self) -> bool {
        !self.0.is_fixed()
    }
}

/// A key that is fetched when it is needed, and again before it expires.
pub(crate) struct Keys {
    source: Source,
    cloud: Cloud,
    /// Locked while a key is fetched: whoever needs it at the same time waits for the same one.
    held: Mutex<Option<Held>>,
}

struct Held {
    key: Key,
    /// When the source was asked last.
    asked: Timestamp,
}

impl Keys {
    pub(crate) fn new(found: Found, cloud: Cloud) -> Self {
        Self { source: found.0, cloud, held: Mutex::default() }
    }

    /// The key, with ten minutes left at least if its source gives such ones.
    pub(crate) async fn present(&self) -> Result<Credentials, CliError> {
        let mut held = self.held.lock().await;
        let now = self.cloud.clock.now();
        if let Some(Held { key, asked }) = &*held
            && key.expires.is_none_or(|expires| {
                source::is_fresh(expires, now) || (expires > now && now.duration_since(*asked) < AGAIN)
            })
        {
            return Ok(key.credentials.clone());
        }
        match self.source.key(&self.cloud).await {
            Ok(key) => Ok(held.insert(Held { key, asked: now }).key.credentials.clone()),
            // What is left of the old key may do; once it is over, the failure is told.
            Err(error) => match held.as_mut().filter(|held| held.key.expires.is_some_and(|expires| expires > now)) {
                Some(held) => {
                    tracing::warn!(%error, "the key could not be renewed");
                    held.asked = now;
                    Ok(held.key.credentials.clone())
                }
                None => Err(error),
            },
        }
    }
}

impl KeySource for Keys {
    fn current(&self) -> Current<'_> {
        Box::pin(async { self.present().await.map_err(|error| error.to_string().trim_end_matches('.').to_owned()) })
    }
}
