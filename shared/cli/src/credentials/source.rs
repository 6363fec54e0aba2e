//! Sources of keys, and how a key is fetched from each.
//!
//! ```text
//!   Fixed        the key itself
//!   Role         from ─► STS AssumeRole (signed with the source's key); sources chain
//!   Oidc         token file ─► STS AssumeRoleWithOIDC (not signed)
//!   Instance     PUT token, GET role, GET key: the metadata service of the ECS instance
//!   Uri          GET
//!   External     a program's output
//!   CloudSso     POST with the token of the last sign-in
//! ```

use std::path::PathBuf;
use std::pin::Pin;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use openapi::{Credentials, Fault, sts};
use serde::Deserialize;
use serde_json::json;

use super::origin::Origin;
use super::web::{Cloud, shown};
use crate::output::CliError;

/// A key that expires sooner than this is fetched again: a stage has to be able to finish with it.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// Where a key comes from. It holds keys, so it has no `Debug`.
pub(super) struct Source {
    pub(super) origin: Origin,
    pub(super) kind: Kind,
}

/// How it comes.
pub(super) enum Kind {
    Fixed(Credentials),
    Role(Box<AssumedRole>),
    Oidc(Oidc),
    Instance { role: Option<String> },
    Uri(String),
    External(Vec<String>),
    CloudSso(CloudSso),
}

/// A role that is assumed with the key of another source.
pub(super) struct AssumedRole {
    pub(super) from: Source,
    pub(super) arn: String,
    pub(super) session: String,
    pub(super) seconds: u32,
    pub(super) external_id: Option<String>,
    /// Where STS is asked; its central endpoint if empty.
    pub(super) region: String,
}

/// A role that is assumed with a token of an identity provider.
pub(super) struct Oidc {
    pub(super) provider: String,
    /// The provider renews the file, so it is read each time.
    pub(super) token_file: PathBuf,
    pub(super) role: String,
    pub(super) session: String,
    pub(super) seconds: u32,
    pub(super) region: String,
}

/// A sign-in with CloudSSO, made by the aliyun CLI.
pub(super) struct CloudSso {
    pub(super) url: String,
    pub(super) account: String,
    pub(super) configuration: String,
    pub(super) token: String,
    pub(super) token_expires: Option<Timestamp>,
    /// The key that the aliyun CLI fetched last, and when it expires.
    pub(super) held: Option<(Credentials, Timestamp)>,
}

/// A key, and when it expires, if it does.
pub(super) struct Key {
    pub(super) credentials: Credentials,
    pub(super) expires: Option<Timestamp>,
}

/// The metadata service of an ECS instance (its help page "Instance metadata").
const METADATA: &str = "http://100.100.100.200";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
const METADATA_TOKEN_SECONDS: &str = "21600";
/// It is on the instance's own host: whoever has none finds out soon.
const METADATA_LIMIT: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(20);
/// A program may ask a person something.
const PROGRAM_LIMIT: Duration = Duration::from_secs(120);
/// How long a key with a token is taken to last where its source does not say: as long as the shortest session of STS.
const UNSAID: SignedDuration = SignedDuration::from_mins(15);

/// Boxed, because a source may be a role of another source.
type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Key, CliError>> + Send + 'a>>;

impl Source {
    /// Whether its key never changes.
    pub(super) const fn is_fixed(&self) -> bool {
        matches!(self.kind, Kind::Fixed(_))
    }

    /// A key.
    pub(super) fn key<'a>(&'a self, cloud: &'a Cloud) -> Fetching<'a> {
        let origin = &self.origin;
        Box::pin(async move {
            match &self.kind {
                Kind::Fixed(credentials) => Ok(Key { credentials: credentials.clone(), expires: None }),
                Kind::Role(role) => role.key(origin, cloud).await,
                Kind::Oidc(oidc) => oidc.key(origin, cloud).await,
                Kind::Instance { role } => instance(role.as_deref(), origin, cloud).await,
                Kind::Uri(uri) => from_uri(uri, origin, cloud).await,
                Kind::External(command) => external(command, origin, cloud).await,
                Kind::CloudSso(sso) => sso.key(origin, cloud).await,
            }
        })
    }
}

impl AssumedRole {
    async fn key(&self, origin: &Origin, cloud: &Cloud) -> Result<Key, CliError> {
        let from = self.from.key(cloud).await?;
        let request = sts::AssumeRole {
            role_arn: self.arn.clone(),
            role_session_name: self.session.clone(),
            external_id: self.external_id.clone(),
            duration_seconds: Some(self.seconds),
            policy: None,
        };
        let assumed = cloud.client(from.credentials).call(&self.region, &request).await;
        session(assumed.map_err(|error| refused(&self.arn, &error, origin))?.credentials, origin, cloud)
    }
}

impl Oidc {
    async fn key(&self, origin: &Origin, cloud: &Cloud) -> Result<Key, CliError> {
        let token = std::fs::read_to_string(&self.token_file).map_err(|error| {
            let (field, file) = (origin.field("oidc_token_file"), self.token_file.display());
            let why = format!("{field}, {file}, cannot be read ({error})");
            origin.failed(&why, "let the identity provider write it, or name another file")
        })?;
        let request = sts::AssumeRoleWithOidc {
            oidc_provider_arn: self.provider.clone(),
            oidc_token: token.trim().to_owned(),
            role_arn: self.role.clone(),
            role_session_name: self.session.clone(),
            duration_seconds: Some(self.seconds),
        };
        let nobody = cloud.client(Credentials::new("", ""));
        let assumed = nobody.assume_role_with_oidc(&self.region, &request).await;
        session(assumed.map_err(|error| refused(&self.role, &error, origin))?, origin, cloud)
    }
}

/// STS does not give the session of a role.
fn refused(role: &str, error: &openapi::Error, origin: &Origin) -> CliError {
    let field = |name| origin.field(name);
    let remedy = match error.fault() {
        Fault::Network => "look at the way to STS (HTTPS_PROXY, NO_PROXY, ALBRIDGE_CA_FILE)".to_owned(),
        Fault::Throttled | Fault::Service | Fault::Answer => "try again later".to_owned(),
        Fault::Credentials => format!("renew what it is assumed with, or {}", origin.configure()),
        Fault::Permission => {
            format!("let the role's trust policy name who assumes it, and allow that one sts:{}", error.action)
        }
        Fault::Region | Fault::Request => {
            format!("look at {}, and at the role itself in RAM", field("ram_role_arn"))
        }
    };
    origin.failed(&format!("the role {role} cannot be assumed ({error})"), &remedy)
}

fn session(credentials: sts::SessionCredentials, origin: &Origin, cloud: &Cloud) -> Result<Key, CliError> {
    let sts::SessionCredentials { access_key_id, access_key_secret, security_token, expiration } = credentials;
    Key::temporary(access_key_id, access_key_secret, security_token, &expiration, cloud)
        .map_err(|why| origin.failed(&format!("STS {why}"), "try again later"))
}

impl Key {
    fn temporary(id: String, secret: String, token: String, expiration: &str, cloud: &Cloud) -> Result<Self, String> {
        let fields = [("the id", &id), ("the secret", &secret), ("the token", &token)];
        if let Some((missing, _)) = fields.iter().find(|(_, value)| value.is_empty()) {
            return Err(format!("answers without {missing} of a key"));
        }
        let expires = expiration.parse().ok().or_else(|| cloud.clock.now().checked_add(UNSAID).ok());
        Ok(Self { credentials: Credentials::temporary(id, secret, token), expires })
    }
}

/// What the metadata service, a URI and CloudSSO answer.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Answer {
    code: String,
    access_key_id: String,
    access_key_secret: String,
    security_token: String,
    expiration: String,
}

impl Answer {
    fn read(text: &str, cloud: &Cloud) -> Result<Key, String> {
        let answer: Self = serde_json::from_str(text).map_err(|_| "answers with no JSON of a key".to_owned())?;
        answer.key(cloud)
    }

    fn key(self, cloud: &Cloud) -> Result<Key, String> {
        let Self { code, access_key_id, access_key_secret, security_token, expiration } = self;
        if !code.is_empty() && code != "Success" {
            return Err("answers that it failed (its Code is not Success)".to_owned());
        }
        Key::temporary(access_key_id, access_key_secret, security_token, &expiration, cloud)
    }
}

/// The key of the role of the ECS instance that this runs on. The service is asked for a token first, which pages and
/// forwarding services cannot get (its hardened mode); without a token nothing is asked.
async fn instance(role: Option<&str>, origin: &Origin, cloud: &Cloud) -> Result<Key, CliError> {
    let failed = |why: String| {
        let why = format!("the metadata service of the ECS instance ({METADATA}) {why}");
        origin.failed(&why, "run this on an ECS instance with a role, or use a key of another kind")
    };
    let ask = async |method: Method, path: &str, header: (&str, &str)| {
        let request = Request::builder().method(method).uri(format!("{METADATA}{path}")).header(header.0, header.1);
        let asked = cloud.text(request, Bytes::new(), METADATA_LIMIT).await;
        asked.map_err(|why| failed(format!("gave nothing: {why}")))
    };
    let ttl = ("x-aliyun-ecs-metadata-token-ttl-seconds", METADATA_TOKEN_SECONDS);
    let token = ask(Method::PUT, "/latest/api/token", ttl).await?;
    let proof = ("x-aliyun-ecs-metadata-token", token.trim());
    let role = match role {
        Some(role) => role.to_owned(),
        None => ask(Method::GET, ROLES, proof).await?.trim().to_owned(),
    };
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if role.is_empty() || !role.chars().all(is_name) {
        return Err(failed(format!("was not asked for a role: {} is no name of one", origin.field("ram_role_name"))));
    }
    let answer = ask(Method::GET, &format!("{ROLES}{role}"), proof).await?;
    Answer::read(&answer, cloud).map_err(failed)
}

async fn from_uri(uri: &str, origin: &Origin, cloud: &Cloud) -> Result<Key, CliError> {
    may_go_to(uri, "credentials_uri", origin, cloud)?;
    let failed = |why: String| {
        let why = format!("{}, {}, {why}", origin.field("credentials_uri"), shown(uri));
        origin.failed(&why, "look at the service there")
    };
    let answer = cloud.text(Request::get(uri), Bytes::new(), LIMIT).await;
    Answer::read(&answer.map_err(|why| failed(format!("gave nothing: {why}")))?, cloud).map_err(failed)
}

impl CloudSso {
    async fn key(&self, origin: &Origin, cloud: &Cloud) -> Result<Key, CliError> {
        let now = cloud.clock.now();
        if let Some((credentials, expires)) = self.held.clone().filter(|(_, expires)| is_fresh(*expires, now)) {
            return Ok(Key { credentials, expires: Some(expires) });
        }
        if self.token.is_empty() || self.token_expires.is_none_or(|expires| expires <= now) {
            return Err(origin.failed("its sign-in with CloudSSO has expired", &origin.configure()));
        }
        may_go_to(&self.url, "cloud_sso_sign_in_url", origin, cloud)?;
        let wrong = || origin.wrong("cloud_sso_sign_in_url", "is no http or https URL");
        let uri: http::Uri = self.url.parse().map_err(|_| wrong())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(wrong()) };
        let request = Request::post(format!("{scheme}://{authority}/cloud-credentials"))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", self.token));
        let body = json!({"AccountId": self.account, "AccessConfigurationId": self.configuration}).to_string();
        let failed = |why: String| {
            let why = format!("CloudSSO at {} {why}", shown(&self.url));
            origin.failed(&why, &format!("sign in again ({})", origin.configure()))
        };
        let answer = cloud.text(request, Bytes::from(body), LIMIT).await;
        let answer = answer.map_err(|why| failed(format!("gave nothing: {why}")))?;
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        struct Given {
            cloud_credential: Answer,
        }
        let given: Given =
            serde_json::from_str(&answer).map_err(|_| failed("answers with no JSON of a key".to_owned()))?;
        given.cloud_credential.key(cloud).map_err(failed)
    }
}

/// The output of a program, in the form of a profile of mode AK or StsToken, and its end if it has one.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Output {
    mode: String,
    access_key_id: String,
    access_key_secret: String,
    sts_token: String,
    expiration: String,
}

/// Runs the program of a profile. It gets this process's environment, standard input and standard error, and no shell.
async fn external(command: &[String], origin: &Origin, cloud: &Cloud) -> Result<Key, CliError> {
    let (Some(program), arguments) = (command.first(), command.get(1..).unwrap_or_default()) else {
        return Err(origin.wrong("process_command", "names no program"));
    };
    let failed = |why: String| {
        origin
            .failed(&format!("{program}, its process_command, {why}"), "run the command by hand to see what it prints")
    };
    let running = tokio::process::Command::new(program)
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("cannot be started ({error})")))?;
    let output = cloud
        .clock
        .timeout(cloud.limit(PROGRAM_LIMIT), running.wait_with_output())
        .await
        .map_err(|_| failed(format!("did not end within {} s", PROGRAM_LIMIT.as_secs())))?
        .map_err(|error| failed(format!("cannot be read ({error})")))?;
    if !output.status.success() {
        return Err(failed(format!("failed ({})", output.status)));
    }
    let printed: Output =
        serde_json::from_slice(&output.stdout).map_err(|_| failed("printed no JSON of a key".to_owned()))?;
    if !["", "AK", "StsToken"].contains(&printed.mode.as_str()) {
        return Err(failed("printed a key of another mode than AK or StsToken".to_owned()));
    }
    let Output { mode, access_key_id, access_key_secret, sts_token, expiration } = printed;
    let fields = [("access_key_id", &access_key_id), ("access_key_secret", &access_key_secret)];
    let token = (mode == "StsToken").then_some(("sts_token", &sts_token));
    if let Some((missing, _)) = fields.into_iter().chain(token).find(|(_, value)| value.is_empty()) {
        return Err(failed(format!("printed no {missing}")));
    }
    if sts_token.is_empty() {
        let credentials = Credentials::new(access_key_id, access_key_secret);
        return Ok(Key { credentials, expires: expiration.parse().ok() });
    }
    Key::temporary(access_key_id, access_key_secret, sts_token, &expiration, cloud).map_err(failed)
}

/// Whether keys may be asked for there: plain http only on this machine, unless it is allowed.
fn may_go_to(url: &str, field: &str, origin: &Origin, cloud: &Cloud) -> Result<(), CliError> {
    match cloud.plain.allows(url) {
        Some(true) => Ok(()),
        Some(false) => {
            let why = "is plain http to another machine, where anybody on the way reads the key (use https, or say \
                       --allow-http)";
            Err(origin.wrong(field, &format!("({}) {why}", shown(url))))
        }
        None => Err(origin.wrong(field, "is no http or https URL")),
    }
}

/// Whether a key lasts long enough to be used.
pub(super) fn is_fresh(expires: Timestamp, now: Timestamp) -> bool {
    expires.duration_since(now) > MARGIN
}
