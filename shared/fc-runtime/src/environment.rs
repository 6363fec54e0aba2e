//! The one place that reads the process's environment and its clock: for [`run`](crate::run), and for
//! [`Config::from_env`]. Everything else is handed an [`Options`].

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{Error, context::Config, credentials::Credentials, http_event::HttpEventForm, options::Options};

/// The form of HTTP events. The platform reserves names that begin with `FC_`.
const HTTP_EVENT: &str = "RUNTIME_HTTP_EVENT";
/// The grace at shutdown, in seconds.
const SHUTDOWN_GRACE: &str = "RUNTIME_SHUTDOWN_GRACE";

/// A variable of the process's environment, if it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "the environment is read here and nowhere else in this crate")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "the clock of a process of its own; hosts inject theirs by Options::now")]
fn system_time() -> SystemTime {
    SystemTime::now()
}

impl Config {
    /// The configuration that Function Compute puts in the environment: `FC_FUNCTION_NAME`,
    /// `FC_FUNCTION_MEMORY_SIZE`, `FC_FUNCTION_VERSION` (`FC_VER_ID` up to custom.debian10) and `FC_INSTANCE_ID`.
    /// What is missing stays empty, the version `LATEST`.
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_variables(variable)
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            function_name: variable("FC_FUNCTION_NAME").unwrap_or_default(),
            memory: variable("FC_FUNCTION_MEMORY_SIZE").and_then(|megabytes| megabytes.parse().ok()).unwrap_or(0),
            version: variable("FC_FUNCTION_VERSION")
                .or_else(|| variable("FC_VER_ID"))
                .unwrap_or_else(|| "LATEST".to_owned()),
            log_stream: variable("FC_INSTANCE_ID").unwrap_or_default(),
            log_group: String::new(),
        }
    }
}

impl Options {
    /// The options of a process of its own, from its environment, its clock and its standard output.
    ///
    /// Function Compute sets `FC_FUNCTION_NAME` and its like ([`Config::from_env`]), `FC_REGION`, `FC_ACCOUNT_ID`,
    /// `FC_SERVER_PORT` or `FC_CUSTOM_LISTEN_PORT`, and the `ALIBABA_CLOUD_` keys. A function's own configuration may set
    /// `RUNTIME_HTTP_EVENT` ([`HttpEventForm`](crate::HttpEventForm)) and `RUNTIME_SHUTDOWN_GRACE`, in seconds. A value of
    /// those two that cannot be read leaves the default here; [`run`](crate::run) and its like fail on it.
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_variables(variable)
    }

    /// As [`Options::from_env`], from any source of variables. Empty values must be given as `None`.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let defaults = Self::new(Arc::new(system_time));
        Self {
            config: Config::from_variables(&variable),
            environment_credentials: Credentials::from_variables(&variable),
            region: variable("FC_REGION").unwrap_or_default(),
            account_id: variable("FC_ACCOUNT_ID").unwrap_or_default(),
            // The documentation names the second, Alibaba's samples and local tools the first.
            port: ["FC_SERVER_PORT", "FC_CUSTOM_LISTEN_PORT"]
                .into_iter()
                .find_map(|name| variable(name)?.parse().ok())
                .unwrap_or(defaults.port),
            http_event: http_event(&variable).unwrap_or(None).unwrap_or(defaults.http_event),
            shutdown_grace: shutdown_grace(&variable).unwrap_or(None).unwrap_or(defaults.shutdown_grace),
            ..defaults
        }
    }
}

fn http_event(variable: impl Fn(&str) -> Option<String>) -> Result<Option<HttpEventForm>, Error> {
    let form = variable(HTTP_EVENT).map(|text| text.parse()).transpose();
    form.map_err(|error| format!("{HTTP_EVENT}: {error}").into())
}

fn shutdown_grace(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Duration>, Error> {
    let seconds = |text: String| {
        let grace = text.trim().parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        grace.ok_or_else(|| format!("{SHUTDOWN_GRACE}: {text:?} is not a number of seconds").into())
    };
    variable(SHUTDOWN_GRACE).map(seconds).transpose()
}

/// Whether the variables can be read that a function's configuration sets.
///
/// # Errors
///
/// The first that cannot.
pub(crate) fn check() -> Result<(), Error> {
    check_variables(variable)
}

fn check_variables(variable: impl Fn(&str) -> Option<String>) -> Result<(), Error> {
    http_event(&variable)?;
    shutdown_grace(&variable)?;
    Ok(())
}

impl Credentials {
    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some(Self {
            access_key_id: variable("ALIBABA_CLOUD_ACCESS_KEY_ID")?,
            access_key_secret: variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET")?,
            security_token: variable("ALIBABA_CLOUD_SECURITY_TOKEN"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(variables: &[(&str, &str)]) -> Options {
        Options::from_variables(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        let options = options(&[]);
        assert_eq!(options.port, 9000);
        assert_eq!(options.environment_credentials, None);
        assert_eq!(options.config, Config { version: "LATEST".into(), ..Config::default() });
    }

    #[test]
    fn the_port_is_the_servers_then_the_documented_then_9000() {
        let documented = ("FC_CUSTOM_LISTEN_PORT", "8080");
        assert_eq!(options(&[documented]).port, 8080);
        assert_eq!(options(&[documented, ("FC_SERVER_PORT", "7070")]).port, 7070);
        assert_eq!(options(&[documented, ("FC_SERVER_PORT", "none")]).port, 8080);
        assert_eq!(options(&[("FC_SERVER_PORT", "70000")]).port, 9000);
    }

    #[test]
    fn what_a_function_configures_is_read_and_what_cannot_be_read_is_named() {
        let set = options(&[(HTTP_EVENT, "2.0"), (SHUTDOWN_GRACE, "0.5")]);
        assert_eq!((set.http_event, set.shutdown_grace), (HttpEventForm::Lambda2, Duration::from_millis(500)));
        let unset = options(&[]);
        assert_eq!((unset.http_event, unset.shutdown_grace), (HttpEventForm::FunctionCompute, Duration::from_secs(10)));
        for (name, value) in [(HTTP_EVENT, "lambda"), (SHUTDOWN_GRACE, "soon"), (SHUTDOWN_GRACE, "-1")] {
            let refused = check_variables(|asked| (asked == name).then(|| value.to_owned())).unwrap_err().to_string();
            assert!(refused.contains(name) && refused.contains(value), "{refused}");
        }
    }

    #[test]
    fn configuration_and_credentials_come_from_their_variables() {
        let options = options(&[
            ("FC_FUNCTION_NAME", "verify"),
            ("FC_FUNCTION_MEMORY_SIZE", "512"),
            ("FC_VER_ID", "3"),
            ("FC_INSTANCE_ID", "c-1"),
            ("FC_REGION", "cn-hangzhou"),
            ("FC_ACCOUNT_ID", "1234"),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "id"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret"),
        ]);
        assert_eq!(options.config.function_name, "verify");
        assert_eq!((options.config.memory, options.config.version.as_str()), (512, "3"));
        assert_eq!(options.config.log_stream, "c-1");
        assert_eq!((options.region.as_str(), options.account_id.as_str()), ("cn-hangzhou", "1234"));
        let credentials = options.environment_credentials.clone().unwrap();
        assert_eq!((credentials.access_key_id.as_str(), credentials.security_token), ("id", None));
        assert!(!format!("{options:?}").contains("secret\""), "secrets stay out of logs");
    }
}
