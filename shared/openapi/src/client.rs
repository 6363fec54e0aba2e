//! The client: signs a request again for each attempt, sends it, and reads the answer.
//!
//! ```text
//! call ─ flatten ─ token bucket ─ sign (new nonce, new time) ─ transport ─ classify ─ answer
//!                       ▲                                                     │
//!                       └──────────── back-off with jitter ◄── retryable ◄────┘
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use http::header::{ACCEPT, AUTHORIZATION, HOST, USER_AGENT};
use http::{Method, Request, Response};
use jiff::Timestamp;
use serde_json::Value;

use crate::action::Action;
use crate::bucket::{Account, Buckets, Key};
use crate::credentials::Credentials;
#[cfg(feature = "renewal")]
use crate::credentials::KeySource;
use crate::encode;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::flatten::{self, Parameters};
use crate::lenient;
use crate::mask::Secrets;
use crate::rates::{self, Limited};
use crate::response;
use crate::retry::{self, Repeatable};
use crate::service::Service;
use crate::session::Sessions;
use crate::sign::{self, Signature};
use crate::transport::{BodyLimit, Sent, Transport, TransportError};
use crate::whole::Whole;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
const AGENT: &str = concat!("albridge/", env!("CARGO_PKG_VERSION"));

/// The configuration of a client.
#[derive(Debug, Clone)]
pub struct Config {
    /// The key that signs.
    pub credentials: Credentials,
    /// Where the services answer.
    pub endpoints: Endpoints,
    /// How the RPC-style APIs are signed.
    pub signature: Signature,
    /// Refuse every action that writes, before it is signed: the last check of the kill switch.
    pub read_only: bool,
}

/// Calls to the cloud. Cheap to clone; clones share connections, token buckets and assumed roles.
///
/// Failures are retried with exponential back-off and full jitter: throttling and unavailability always, other server errors
/// and broken connections for reads and for writes with a ClientToken. An action's own "busy" codes get four attempts
/// within some seconds; after that, and for every other conflict, the caller waits and reads again.
#[derive(Clone)]
pub struct Client {
    pub(crate) config: Config,
    /// Whose calls the cloud counts.
    account: Account,
    /// Where the key comes from, if it changes while the client lives.
    #[cfg(feature = "renewal")]
    pub(crate) keys: Option<Arc<dyn KeySource>>,
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    transport: Arc<dyn Transport>,
    clock: Clock,
    buckets: Buckets,
    pub(crate) sessions: Sessions,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The properties of a call that sending and retrying depend on, the same for RPC, path-style and OSS calls.
pub(crate) struct Facts<'a> {
    pub(crate) service: Service,
    pub(crate) action: &'static str,
    /// The region that the call is counted for: its RegionId parameter, or where it is sent.
    pub(crate) region: &'a str,
    pub(crate) writes: bool,
    pub(crate) repeatable: Repeatable,
    /// The timeout of one attempt, in real time.
    pub(crate) limit: Duration,
    /// The maximum size of an answer.
    pub(crate) most: BodyLimit,
}

/// What sending a call of an action depends on. Code that is generic over the action is compiled for each of a hundred, so it ends
/// where its properties and parameters are known.
pub(crate) struct Spec {
    pub(crate) service: Service,
    pub(crate) name: &'static str,
    writes: bool,
    retry: &'static [&'static str],
    token: bool,
    region: bool,
    body: &'static [&'static str],
    limit: Duration,
    pub(crate) whole: &'static Whole,
}

impl Spec {
    pub(crate) const fn of<A: Action>() -> Self {
        Self {
            service: A::SERVICE,
            name: A::NAME,
            writes: A::WRITES,
            retry: A::RETRY,
            token: A::TOKEN,
            region: A::REGION,
            body: A::BODY,
            limit: A::LIMIT,
            whole: A::WHOLE,
        }
    }

    /// The parameters of a request.
    pub(crate) fn parameters<A: Action>(&self, action: &A) -> Result<Parameters, Error> {
        flatten::parameters(action).map_err(|error| Error::invalid(self.name, error.to_string()))
    }
}

/// A complete answer, before it is read as a type.
pub(crate) struct Answered {
    pub(crate) value: Value,
    pub(crate) status: u16,
    /// The keys that identify its rows, in their order.
    pub(crate) keys: Vec<String>,
    /// The length of its body.
    pub(crate) bytes: usize,
    /// The server's Date.
    date: Option<Timestamp>,
}

impl Client {
    /// A client that sends through `transport` and takes time, nonces and jitter from `clock`.
    #[must_use]
    pub fn new(config: Config, transport: Arc<dyn Transport>, clock: Clock) -> Self {
        let shared = Shared { transport, clock, buckets: Buckets::default(), sessions: Sessions::default() };
        Self {
            config,
            account: Account::default(),
            #[cfg(feature = "renewal")]
            keys: None,
            shared: Arc::new(shared),
        }
    }

    /// The same client with another key of the same account, which is not renewed.
    #[must_use]
    pub fn with_credentials(&self, credentials: Credentials) -> Self {
        Self {
            config: Config { credentials, ..self.config.clone() },
            #[cfg(feature = "renewal")]
            keys: None,
            ..self.clone()
        }
    }

    /// The same client with the key of a role.
    pub(crate) fn with_role(&self, arn: &str, credentials: Credentials) -> Self {
        Self { account: Account::of_role(arn), ..self.with_credentials(credentials) }
    }

    /// The same client, refusing writes or not.
    #[must_use]
    pub fn with_read_only(&self, read_only: bool) -> Self {
        Self { config: Config { read_only, ..self.config.clone() }, ..self.clone() }
    }

    /// Whether writes are refused.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.config.read_only
    }

    /// The clock that the client runs on.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Calls an action in a region, with retries.
    ///
    /// # Errors
    /// [`Error`] with the service's code, or with the client's own when there was no answer.
    pub async fn call<A: Action>(&self, region: &str, action: &A) -> Result<A::Answer, Error> {
        Ok(self.call_dated(region, action).await?.0)
    }

    /// Like [`Client::call`], with the time at which the server says that it answered (its Date header, whole seconds).
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_dated<A: Action>(
        &self,
        region: &str,
        action: &A,
    ) -> Result<(A::Answer, Option<Timestamp>), Error> {
        let spec = Spec::of::<A>();
        let client = self.present(spec.name).await?;
        let Answered { value, status, date, .. } = client.answered(region, &spec, spec.parameters(action)?).await?;
        let malformed = |error| client.malformed(&spec, status, &error).at(spec.service, region);
        let answer = lenient::from_value(value).map_err(malformed)?;
        Ok((answer, date))
    }

    /// The error of an answer that is complete but not of its action's type.
    pub(crate) fn malformed(&self, spec: &Spec, status: u16, error: &serde_json::Error) -> Error {
        Error::malformed(spec.name, status, error.to_string()).without(&Secrets::of(&self.config.credentials))
    }

    /// One complete answer, with what paging needs to know about it.
    pub(crate) async fn answered(&self, region: &str, spec: &Spec, parameters: Parameters) -> Result<Answered, Error> {
        let answered = self.rpc(region, spec, parameters).await;
        let (value, response) = answered.map_err(|error| error.at(spec.service, region))?;
        let status = response.status().as_u16();
        // Checked on the raw JSON, before defaults replace missing fields.
        let secrets = || Secrets::of(&self.config.credentials);
        let unread = |what| Error::unread(spec.name, status, what).without(&secrets()).at(spec.service, region);
        let keys = spec.whole.check(&value).map_err(unread)?;
        let date = response::date(response.headers());
        Ok(Answered { value, status, keys, bytes: response.body().len(), date })
    }

    async fn rpc(
        &self,
        region: &str,
        spec: &Spec,
        mut parameters: Parameters,
    ) -> Result<(Value, Response<Bytes>), Error> {
        if spec.region {
            parameters.entry("RegionId".to_owned()).or_insert_with(|| region.to_owned());
        }
        if spec.token {
            parameters.entry("ClientToken".to_owned()).or_insert_with(|| self.clock().uuid());
        }
        let facts = Facts {
            service: spec.service,
            action: spec.name,
            region: counted_region(spec.service, region, &parameters),
            writes: spec.writes,
            repeatable: Repeatable { safe: !spec.writes || parameters.contains_key("ClientToken"), codes: spec.retry },
            limit: spec.limit,
            most: BodyLimit::default(),
        };
        let base = self.config.endpoints.url(spec.service, region);
        let response = self
            .exchange(&facts, &|| match self.config.signature {
                Signature::RpcSha1 => self.rpc_request(&facts, &base, &parameters),
                Signature::Acs3 => self.acs3_request(&facts, &base, spec.body, &parameters),
            })
            .await?;
        let value = response::json(facts.action, &response)
            .map_err(|error| error.without(&Secrets::of(&self.config.credentials)).at(facts.service, facts.region))?;
        Ok((value, response))
    }

    /// Sends the request that `build` returns, as often as the retry policies allow. `build` is called for each attempt, so that
    /// nonce and time are new.
    pub(crate) async fn exchange(
        &self,
        facts: &Facts<'_>,
        build: &(dyn Fn() -> Result<Request<Bytes>, Error> + Send + Sync),
    ) -> Result<Response<Bytes>, Error> {
        self.attempts(facts, build).await.map_err(|error| error.at(facts.service, facts.region))
    }

    async fn attempts(
        &self,
        facts: &Facts<'_>,
        build: &(dyn Fn() -> Result<Request<Bytes>, Error> + Send + Sync),
    ) -> Result<Response<Bytes>, Error> {
        if facts.writes && self.config.read_only {
            return Err(Error::read_only(facts.action));
        }
        let clock = self.clock();
        let mut failures = 0;
        loop {
            self.keep_pace(facts).await;
            let mut request = build()?;
            request.extensions_mut().insert(facts.most);
            let sent = Sent { action: facts.action, region: facts.region.to_owned(), writes: facts.writes };
            request.extensions_mut().insert(sent);
            let signed = Secrets::of(&self.config.credentials).and_of(&request);
            // On an accelerated clock the timeout stays in real time: it limits the network, not the cloud's work.
            let limit = facts.limit.mul_f64(clock.speed().max(1.0));
            let outcome = match clock.timeout(limit, self.shared.transport.send(request)).await {
                // A transport that calls an emulator in memory does not limit the size itself.
                Ok(Ok(response)) if response.body().len() > facts.most.bytes() => {
                    Err(Error::transport(facts.action, &TransportError::TooLarge(facts.most.bytes())))
                }
                Ok(Ok(response)) => response::classify(facts.action, response),
                Ok(Err(error)) => Err(Error::transport(facts.action, &error)),
                Err(_) => Err(Error::transport(facts.action, &TransportError::Timeout)),
            };
            let error = match outcome {
                Ok(response) => return Ok(response),
                Err(error) => error.without(&signed),
            };
            failures += 1;
            let Some(wait) = retry::wait(&error, failures, facts.repeatable, clock) else {
                return Err(error);
            };
            tracing::debug!(
                service = facts.service.name(),
                action = facts.action,
                code = error.code,
                request_id = error.request_id,
                failures,
                wait_ms = wait.as_millis(),
                "retrying"
            );
            clock.sleep(wait).await;
        }
    }

    /// Waits until the API may be called again.
    async fn keep_pace(&self, facts: &Facts<'_>) {
        let Limited { pace, basis, api } = rates::of(facts.service, facts.action, facts.writes);
        let key = Key { service: facts.service, api, region: facts.region.to_owned(), account: self.account.clone() };
        let waited = self.shared.buckets.take(self.clock(), key, pace).await;
        if !waited.is_zero() {
            tracing::debug!(
                service = facts.service.name(),
                action = facts.action,
                region = facts.region,
                ?basis,
                waited_ms = waited.as_millis(),
                "waited for the API's rate limit"
            );
        }
    }

    /// RPC: what the protocol needs in the query, what the action needs in the form body, all of it signed.
    fn rpc_request(&self, facts: &Facts<'_>, base: &str, parameters: &Parameters) -> Result<Request<Bytes>, Error> {
        let credentials = &self.config.credentials;
        let mut query = Parameters::new();
        for (name, value) in [
            ("Action", facts.action),
            ("Version", facts.service.version()),
            ("Format", "JSON"),
            ("AccessKeyId", credentials.access_key_id.as_str()),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
        ] {
            query.insert(name.to_owned(), value.to_owned());
        }
        query.insert("SignatureNonce".to_owned(), self.clock().uuid());
        query.insert("Timestamp".to_owned(), self.timestamp());
        if let Some(token) = &credentials.security_token {
            query.insert("SecurityToken".to_owned(), token.clone());
        }
        let mut signed = query.clone();
        signed.extend(parameters.clone());
        let signature = sign::rpc::signature("POST", &signed, &credentials.access_key_secret);
        query.insert("Signature".to_owned(), signature);
        let headers = BTreeMap::from([("content-type".to_owned(), FORM.to_owned())]);
        let url = format!("{base}/?{}", encode::query(&query));
        request(facts.action, Method::POST, &url, &headers, Bytes::from(encode::query(parameters)))
    }

    fn acs3_request(
        &self,
        facts: &Facts<'_>,
        base: &str,
        in_body: &[&str],
        parameters: &Parameters,
    ) -> Result<Request<Bytes>, Error> {
        let (form, query): (Parameters, Parameters) = parameters
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .partition(|(name, _)| name.split('.').next().is_some_and(|first| in_body.contains(&first)));
        let body = Bytes::from(encode::query(&form));
        let content_type = (!form.is_empty()).then_some(FORM);
        self.acs3(facts.service, facts.action, Method::POST, base, "/", &query, content_type, body)
    }

    /// A request with an ACS3 signature. `path` is encoded.
    #[expect(clippy::too_many_arguments, reason = "these are the parts of an HTTP request, each given once")]
    pub(crate) fn acs3(
        &self,
        service: Service,
        action: &'static str,
        method: Method,
        base: &str,
        path: &str,
        query: &Parameters,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Result<Request<Bytes>, Error> {
        let credentials = &self.config.credentials;
        let mut headers = BTreeMap::new();
        for (name, value) in [
            ("host", authority(base)),
            ("x-acs-action", action.to_owned()),
            ("x-acs-version", service.version().to_owned()),
            ("x-acs-date", self.timestamp()),
            ("x-acs-signature-nonce", self.clock().uuid()),
            ("x-acs-content-sha256", sign::sha256_hex(&body)),
        ] {
            headers.insert(name.to_owned(), value);
        }
        if let Some(content_type) = content_type {
            headers.insert("content-type".to_owned(), content_type.to_owned());
        }
        if let Some(token) = &credentials.security_token {
            headers.insert("x-acs-security-token".to_owned(), token.clone());
            headers.insert("x-acs-accesskey-id".to_owned(), credentials.access_key_id.clone());
        }
        let path = format!("{}{path}", base_path(base));
        let signed = sign::acs3::Signed { method: method.as_str(), path: &path, query, headers: &headers };
        headers.insert(AUTHORIZATION.as_str().to_owned(), signed.authorization(credentials));
        let origin = base.strip_suffix(base_path(base)).unwrap_or(base);
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{origin}{path}{mark}{}", encode::query(query));
        request(action, method, &url, &headers, body)
    }

    /// Real time, also on a scaled clock: the service compares it with its own.
    pub(crate) fn timestamp(&self) -> String {
        self.clock().wall().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// The region that the cloud counts a call for. A central service knows no other than that of the parameter.
fn counted_region<'a>(service: Service, region: &'a str, parameters: &'a Parameters) -> &'a str {
    let elsewhere = if service.is_central() { "" } else { region };
    parameters.get("RegionId").map_or(elsewhere, String::as_str)
}

/// Puts an HTTP request together, with what every request carries.
pub(crate) fn request(
    action: &'static str,
    method: Method,
    url: &str,
    headers: &BTreeMap<String, String>,
    body: Bytes,
) -> Result<Request<Bytes>, Error> {
    let mut builder =
        Request::builder().method(method).uri(url).header(ACCEPT, "application/json").header(USER_AGENT, AGENT);
    if !headers.contains_key(HOST.as_str()) {
        builder = builder.header(HOST, authority(url));
    }
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    builder.body(body).map_err(|error| Error::invalid(action, error.to_string()))
}

/// The host, with its port, of a URL.
pub(crate) fn authority(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest).to_owned()
}

/// The path of a base URL: empty, or starting with a slash.
fn base_path(base: &str) -> &str {
    let start = base.find("://").map_or(0, |at| at + 3);
    base.get(start..).and_then(|rest| rest.find('/').and_then(|at| rest.get(at..))).unwrap_or("")
}
