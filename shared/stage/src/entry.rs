//! How a function's process and each of its invocations begin.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use clock::Clock;
use jiff::Timestamp;
use openapi::{Action, Credentials, HttpTransport};

use crate::cloud::Side;
use crate::failure::Problem;
use crate::host::{Host, Invocation};
use crate::session::Session;
use crate::settings::Settings;

impl Host {
    /// The host of a process in the cloud: settings and credentials from its environment, calls over HTTPS, real time.
    ///
    /// # Errors
    /// One sentence: which variable is wrong and how, or why there is no transport.
    pub fn from_environment(variables: &BTreeMap<String, String>) -> Result<Self, String> {
        let settings = Settings::parse(variables).map_err(|error| error.to_string())?;
        let transport = HttpTransport::new().map_err(|error| error.to_string())?;
        let variable = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
        let credentials = Credentials {
            access_key_id: variable("ALIBABA_CLOUD_ACCESS_KEY_ID").unwrap_or_default(),
            access_key_secret: variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET").unwrap_or_default(),
            security_token: variable("ALIBABA_CLOUD_SECURITY_TOKEN"),
        };
        Ok(Self::new(settings, Arc::new(transport), Clock::system(), credentials))
    }
}

impl<'a> Invocation<'a> {
    /// An invocation as Function Compute makes it: until when it must answer, and its key, secret and token.
    #[must_use]
    pub fn of(host: &'a Host, deadline: SystemTime, keys: Option<(&str, &str, Option<&str>)>) -> Self {
        let credentials = keys.map(|(id, secret, token)| Credentials {
            access_key_id: id.to_owned(),
            access_key_secret: secret.to_owned(),
            security_token: token.map(str::to_owned),
        });
        // A time that cannot be told is a time that is not used up.
        let deadline = Timestamp::try_from(deadline).unwrap_or(Timestamp::MAX);
        Self { host, credentials, deadline, approved: None }
    }
}

impl Session<'_> {
    /// One call about a side's resources, in a region.
    ///
    /// # Errors
    /// [`Problem::Cloud`] with the refusal.
    pub async fn call<A: Action>(&self, side: Side<'_>, region: &str, action: &A) -> Result<A::Answer, Problem> {
        let client = self.cloud().client_for(side).await?;
        Ok(client.call(region, action).await?)
    }
}
