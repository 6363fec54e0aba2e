//! The deployment that a command works on: settings from options and environment, the bindings, and the host.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deployment::deploy::Saved;
use onboarding::Store;
use onboarding::ids::BindingName;
use openapi::{HttpTransport, HttpTransportError, Network, PlainHttp, Transport};
use stage::{Host, Settings, SettingsError, StageError, StoreLocation};

use crate::args::Target;
use crate::cloud_clock;
use crate::credentials::{self, Keys};
use crate::environment::Environment;
use crate::output::CliError;

/// Whether a command may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Its client refuses every write, whatever else goes wrong.
    Read,
    /// As the environment says.
    Write,
}

/// A host that calls the cloud over HTTPS, on real time; on the time of an emulated cloud, if `ALBRIDGE_ENDPOINTS` are one's.
pub(crate) async fn host(target: &Target, environment: &Environment, access: Access) -> Result<Host, CliError> {
    host_through(target, environment, access, |way| way).await
}

/// The same, with something between it and the cloud.
pub(crate) async fn host_through(
    target: &Target,
    environment: &Environment,
    access: Access,
    between: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>,
) -> Result<Host, CliError> {
    let settings = settings(target, environment, access)?;
    let found = credentials::find(environment, target.profile.as_deref())?;
    let (transport, clock) = match &environment.transport {
        Some(transport) => transport.clone(),
        None => {
            let transport = transport(environment)?;
            let clock = cloud_clock::clock(environment, &transport).await;
            (Arc::new(transport) as Arc<dyn Transport>, clock)
        }
    };
    let (renewed, asked) = (
        found.is_renewed(),
        credentials::Cloud {
            transport: Arc::clone(&transport),
            clock: clock.clone(),
            endpoints: settings.endpoints.clone(),
            signature: settings.signature,
            plain: plain_http(target.allow_http),
        },
    );
    let keys = Keys::new(found, asked);
    // Fetched here, so that a profile without a key is one error and not one of every call.
    let host = Host::new(settings, between(transport), clock, keys.present().await?);
    if !renewed {
        return Ok(host);
    }
    let client = host.client().renewing(Arc::new(keys));
    Ok(host.with_client(client))
}

/// Where plain http may go.
pub(crate) const fn plain_http(allowed: bool) -> PlainHttp {
    if allowed { PlainHttp::Anywhere } else { PlainHttp::Loopback }
}

/// The network as the environment says: its proxy for https, and an extra file of certificates to trust.
pub(crate) fn transport(environment: &Environment) -> Result<HttpTransport, CliError> {
    let variable = |names: &[&str]| {
        names.iter().find_map(|name| environment.get(name).filter(|value| !value.is_empty())).map(str::to_owned)
    };
    let wrong = |file: &str, why: &dyn std::fmt::Display| {
        CliError::Usage(format!(
            "ALBRIDGE_CA_FILE, {file}, {why}: name a PEM file with the certificates to trust beside those of the web."
        ))
    };
    let mut network = Network {
        proxy: variable(&["HTTPS_PROXY", "https_proxy"]),
        no_proxy: variable(&["NO_PROXY", "no_proxy"]).unwrap_or_default(),
        roots: Vec::new(),
    };
    let file = variable(&["ALBRIDGE_CA_FILE"]).unwrap_or_default();
    if !file.is_empty() {
        let pem = std::fs::read(&file).map_err(|error| wrong(&file, &format!("cannot be read ({error})")))?;
        network.roots = openapi::certificates(&pem).map_err(|why| wrong(&file, &why))?;
    }
    HttpTransport::over(network).map_err(|error| match error {
        HttpTransportError::Proxy => CliError::Usage(
            "HTTPS_PROXY is no http or https URL: set it to one (http://proxy.example.com:3128), or unset it."
                .to_owned(),
        ),
        HttpTransportError::Tls(error) => wrong(&file, &format!("holds a certificate that cannot be used ({error})")),
        HttpTransportError::Client(error) => CliError::Failed(format!("The HTTP client cannot be built: {error}.")),
    })
}

/// The bindings where none are named.
pub(crate) const BINDINGS: &str = "bindings.yml";

/// [`BINDINGS`] of the working directory, if there is such a file and the environment names no other.
pub(crate) fn file_here(environment: &Environment) -> Option<String> {
    let is_named = environment.get("ALBRIDGE_BINDINGS").is_some_and(|value| !value.trim().is_empty());
    (!is_named && Path::new(BINDINGS).is_file()).then(|| BINDINGS.to_owned())
}

fn settings(target: &Target, environment: &Environment, access: Access) -> Result<Settings, CliError> {
    let mut variables = environment.variables.clone();
    let options = [
        ("ALBRIDGE_BINDINGS", "--bindings", &target.bindings),
        ("ALBRIDGE_DEPLOYMENT", "--deployment", &target.deployment),
        ("ALBRIDGE_HOME_REGION", "--home", &target.home),
    ];
    for (name, _, value) in options {
        variables.extend(value.clone().map(|value| (name.to_owned(), value)));
    }
    if let Some(file) = file_here(environment).filter(|_| target.bindings.is_none()) {
        variables.insert("ALBRIDGE_BINDINGS".to_owned(), file);
    }
    // An error names what was written, the option or the variable.
    let written = |name: &'static str| {
        let option = options.iter().find(|(variable, _, value)| *variable == name && value.is_some());
        option.map_or(name, |(_, option, _)| option)
    };
    if target.allow_http {
        variables.insert("ALBRIDGE_ALLOW_HTTP".to_owned(), "1".to_owned());
    }
    let mut settings = Settings::parse(&variables).map_err(|error| match error {
        SettingsError::Missing { name: "ALBRIDGE_BINDINGS", .. } => CliError::Usage(format!(
            "No bindings are named, and there is no {BINDINGS} here: give --bindings FILE, or set ALBRIDGE_BINDINGS."
        )),
        SettingsError::Invalid { name, value, expected } => {
            let error = SettingsError::Invalid { name: written(name), value, expected };
            CliError::Usage(format!("{error}."))
        }
        other => CliError::Usage(format!("{other}.")),
    })?;
    settings.read_only |= access == Access::Read;
    // A local file belongs to the command line: its errors are reported before any call.
    if let StoreLocation::File(path) = &settings.store {
        let name = path.display().to_string();
        let text = stage::store::read_file(path)
            .map_err(|error| CliError::Usage(format!("The bindings {name} cannot be read: {error}.")))?;
        Store::parse(&text, &name).map_err(|error| CliError::Usage(error.to_string()))?;
        if settings.home_region.is_none() {
            settings.home_region = kept_beside(path, settings.deployment.as_str()).home;
        }
    }
    Ok(settings)
}

/// What `deploy` has kept beside the bindings. A file that holds nothing of it is its error, and no other command's.
fn kept_beside(bindings: &Path, deployment: &str) -> Saved {
    let file = saved_beside(bindings, deployment);
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    Saved::parse(&text, &file.display().to_string()).unwrap_or_default()
}

/// The file in which `deploy` keeps what was asked for.
pub(crate) fn saved_beside(bindings: &Path, deployment: &str) -> PathBuf {
    bindings.parent().unwrap_or(Path::new("")).join(format!("{deployment}.json"))
}

/// The store, read as the functions read it.
pub(crate) async fn store(host: &Host) -> Result<Store, CliError> {
    stage::store::load(host, host.client()).await.map_err(|failure| failed(&failure))
}

/// That a store has no bindings: which one was read, and what to do.
pub(crate) fn nothing_bound(host: &Host) -> String {
    format!(
        "{} has no bindings: add one to its list `bindings` (`albridge schema` tells what one looks like), or name another file or object with \
         --bindings or ALBRIDGE_BINDINGS.",
        host.settings().store
    )
}

/// The binding asked for, or all of them; that may be none.
pub(crate) fn bindings(host: &Host, store: &Store, wanted: Option<&str>) -> Result<Vec<BindingName>, CliError> {
    let names: Vec<BindingName> = store.bindings.iter().map(|binding| binding.name.clone()).collect();
    let Some(wanted) = wanted else { return Ok(names) };
    if names.is_empty() {
        return Err(CliError::Usage(nothing_bound(host)));
    }
    if names.iter().any(|name| name.as_str() == wanted) {
        return Ok(vec![wanted.into()]);
    }
    let names: Vec<_> = names.iter().map(BindingName::as_str).collect();
    let from = &host.settings().store;
    Err(CliError::Usage(format!("{from} has no binding {wanted}; it has: {}.", names.join(", "))))
}

/// The same for a command that is about at least one binding.
pub(crate) fn some_bindings(host: &Host, store: &Store, wanted: Option<&str>) -> Result<Vec<BindingName>, CliError> {
    let names = bindings(host, store, wanted)?;
    if names.is_empty() { Err(CliError::Usage(nothing_bound(host))) } else { Ok(names) }
}

/// The one binding asked for, or the store's only one.
pub(crate) fn binding(host: &Host, store: &Store, wanted: Option<&str>) -> Result<BindingName, CliError> {
    let mut names = some_bindings(host, store, wanted)?;
    match (names.pop(), names.is_empty()) {
        (Some(name), true) => Ok(name),
        (None, _) => Err(CliError::Usage(nothing_bound(host))),
        (Some(last), false) => {
            let names: Vec<_> = names.iter().chain([&last]).map(BindingName::as_str).collect();
            Err(CliError::Usage(format!("Which binding? The store has: {}.", names.join(", "))))
        }
    }
}

/// The error of a stage or a reading.
pub(crate) fn failed(failure: &StageError) -> CliError {
    CliError::Failed(failure.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(bindings: Option<&str>) -> Target {
        Target { bindings: bindings.map(str::to_owned), deployment: None, profile: None, home: None, allow_http: false }
    }

    #[test]
    fn without_bindings_both_ways_to_name_them_are_said() {
        let error = settings(&target(None), &Environment::default(), Access::Read).unwrap_err();
        assert_eq!(error.code(), 64);
        assert!(error.to_string().contains("--bindings"), "{error}");
    }

    #[test]
    fn plain_http_to_another_machine_takes_a_flag() {
        let oss = target(Some("oss://bucket.cn-hangzhou/bindings.yml"));
        let endpoints = r#"{"*":"http://cloud.example.com"}"#.to_owned();
        let environment = Environment::new([("ALBRIDGE_ENDPOINTS".to_owned(), endpoints)].into());
        let error = settings(&oss, &environment, Access::Read).unwrap_err();
        assert_eq!(error.code(), 64);
        assert!(error.to_string().contains("http://cloud.example.com"), "{error}");
        assert!(settings(&Target { allow_http: true, ..oss }, &environment, Access::Read).is_ok());
    }

    #[test]
    fn a_network_that_cannot_be_used_is_one_sentence_that_says_why() {
        let folder = std::env::temp_dir().join(format!("albridge-network-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).unwrap();
            folder.join(name).display().to_string()
        };
        let none = file("none.pem", "nothing");
        let broken = file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        for (name, value, words) in [
            ("HTTPS_PROXY", "ftp://me:secret@proxy", "HTTPS_PROXY is no http or https URL"),
            ("https_proxy", "not a url", "HTTPS_PROXY is no http or https URL"),
            ("ALBRIDGE_CA_FILE", "/nonexistent.pem", "ALBRIDGE_CA_FILE, /nonexistent.pem, cannot be read"),
            ("ALBRIDGE_CA_FILE", &none, "none.pem, holds no certificate: name a PEM file"),
            ("ALBRIDGE_CA_FILE", &broken, "broken.pem, holds a certificate that cannot be used"),
        ] {
            let environment = Environment::new([(name.to_owned(), value.to_owned())].into());
            let error = transport(&environment).unwrap_err();
            assert_eq!(error.code(), 64, "{error}");
            assert!(error.to_string().contains(words) && !error.to_string().contains("secret"), "{error}");
        }
        let usable = [("HTTPS_PROXY", "http://127.0.0.1:3128"), ("NO_PROXY", "localhost,10.0.0.0/8")];
        let usable = usable.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert!(transport(&Environment::new(usable.into())).is_ok());
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_reading_command_may_not_write() {
        let oss = target(Some("oss://bucket.cn-hangzhou/bindings.yml"));
        assert!(settings(&oss, &Environment::default(), Access::Read).unwrap().read_only);
        assert!(!settings(&oss, &Environment::default(), Access::Write).unwrap().read_only);
    }

    #[test]
    fn what_is_wrong_is_named_as_it_was_written() {
        let (bad, oss) = ("oss://bad", Some("oss://bucket.cn-hangzhou/bindings.yml"));
        let with = |name: &str, value: &str| Environment::new([(name.to_owned(), value.to_owned())].into());
        let deployment = Target { deployment: Some("a/b".to_owned()), ..target(oss) };
        for (target, environment, said) in [
            (
                target(Some(bad)),
                Environment::default(),
                "--bindings is \"oss://bad\": expected oss://bucket.region/key",
            ),
            (target(Some(bad)), with("ALBRIDGE_BINDINGS", "other.yml"), "--bindings is \"oss://bad\""),
            (target(None), with("ALBRIDGE_BINDINGS", bad), "ALBRIDGE_BINDINGS is \"oss://bad\""),
            (deployment, Environment::default(), "--deployment is \"a/b\""),
            (target(oss), with("ALBRIDGE_DEPLOYMENT", "a/b"), "ALBRIDGE_DEPLOYMENT is \"a/b\""),
            (target(oss), with("ALBRIDGE_READ_ONLY", "maybe"), "ALBRIDGE_READ_ONLY is \"maybe\""),
        ] {
            let error = settings(&target, &environment, Access::Read).unwrap_err();
            assert!(error.code() == 64 && error.to_string().starts_with(said), "{error}");
        }
    }
}
