//! How a function's process starts, and how each invocation starts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use clock::{Clock, Reading};
use jiff::Timestamp;
use openapi::{Action, Credentials, HttpTransport};

use crate::cloud::Side;
use crate::error::WriteError;
use crate::host::{Host, Invocation};
use crate::session::Session;
use crate::settings::Settings;

/// The reading of an emulated cloud's clock; the process then uses that clock. Not set in the real cloud.
pub const CLOCK: &str = "ALBRIDGE_CLOCK";

impl Host {
    /// The host of a process in the cloud: settings and credentials from its environment, calls over HTTPS, system time
    /// unless [`CLOCK`] names another clock.
    ///
    /// # Errors
    /// One sentence: which variable is wrong and how, or why no transport could be created.
    pub fn from_environment(variables: &BTreeMap<String, String>) -> Result<Self, String> {
        let settings = Settings::parse(variables).map_err(|error| error.to_string())?;
        let transport = HttpTransport::new().map_err(|error| error.to_string())?;
        let variable = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
        let credentials = Credentials {
            access_key_id: variable("ALIBABA_CLOUD_ACCESS_KEY_ID").unwrap_or_default(),
            access_key_secret: variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET").unwrap_or_default(),
            security_token: variable("ALIBABA_CLOUD_SECURITY_TOKEN"),
        };
        let clock = match variable(CLOCK) {
            None => Clock::system(),
            Some(text) => {
                Clock::following(&text.parse::<Reading>().map_err(|error| format!("{CLOCK} is {text}: {error}"))?)
            }
        };
        Ok(Self::new(settings, Arc::new(transport), clock, credentials))
    }
}

impl<'a> Invocation<'a> {
    /// An invocation as Function Compute starts it: the deadline for its answer, and its key, secret and token.
    #[must_use]
    pub fn of(host: &'a Host, deadline: SystemTime, keys: Option<(&str, &str, Option<&str>)>) -> Self {
        let credentials = keys.map(|(id, secret, token)| Credentials {
            access_key_id: id.to_owned(),
            access_key_secret: secret.to_owned(),
            security_token: token.map(str::to_owned),
        });
        // A deadline that cannot be represented counts as no deadline. The runtime's deadline is in real time; the rest is
        // converted to the host's clock, which can be another one in an emulated cloud.
        let left = Timestamp::try_from(deadline).ok().map(|deadline| deadline.duration_since(host.clock().wall()));
        let deadline = left.and_then(|left| host.clock().now().checked_add(left).ok()).unwrap_or(Timestamp::MAX);
        Self { credentials, ..Self::until(host, deadline) }
    }
}

impl Session<'_> {
    /// Makes one call about the resources of a side, in a region.
    ///
    /// # Errors
    /// [`WriteError::Cloud`] with the refusal.
    pub async fn call<A: Action>(&self, side: Side<'_>, region: &str, action: &A) -> Result<A::Answer, WriteError> {
        let client = self.cloud().client_for(side).await?;
        Ok(client.call(region, action).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn variables(clock: &str) -> BTreeMap<String, String> {
        let named = [("ALBRIDGE_BINDINGS", "bindings.yml"), (CLOCK, clock)];
        named.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_is_told_of_a_clock_lives_on_it_and_keeps_its_time() {
        let emulated = Clock::scaled(20.0);
        let host = Host::from_environment(&variables(&emulated.reading().to_string())).unwrap();
        assert_eq!(host.clock().speed().total_cmp(&20.0), std::cmp::Ordering::Equal);
        // The runtime's deadline is in real time: 200 s after the start.
        let deadline = SystemTime::from(host.clock().wall()) + Duration::from_secs(200);
        let invocation = Invocation::of(&host, deadline, None);
        let left = host.clock().until(invocation.deadline);
        assert!(left.abs_diff(Duration::from_secs(200)) < Duration::from_millis(5), "{left:?}");
        host.clock().sleep(Duration::from_secs(50)).await;
        let left = host.clock().until(invocation.deadline);
        assert!(left.abs_diff(Duration::from_secs(150)) < Duration::from_millis(50), "{left:?}");
    }

    #[tokio::test]
    async fn a_clock_that_cannot_be_read_is_named() {
        let error = Host::from_environment(&variables("soon")).err().unwrap_or_default();
        assert!(error.starts_with("ALBRIDGE_CLOCK is soon: "), "{error}");
    }
}
