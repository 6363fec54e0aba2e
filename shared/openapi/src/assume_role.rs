//! A client that acts as a role.

use jiff::Timestamp;

use crate::client::Client;
use crate::credentials::Credentials;
use crate::error::Error;
use crate::session::Turn;
use crate::sts;

/// The duration of a requested session: every role allows at least this much.
const DURATION_SECONDS: u32 = 3600;

impl Client {
    /// A client that acts as a role, of this account or another. The session is reused until ten minutes before its end,
    /// so ask again at the beginning of each piece of work. Clones of a client share a session that the same key asks for
    /// with the same role, external id and session name; callers at the same time share one call, and its failure.
    ///
    /// # Errors
    /// Those of [`Client::call`] for `AssumeRole`.
    pub async fn assume_role(&self, arn: &str, external_id: Option<&str>, session: &str) -> Result<Self, Error> {
        self.present("AssumeRole").await?.assume_role_now(arn, external_id, session).await
    }

    async fn assume_role_now(&self, arn: &str, external_id: Option<&str>, session: &str) -> Result<Self, Error> {
        let key = (
            self.config.credentials.access_key_id.clone(),
            arn.to_owned(),
            external_id.unwrap_or_default().to_owned(),
            session.to_owned(),
        );
        loop {
            match self.shared.sessions.turn(&key, self.clock().now()) {
                Turn::Use(credentials) => return Ok(self.with_role(arn, credentials)),
                Turn::Wait(mut outcome) => {
                    // The task that fetched it may have been dropped: then no result comes, and the next caller fetches it.
                    if let Ok(told) = outcome.wait_for(Option::is_some).await
                        && let Some(told) = told.as_ref()
                    {
                        return told.clone().map(|credentials| self.with_role(arn, credentials));
                    }
                }
                Turn::Fetch(fetch) => {
                    let fetched = self.fetch(arn, external_id, session).await;
                    let credentials = fetched.clone();
                    fetch.done(fetched);
                    return credentials.map(|(credentials, _)| self.with_role(arn, credentials));
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
        // If the expiration cannot be parsed, the session is used for this call and not cached.
        Ok((credentials, answer.expiration.parse().unwrap_or(Timestamp::UNIX_EPOCH)))
    }
}
