//! The profiles of the aliyun CLI (`~/.aliyun/config.json`), and the environment's variables, as the source of keys that they
//! describe. Nothing is fetched here.
//!
//! The fields and their names are those of the aliyun CLI (its `config/profile.go` and docs/en/configuration.md, version 3.5); the
//! order in which the environment is asked is that of Alibaba Cloud's SDKs (credentials-go, `providers/default.go`).

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use openapi::Credentials;
use serde::Deserialize;

use super::command;
use super::origin::Origin;
use super::source::{AssumedRole, CloudSso, Kind, Oidc, Source};
use crate::environment::Environment;
use crate::output::CliError;

/// `config.json`, as far as it matters here. It holds keys, so it has no `Debug`.
#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    current: String,
    #[serde(default)]
    profiles: Vec<Profile>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Profile {
    name: String,
    mode: String,
    access_key_id: String,
    access_key_secret: String,
    sts_token: String,
    sts_region: String,
    ram_role_name: String,
    ram_role_arn: String,
    ram_session_name: String,
    external_id: String,
    source_profile: String,
    expired_seconds: u32,
    process_command: String,
    credentials_uri: String,
    oidc_provider_arn: String,
    oidc_token_file: String,
    cloud_sso_sign_in_url: String,
    cloud_sso_account_id: String,
    cloud_sso_access_config: String,
    access_token: String,
    cloud_sso_access_token_expire: i64,
    sts_expiration: i64,
}

/// How the aliyun CLI spells the modes that are read here.
const MODES: [&str; 9] = [
    "AK",
    "StsToken",
    "RamRoleArn",
    "EcsRamRole",
    "OIDC",
    "CredentialsURI",
    "External",
    "ChainableRamRoleArn",
    "CloudSSO",
];

/// Sessions are asked for this long, unless the profile says otherwise: every role allows it.
const SESSION_SECONDS: u32 = 3600;
/// What STS accepts.
const SHORTEST_SESSION: u32 = 900;
/// The name of a session whose profile names none.
const SESSION_NAME: &str = "albridge";

/// The environment's key or OIDC token, unless a profile is asked for by name; else the profile's; else what the environment
/// says of a metadata service or a URI.
pub(super) fn find(environment: &Environment, profile: Option<&str>) -> Result<Source, CliError> {
    let variable = |name: &str| environment.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let from_environment = |kind: Kind| Ok(Source { origin: Origin::Environment, kind });
    if profile.is_none() {
        if let (Some(id), Some(secret)) =
            (variable("ALIBABA_CLOUD_ACCESS_KEY_ID"), variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET"))
        {
            let token = variable("ALIBABA_CLOUD_SECURITY_TOKEN");
            return from_environment(Kind::Fixed(Credentials {
                access_key_id: id,
                access_key_secret: secret,
                security_token: token,
            }));
        }
        if let (Some(provider), Some(file), Some(role)) = (
            variable("ALIBABA_CLOUD_OIDC_PROVIDER_ARN"),
            variable("ALIBABA_CLOUD_OIDC_TOKEN_FILE"),
            variable("ALIBABA_CLOUD_ROLE_ARN"),
        ) {
            return from_environment(Kind::Oidc(Oidc {
                provider,
                token_file: PathBuf::from(file),
                role,
                session: variable("ALIBABA_CLOUD_ROLE_SESSION_NAME").unwrap_or_else(|| SESSION_NAME.to_owned()),
                seconds: SESSION_SECONDS,
                region: variable("ALIBABA_CLOUD_STS_REGION").unwrap_or_default(),
            }));
        }
    }
    let wanted = profile.map(str::to_owned).or_else(|| variable("ALIBABA_CLOUD_PROFILE"));
    if let Some(home) = variable("HOME").or_else(|| variable("USERPROFILE")) {
        let path = Path::new(&home).join(".aliyun").join("config.json");
        match std::fs::read_to_string(&path) {
            Ok(text) => return read(&text, &path.display().to_string(), wanted.as_deref()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(CliError::Usage(format!("{} cannot be read: {error}.", path.display()))),
        }
    }
    if let Some(wanted) = wanted {
        return Err(CliError::Usage(format!(
            "There is no profile {wanted}, because there is no ~/.aliyun/config.json: run `aliyun configure --profile \
             {wanted}`."
        )));
    }
    if let Some(role) = variable("ALIBABA_CLOUD_ECS_METADATA") {
        return from_environment(Kind::Instance { role: Some(role) });
    }
    if let Some(uri) = variable("ALIBABA_CLOUD_CREDENTIALS_URI") {
        return from_environment(Kind::Uri(uri));
    }
    Err(CliError::Usage(
        "There is no access key: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run `aliyun \
         configure`."
            .to_owned(),
    ))
}

/// The source that a profile of a configuration describes: the one asked for, else the current one.
pub(super) fn read(text: &str, name: &str, wanted: Option<&str>) -> Result<Source, CliError> {
    let config: Config = serde_json::from_str(text)
        // The parser's own words quote the text, and the text holds keys.
        .map_err(|error| {
            let (line, column) = (error.line(), error.column());
            CliError::Usage(format!(
                "{name} is no configuration of the aliyun CLI: line {line}, column {column} is not as it should be. Run \
                 `aliyun configure`."
            ))
        })?;
    let wanted = wanted.unwrap_or(if config.current.is_empty() { "default" } else { &config.current });
    Reading { file: name, profiles: &config.profiles, passed: Vec::new() }.source(wanted)
}

/// The profiles of a file, and those that led to the one that is read.
struct Reading<'a> {
    file: &'a str,
    profiles: &'a [Profile],
    passed: Vec<&'a str>,
}

impl<'a> Reading<'a> {
    fn source(mut self, wanted: &str) -> Result<Source, CliError> {
        let Some(profile) = self.profiles.iter().find(|profile| profile.name == wanted) else {
            let names: Vec<_> = self.profiles.iter().map(|profile| profile.name.as_str()).collect();
            let who = self.passed.last().map_or_else(String::new, |by| format!(", which source_profile of {by} names"));
            let file = self.file;
            return Err(CliError::Usage(format!("{file} has no profile {wanted}{who}; it has: {}.", names.join(", "))));
        };
        // The aliyun CLI does not distinguish upper and lower case here, either.
        let mode = MODES.iter().find(|mode| mode.eq_ignore_ascii_case(&profile.mode));
        let Some(mode) = mode else { return Err(self.unread(profile)) };
        let origin =
            Origin::Profile { name: profile.name.clone(), mode: (*mode).to_owned(), file: self.file.to_owned() };
        let described = Described { profile, origin };
        if self.passed.contains(&profile.name.as_str()) {
            return Err(described.origin.wrong("source_profile", "leads back to the profile itself"));
        }
        self.passed.push(&profile.name);
        let kind = match *mode {
            "ChainableRamRoleArn" => {
                let next = described.filled("source_profile", &profile.source_profile)?;
                described.role(self.source(next)?)?
            }
            mode => described.kind(mode)?,
        };
        Ok(Source { origin: described.origin, kind })
    }

    fn unread(&self, profile: &Profile) -> CliError {
        let (Profile { name, mode, .. }, file) = (profile, self.file);
        let modes = MODES.join(", ");
        CliError::Usage(if mode.is_empty() {
            format!("The profile {name} in {file} has no mode: run `aliyun configure --profile {name}`.")
        } else {
            format!(
                "The profile {name} in {file} has the mode {mode:?}, which is not read here: use one of {modes}, or put a key \
                 into ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALIBABA_CLOUD_SECURITY_TOKEN."
            )
        })
    }
}

/// A profile, and where it stands.
struct Described<'a> {
    profile: &'a Profile,
    origin: Origin,
}

impl<'a> Described<'a> {
    /// What a profile describes that needs no other one.
    fn kind(&self, mode: &str) -> Result<Kind, CliError> {
        let Self { profile, origin } = self;
        Ok(match mode {
            "AK" => Kind::Fixed(Credentials { security_token: None, ..self.key()? }),
            "StsToken" => {
                self.filled("sts_token", &profile.sts_token)?;
                Kind::Fixed(self.key()?)
            }
            "RamRoleArn" => {
                let from = Source { origin: origin.clone(), kind: Kind::Fixed(self.key()?) };
                self.role(from)?
            }
            "EcsRamRole" => {
                Kind::Instance { role: Some(profile.ram_role_name.clone()).filter(|role| !role.is_empty()) }
            }
            "OIDC" => Kind::Oidc(Oidc {
                provider: self.filled("oidc_provider_arn", &profile.oidc_provider_arn)?.to_owned(),
                token_file: PathBuf::from(self.filled("oidc_token_file", &profile.oidc_token_file)?),
                role: self.role_arn()?,
                session: self.session(),
                seconds: self.seconds()?,
                region: profile.sts_region.clone(),
            }),
            "CredentialsURI" => Kind::Uri(self.filled("credentials_uri", &profile.credentials_uri)?.to_owned()),
            "External" => {
                let text = self.filled("process_command", &profile.process_command)?;
                Kind::External(command::split(text).map_err(|why| origin.wrong("process_command", why))?)
            }
            _ => self.cloud_sso()?,
        })
    }

    fn role(&self, from: Source) -> Result<Kind, CliError> {
        Ok(Kind::Role(Box::new(AssumedRole {
            from,
            arn: self.role_arn()?,
            session: self.session(),
            seconds: self.seconds()?,
            external_id: Some(self.profile.external_id.clone()).filter(|id| !id.is_empty()),
            region: self.profile.sts_region.clone(),
        })))
    }

    fn cloud_sso(&self) -> Result<Kind, CliError> {
        let profile = self.profile;
        let expires = |seconds: i64| Timestamp::from_second(seconds).ok().filter(|_| seconds > 0);
        let held = if profile.sts_token.is_empty() { None } else { Some(self.key()?) };
        Ok(Kind::CloudSso(CloudSso {
            url: self.filled("cloud_sso_sign_in_url", &profile.cloud_sso_sign_in_url)?.to_owned(),
            account: self.filled("cloud_sso_account_id", &profile.cloud_sso_account_id)?.to_owned(),
            configuration: self.filled("cloud_sso_access_config", &profile.cloud_sso_access_config)?.to_owned(),
            token: profile.access_token.clone(),
            token_expires: expires(profile.cloud_sso_access_token_expire),
            held: held.zip(expires(profile.sts_expiration)),
        }))
    }

    fn key(&self) -> Result<Credentials, CliError> {
        let profile = self.profile;
        Ok(Credentials {
            access_key_id: self.filled("access_key_id", &profile.access_key_id)?.to_owned(),
            access_key_secret: self.filled("access_key_secret", &profile.access_key_secret)?.to_owned(),
            security_token: Some(profile.sts_token.clone()).filter(|token| !token.is_empty()),
        })
    }

    fn role_arn(&self) -> Result<String, CliError> {
        let arn = self.filled("ram_role_arn", &self.profile.ram_role_arn)?;
        if arn.starts_with("acs:ram::") && arn.contains(":role/") {
            return Ok(arn.to_owned());
        }
        Err(self.origin.wrong("ram_role_arn", "is no ARN of a role (acs:ram::<account>:role/<name>)"))
    }

    fn seconds(&self) -> Result<u32, CliError> {
        match self.profile.expired_seconds {
            0 => Ok(SESSION_SECONDS),
            SHORTEST_SESSION.. => Ok(self.profile.expired_seconds),
            _ => Err(self.origin.wrong("expired_seconds", "is below 900, the shortest session there is")),
        }
    }

    fn session(&self) -> String {
        let name = &self.profile.ram_session_name;
        if name.is_empty() { SESSION_NAME.to_owned() } else { name.clone() }
    }

    fn filled(&self, field: &str, value: &'a str) -> Result<&'a str, CliError> {
        if value.is_empty() { Err(self.origin.wrong(field, "is empty")) } else { Ok(value) }
    }
}
