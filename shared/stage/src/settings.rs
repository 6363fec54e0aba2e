//! The settings of a deployment, parsed from strings before any I/O.
//!
//! The names are environment variables, but nothing here reads the environment: `main` passes a map.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use onboarding::Deployment;
use onboarding::ids::{Region, VpcId};
use openapi::{Endpoints, EndpointsError, PlainHttp, Signature};

/// The location of the bindings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// An object in Object Storage Service: `oss://bucket.region/key`.
    Object {
        /// The bucket.
        bucket: String,
        /// The bucket's region.
        region: Region,
        /// The object's key.
        key: String,
        /// Whether it is read by the region's internal endpoint, which machines and functions of that region alone reach:
        /// `oss://bucket.region-internal/key`.
        internal: bool,
    },
    /// Nowhere here: the function hands what it gets to `dispatch` of the home region, which has the store. `home:`.
    AtHome,
    /// A local file.
    File(PathBuf),
}

/// The store of a function that has none.
const AT_HOME: &str = "home:";
/// What follows the region where its internal endpoint is meant, as in the endpoint's own name.
const INTERNAL: &str = "-internal";

impl StoreLocation {
    /// Parses `oss://bucket.region/key`, `oss://bucket.region-internal/key`, `home:`, or a path.
    ///
    /// # Errors
    /// [`SettingsError`] if the text is empty, or starts with `oss://` and is not of that form.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let malformed = || SettingsError::Invalid {
            name: BINDINGS,
            value: text.to_owned(),
            expected: "oss://bucket.region/key, or a file's path",
        };
        let Some(rest) = text.strip_prefix("oss://") else {
            return match text {
                "" => Err(malformed()),
                AT_HOME => Ok(Self::AtHome),
                path => Ok(Self::File(PathBuf::from(path))),
            };
        };
        let (host, key) = rest.split_once('/').ok_or_else(malformed)?;
        // A bucket name contains no dots, so the first dot ends it.
        let (bucket, region) = host.split_once('.').ok_or_else(malformed)?;
        let (region, internal) = region.strip_suffix(INTERNAL).map_or((region, false), |region| (region, true));
        if bucket.is_empty() || region.is_empty() || key.is_empty() {
            return Err(malformed());
        }
        Ok(Self::Object { bucket: bucket.to_owned(), region: region.into(), key: key.to_owned(), internal })
    }
}

impl std::fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Object { bucket, region, key, internal } => {
                write!(f, "oss://{bucket}.{region}{}/{key}", if *internal { INTERNAL } else { "" })
            }
            Self::AtHome => f.write_str(AT_HOME),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The settings of a deployment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The deployment whose ownership tags count as ours. `ALBRIDGE_DEPLOYMENT`, default `albridge`.
    pub deployment: Deployment,
    /// The location of the bindings. `ALBRIDGE_BINDINGS`.
    pub store: StoreLocation,
    /// The kill switch. `ALBRIDGE_READ_ONLY`: `1` or `true`.
    pub read_only: bool,
    /// The endpoints of the APIs. `ALBRIDGE_ENDPOINTS`, default the official endpoints. Plain http is accepted only for
    /// loopback hosts, unless `ALBRIDGE_ALLOW_HTTP` is `1`; the same applies to `ALBRIDGE_RESOLVE`.
    pub endpoints: Endpoints,
    /// How requests are signed. `ALBRIDGE_SIGNATURE`: `acs3` (default) or `rpc`.
    pub signature: Signature,
    /// The workflow's name. `ALBRIDGE_FLOW`, default the deployment's name.
    pub flow: String,
    /// The region of the workflow and the functions. `ALBRIDGE_HOME_REGION`; code that needs it reports it if it is
    /// missing.
    pub home_region: Option<Region>,
    /// The length of a window of `dispatch` in seconds: the flow's Wait minus 2. `ALBRIDGE_WINDOW`, default 10.
    pub window_seconds: u32,
    /// The accounts whose events count: the deployment's own, and those whose roles the stack lets it assume.
    /// `ALBRIDGE_ACCOUNTS`, account ids and ARNs of roles, comma-separated; `None` if it is not set.
    pub accounts: Option<BTreeSet<String>>,
    /// ALB regions that have a probe: this deployment's `verify` function inside the ALB's VPC. `ALBRIDGE_PROBES`,
    /// comma-separated.
    pub probes: BTreeSet<Region>,
    /// The VPC of this function itself. `ALBRIDGE_PROBE_VPC`.
    pub probe_vpc: Option<VpcId>,
    /// Where the probe sends its request for a host name, instead of resolving the name by DNS. `ALBRIDGE_RESOLVE`, a JSON
    /// object from host to base URL. Needed only where no name server knows the ALB, as on the emulator.
    pub resolve: BTreeMap<String, String>,
    /// The part of the function's time that a stage reserves for its answer. `ALBRIDGE_MARGIN`, in seconds, default 5.
    pub margin: Duration,
}

/// A setting that cannot be used. The caller exits with code 64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// It is required and not set.
    #[error("{name} is not set: expected {expected}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// Requests would go to another machine in clear text.
    #[error(
        "{name} has plain http to another machine for {key:?}, {url:?}, where anybody on the way reads what is sent: expected \
         https, or http to 127.0.0.1, ::1 or localhost; ALBRIDGE_ALLOW_HTTP=1 allows it"
    )]
    Insecure {
        /// The variable.
        name: &'static str,
        /// The key of the URL: an API endpoint or a host name.
        key: String,
        /// The URL.
        url: String,
    },
    /// Its value is invalid.
    #[error("{name} is {value:?}: expected {expected}")]
    Invalid {
        /// Its value.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        expected: &'static str,
    },
}

const DEPLOYMENT: &str = "ALBRIDGE_DEPLOYMENT";
const BINDINGS: &str = "ALBRIDGE_BINDINGS";
const READ_ONLY: &str = "ALBRIDGE_READ_ONLY";
const ENDPOINTS: &str = "ALBRIDGE_ENDPOINTS";
const ALLOW_HTTP: &str = "ALBRIDGE_ALLOW_HTTP";
const SIGNATURE: &str = "ALBRIDGE_SIGNATURE";
const FLOW: &str = "ALBRIDGE_FLOW";
const HOME_REGION: &str = "ALBRIDGE_HOME_REGION";
const WINDOW: &str = "ALBRIDGE_WINDOW";
const ACCOUNTS: &str = "ALBRIDGE_ACCOUNTS";
const PROBES: &str = "ALBRIDGE_PROBES";
const PROBE_VPC: &str = "ALBRIDGE_PROBE_VPC";
const RESOLVE: &str = "ALBRIDGE_RESOLVE";
const MARGIN: &str = "ALBRIDGE_MARGIN";

/// An empty value counts as not set, because ROS and FC set variables to empty strings.
struct Vars<'a>(&'a BTreeMap<String, String>);

impl Vars<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The items of a comma-separated list.
    fn items(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).unwrap_or_default().split(',').map(str::trim).filter(|item| !item.is_empty())
    }

    fn number(
        &self,
        name: &'static str,
        default: u32,
        range: (u32, u32),
        expected: &'static str,
    ) -> Result<u32, SettingsError> {
        let Some(text) = self.get(name) else { return Ok(default) };
        match text.parse() {
            Ok(number) if (range.0..=range.1).contains(&number) => Ok(number),
            _ => Err(SettingsError::Invalid { name, value: text.to_owned(), expected }),
        }
    }
}

impl Settings {
    /// Parses the settings.
    ///
    /// # Errors
    /// [`SettingsError`] for the first one that is missing or malformed.
    pub fn parse(vars: &BTreeMap<String, String>) -> Result<Self, SettingsError> {
        let vars = Vars(vars);
        let invalid = |name, value: &str, expected| SettingsError::Invalid { name, value: value.to_owned(), expected };

        let deployment = vars.get(DEPLOYMENT).unwrap_or("albridge");
        if !is_name(deployment) {
            return Err(invalid(DEPLOYMENT, deployment, "1 to 32 letters, digits and hyphens"));
        }
        // Tag values start with it, and the cloud reserves values that start with its own name (the text of Tag.N.Value).
        if deployment.to_ascii_lowercase().starts_with("aliyun") {
            return Err(invalid(DEPLOYMENT, deployment, "a name that does not begin with aliyun"));
        }
        let expected = "oss://bucket.region/key, or a file's path";
        let store = vars.get(BINDINGS).ok_or(SettingsError::Missing { name: BINDINGS, expected })?;
        let read_only = match vars.get(READ_ONLY) {
            None | Some("0" | "false") => false,
            Some("1" | "true") => true,
            // A typing error must not turn off a switch that is meant to stop writes.
            Some(other) => return Err(invalid(READ_ONLY, other, "1 or 0")),
        };
        let signature = match vars.get(SIGNATURE) {
            None | Some("acs3") => Signature::Acs3,
            Some("rpc") => Signature::RpcSha1,
            Some(other) => return Err(invalid(SIGNATURE, other, "acs3 or rpc")),
        };
        let plain = match vars.get(ALLOW_HTTP) {
            None | Some("0" | "false") => PlainHttp::Loopback,
            Some("1" | "true") => PlainHttp::Anywhere,
            Some(other) => return Err(invalid(ALLOW_HTTP, other, "1 or 0")),
        };
        let endpoints = match vars.get(ENDPOINTS) {
            None => Endpoints::default(),
            Some(text) => Endpoints::parse_with(text, plain).map_err(|error| match error {
                EndpointsError::Insecure { key, url } => SettingsError::Insecure { name: ENDPOINTS, key, url },
                EndpointsError::Json(_) | EndpointsError::Url { .. } => {
                    invalid(ENDPOINTS, text, "a JSON object from region, service or * to base URL")
                }
            })?,
        };
        let account = |item: &str| {
            account(item).map(str::to_owned).ok_or_else(|| invalid(ACCOUNTS, item, "account ids, or ARNs of roles"))
        };
        let accounts = vars.items(ACCOUNTS).map(account).collect::<Result<BTreeSet<_>, _>>()?;
        let probes = vars.items(PROBES).map(Region::from).collect();
        let resolve: BTreeMap<String, String> = match vars.get(RESOLVE) {
            None => BTreeMap::new(),
            Some(text) => serde_json::from_str(text)
                .map_err(|_| invalid(RESOLVE, text, "a JSON object from host name to base URL"))?,
        };
        for (key, url) in &resolve {
            match plain.allows(url) {
                Some(true) => {}
                Some(false) => {
                    return Err(SettingsError::Insecure { name: RESOLVE, key: key.clone(), url: url.clone() });
                }
                None => return Err(invalid(RESOLVE, url, "a JSON object from host name to base URL")),
            }
        }
        let margin = vars.number(MARGIN, 5, (1, 60), "1 to 60 seconds")?;
        Ok(Self {
            deployment: Deployment::new(deployment),
            store: StoreLocation::parse(store)?,
            read_only,
            endpoints,
            signature,
            flow: vars.get(FLOW).unwrap_or(deployment).to_owned(),
            home_region: vars.get(HOME_REGION).map(Region::from),
            window_seconds: vars.number(WINDOW, 10, (1, 298), "1 to 298 seconds: the flow's Wait less 2")?,
            accounts: (!accounts.is_empty()).then_some(accounts),
            probes,
            probe_vpc: vars.get(PROBE_VPC).map(VpcId::from),
            resolve,
            margin: Duration::from_secs(margin.into()),
        })
    }
}

/// The account of an item: its id, or that of a role, `acs:ram::<account>:role/<name>`.
fn account(item: &str) -> Option<&str> {
    let account = item.strip_prefix("acs:ram::").map_or(Some(item), |role| Some(role.split_once(":role/")?.0))?;
    (!account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}

fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(vars: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::parse(&vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn the_store_is_all_that_must_be_set() {
        let settings = parse(&[(BINDINGS, "bindings.yml")]).unwrap();
        assert_eq!(settings.store, StoreLocation::File("bindings.yml".into()));
        assert_eq!(settings.deployment.as_str(), "albridge");
        assert_eq!(settings.flow, "albridge");
        assert_eq!(settings.window_seconds, 10);
        assert!(!settings.read_only);
        assert!(matches!(parse(&[]), Err(SettingsError::Missing { name: BINDINGS, .. })));
    }

    #[test]
    fn an_object_is_named_by_bucket_region_and_key() {
        let store = StoreLocation::parse("oss://my-bucket.cn-hangzhou/prod/bindings.yml").unwrap();
        let expected = StoreLocation::Object {
            bucket: "my-bucket".to_owned(),
            region: "cn-hangzhou".into(),
            key: "prod/bindings.yml".to_owned(),
            internal: false,
        };
        assert_eq!(store, expected);
        assert_eq!(store.to_string(), "oss://my-bucket.cn-hangzhou/prod/bindings.yml");
        let inside = StoreLocation::parse("oss://my-bucket.cn-hangzhou-internal/prod/bindings.yml").unwrap();
        let StoreLocation::Object { region, internal: true, .. } = &inside else { panic!("{inside:?}") };
        assert_eq!(region.as_str(), "cn-hangzhou");
        assert_eq!(inside.to_string(), "oss://my-bucket.cn-hangzhou-internal/prod/bindings.yml");
        let home = StoreLocation::parse("home:").unwrap();
        assert_eq!((&home, home.to_string().as_str()), (&StoreLocation::AtHome, "home:"));
        for bad in [
            "oss://bucket.-internal/key",
            "oss://",
            "oss://bucket/key",
            "oss://bucket.cn-x",
            "oss://bucket.cn-x/",
            "oss://.cn-x/key",
            "",
        ] {
            assert!(StoreLocation::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_name() {
        for (name, value) in [
            (DEPLOYMENT, "a/b"),
            (READ_ONLY, "yes"),
            (SIGNATURE, "v9"),
            (ENDPOINTS, "not json"),
            (WINDOW, "0"),
            (RESOLVE, "[]"),
            (ACCOUNTS, "1234, guest"),
            (ACCOUNTS, "acs:ram::*:role/guest"),
            (MARGIN, "-1"),
        ] {
            let error = parse(&[(BINDINGS, "b.yml"), (name, value)]).unwrap_err();
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }

    #[test]
    fn accounts_are_ids_and_those_of_roles() {
        let accounts = |value| parse(&[(BINDINGS, "b.yml"), (ACCOUNTS, value)]).unwrap().accounts;
        assert_eq!(accounts("1234, acs:ram::5678:role/guest,"), Some(["1234", "5678"].map(str::to_owned).into()));
        assert_eq!(accounts("1234,"), Some(["1234".to_owned()].into()));
        assert_eq!(accounts(" "), None);
    }

    #[test]
    fn plain_http_to_another_machine_has_to_be_allowed() {
        let elsewhere = r#"{"cbn": "http://10.0.0.1:80"}"#;
        for name in [ENDPOINTS, RESOLVE] {
            let error = parse(&[(BINDINGS, "b.yml"), (name, elsewhere)]).unwrap_err();
            let expected = SettingsError::Insecure { name, key: "cbn".into(), url: "http://10.0.0.1:80".into() };
            assert_eq!(error, expected);
            assert!(error.to_string().starts_with(name) && error.to_string().contains(ALLOW_HTTP), "{error}");
            assert!(parse(&[(BINDINGS, "b.yml"), (name, elsewhere), (ALLOW_HTTP, "1")]).is_ok());
            assert!(parse(&[(BINDINGS, "b.yml"), (name, r#"{"cbn": "http://127.0.0.1:80"}"#)]).is_ok());
        }
        assert!(parse(&[(BINDINGS, "b.yml"), (ALLOW_HTTP, "please")]).is_err());
    }

    #[test]
    fn an_empty_value_is_not_set() {
        let settings = parse(&[(BINDINGS, "b.yml"), (ENDPOINTS, ""), (READ_ONLY, " ")]).unwrap();
        assert!(!settings.read_only);
    }
}
