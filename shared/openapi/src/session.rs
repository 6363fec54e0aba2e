//! Assumed roles: temporary keys from STS, kept until shortly before they expire.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

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

/// The sessions of a client and its clones. The lock is held while one is fetched: callers at the same time share it.
#[derive(Default)]
pub(crate) struct Sessions {
    held: Mutex<BTreeMap<Key, Session>>,
}

struct Session {
    credentials: Credentials,
    expires: Timestamp,
}

impl Client {
    /// A client that acts as a role, of this account or another. The session is reused until ten minutes before its end,
    /// so ask again at the beginning of each piece of work.
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
        let mut held = self.shared.sessions.held.lock().await;
        if let Some(session) = held.get(&key)
            && self.clock().now() < session.expires - MARGIN
        {
            return Ok(self.with_credentials(session.credentials.clone()));
        }
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
        let expires = answer.expiration.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let now = self.clock().now();
        held.retain(|_, session| now < session.expires);
        held.insert(key, Session { credentials: credentials.clone(), expires });
        Ok(self.with_credentials(credentials))
    }
}
