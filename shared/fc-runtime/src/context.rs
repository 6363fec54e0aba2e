//! The information about a call that its handler gets: [`Context`], [`Config`] and [`LambdaEvent`].

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    credentials::Credentials,
    protocol::{FcHeaders, text},
    reply::Reply,
};

/// The function as it is configured, the same for every call.
///
/// The fields are `lambda_runtime`'s. [`Config::from_env`] says which variable of Function Compute fills each.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The name of the function.
    pub function_name: String,
    /// The memory of an instance in MB.
    pub memory: i32,
    /// The version of the function, `LATEST` if it was not published.
    pub version: String,
    /// The id of this instance: what its log lines have in common.
    pub log_stream: String,
    /// Empty: Function Compute does not tell an instance its logstore.
    pub log_group: String,
}

/// One call: its id, its deadline, and the function that it is for.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The id of the request, for example `1-67a720bd-15933561-8ab9b99753be`.
    pub request_id: String,
    /// When Function Compute gives up, in milliseconds since the epoch: arrival plus the function's timeout. Nothing
    /// here enforces it.
    pub deadline: u64,
    /// `acs:fc:<region>:<account>:functions/<name>`.
    pub invoked_function_arn: String,
    /// Always `None`: Function Compute has no X-Ray. See [`Context::span_context`].
    pub xray_trace_id: Option<String>,
    /// Always `None`: only Lambda's mobile SDK sends it.
    pub client_context: Option<ClientContext>,
    /// Always `None`: only Lambda's mobile SDK sends it.
    pub identity: Option<CognitoIdentity>,
    /// Always `None`: Function Compute has no tenants.
    pub tenant_id: Option<String>,
    /// The function's configuration.
    pub env_config: Arc<Config>,
    /// The keys of the function's role: this request's, else the environment's, else `None` (the function has no role).
    #[serde(skip_serializing, default)]
    pub credentials: Option<Credentials>,
    /// The region that the function runs in; empty if unknown.
    #[serde(default)]
    pub region: String,
    /// The account that owns the function; empty if unknown.
    #[serde(default)]
    pub account_id: String,
    /// The version or alias that the caller named; empty if unknown.
    #[serde(default)]
    pub qualifier: String,
    /// How many times Function Compute has retried this (asynchronous) call.
    #[serde(default)]
    pub retry_count: u32,
    /// The trace that the call belongs to, as `trace:span:parent:flags` (Jaeger's form), if tracing is on.
    #[serde(default)]
    pub span_context: Option<String>,
    /// Where the answer goes, until the handler is called.
    #[serde(skip)]
    pub(crate) reply: Option<Reply>,
}

impl Context {
    /// A context from a request's headers. `deadline` stays 0: it needs the time of arrival, which headers do not carry.
    ///
    /// # Errors
    ///
    /// If `request_id` is empty.
    pub fn new(request_id: &str, env_config: Arc<Config>, headers: &HeaderMap) -> Result<Self, Error> {
        if request_id.is_empty() {
            return Err("a call needs a request id".into());
        }
        let headers = FcHeaders::of(headers);
        let mut header_cache = HeaderCache::default();
        header_cache.read(&headers, "", "", &env_config.function_name);
        let credentials = header_cache.credentials.take();
        Ok(Self::of_headers(request_id.to_owned(), env_config, &headers, &header_cache, credentials, 0))
    }

    pub(crate) fn of_headers(
        request_id: String,
        env_config: Arc<Config>,
        headers: &FcHeaders<'_>,
        header_cache: &HeaderCache,
        credentials: Option<Credentials>,
        deadline: u64,
    ) -> Self {
        Self {
            request_id,
            deadline,
            invoked_function_arn: header_cache.function_arn.clone(),
            xray_trace_id: None,
            client_context: None,
            identity: None,
            tenant_id: None,
            env_config,
            credentials,
            region: header_cache.region.clone(),
            account_id: header_cache.account_id.clone(),
            qualifier: text(headers.qualifier).unwrap_or_default().to_owned(),
            retry_count: text(headers.retry_count).and_then(|count| count.parse().ok()).unwrap_or(0),
            span_context: text(headers.span_context).map(str::to_owned),
            reply: None,
        }
    }

    /// When Function Compute gives up on the call.
    pub fn deadline(&self) -> SystemTime {
        // Saturating where the platform's time type ends, so that a forged timeout cannot panic a handler.
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(self.deadline)).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

/// The values of the last request's headers that the next request mostly repeats, as text: region, account, and the keys of the
/// function's role. To compare bytes is cheaper than to check half a kilobyte of token for UTF-8 at each call.
#[derive(Default)]
pub(crate) struct HeaderCache {
    /// From the headers only.
    pub(crate) credentials: Option<Credentials>,
    region: String,
    account_id: String,
    /// Empty until the first request.
    function_arn: String,
}

impl HeaderCache {
    /// Updates what differs. `region` and `account_id` are used if the headers do not contain them.
    pub(crate) fn read(&mut self, headers: &FcHeaders<'_>, region: &str, account_id: &str, function: &str) {
        if !self.credentials.as_ref().is_some_and(|known| known.are_in(headers)) {
            self.credentials = Credentials::from_headers(headers);
        }
        let is_known = self.region.as_bytes() == headers.region.unwrap_or(region.as_bytes())
            && self.account_id.as_bytes() == headers.account_id.unwrap_or(account_id.as_bytes());
        if self.function_arn.is_empty() || !is_known {
            text(headers.region).unwrap_or(region).clone_into(&mut self.region);
            text(headers.account_id).unwrap_or(account_id).clone_into(&mut self.account_id);
            self.function_arn = ["acs:fc:", &self.region, ":", &self.account_id, ":functions/", function].concat();
        }
    }
}

/// An event and the context of its call: what a handler is called with.
#[derive(Debug, Clone)]
pub struct LambdaEvent<T> {
    /// The event, deserialized from the request's body.
    pub payload: T,
    /// The call.
    pub context: Context,
}

impl<T> LambdaEvent<T> {
    /// An event with its context.
    pub fn new(payload: T, context: Context) -> Self {
        Self { payload, context }
    }

    /// The event and its context, apart.
    pub fn into_parts(self) -> (T, Context) {
        (self.payload, self.context)
    }
}

/// What Lambda's mobile SDK says of the application that calls. Here for the type of [`Context::client_context`] only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientContext {
    /// The application.
    #[serde(default)]
    pub client: ClientApplication,
    /// Values that the application adds.
    #[serde(default)]
    pub custom: HashMap<String, String>,
    /// The device.
    #[serde(default)]
    pub environment: HashMap<String, String>,
}

/// The application in a [`ClientContext`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientApplication {
    /// The id of the installation.
    #[serde(alias = "installationId")]
    pub installation_id: String,
    /// Its title.
    #[serde(alias = "appTitle")]
    pub app_title: String,
    /// Its version's name.
    #[serde(alias = "appVersionName")]
    pub app_version_name: String,
    /// Its version's code.
    #[serde(alias = "appVersionCode")]
    pub app_version_code: String,
    /// Its package.
    #[serde(alias = "appPackageName")]
    pub app_package_name: String,
}

/// Who called through Cognito. Here for the type of [`Context::identity`] only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CognitoIdentity {
    /// The identity.
    #[serde(alias = "cognitoIdentityId")]
    pub identity_id: String,
    /// The pool it belongs to.
    #[serde(alias = "cognitoIdentityPoolId")]
    pub identity_pool_id: String,
}
