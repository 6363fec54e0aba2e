//! Function Compute 3.0, version 2023-03-30: path-style requests, signed with ACS3 over their real path.
//!
//! A function that fails answers with status 200 and the header `X-Fc-Error-Type`; only the platform's own refusals
//! (no such function, throttled) are errors of the call. Source: fc-runtime.md, and the official SDK for 2023-03-30.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::action::ActionInfo;
use crate::client::{Client, Facts};
use crate::encode;
use crate::error::Error;
use crate::flatten::Parameters;
use crate::lenient;
use crate::mask::Secrets;
use crate::response;
use crate::retry::Repeatable;
use crate::service::Service;
use crate::transport::BodyLimit;
use crate::whole::{Field, Whole};

/// A synchronous invocation may take as long as the function: the longest timeout that albridge's functions have.
const INVOCATION: Duration = Duration::from_secs(900);
const READ: Duration = Duration::from_secs(20);

/// A function's configuration (SDK for 2023-03-30, `Function`).
const WHOLE: Whole = Whole::one(&[Field::Filled("functionName")]);

/// A trigger (the same SDK, `Trigger`).
const WHOLE_TRIGGER: Whole = Whole::one(&[Field::Filled("triggerName"), Field::Filled("triggerType")]);
/// Rows of `ListFunctions` and `ListTriggers` (SDK for 2023-03-30, `ListFunctionsOutput`, `ListTriggersOutput`).
const NAMED: Whole = Whole::one(&[Field::List("functions", &[Field::Filled("functionName")])]);
const TRIGGERS: Whole =
    Whole::one(&[Field::List("triggers", &[Field::Filled("triggerName"), Field::Filled("triggerType")])]);

/// What whole answers hold, by action.
#[cfg(test)]
pub(crate) const WHOLES: &[(&str, &Whole)] =
    &[("GetFunction", &WHOLE), ("GetTrigger", &WHOLE_TRIGGER), ("ListFunctions", &NAMED), ("ListTriggers", &TRIGGERS)];

/// More pages than an account has functions, of 100 each.
const MOST_PAGES: u32 = 1_000;

/// The actions of this module. An invocation changes nothing by itself: the function checks the kill switch.
pub(crate) const ACTIONS: &[ActionInfo] = &[
    ActionInfo { service: Service::Fc, name: "InvokeFunction", ram_action: "fc:InvokeFunction", writes: false },
    ActionInfo { service: Service::Fc, name: "GetFunction", ram_action: "fc:GetFunction", writes: false },
    ActionInfo { service: Service::Fc, name: "GetTrigger", ram_action: "fc:GetTrigger", writes: false },
    ActionInfo { service: Service::Fc, name: "ListFunctions", ram_action: "fc:ListFunctions", writes: false },
    ActionInfo { service: Service::Fc, name: "ListTriggers", ram_action: "fc:ListTriggers", writes: false },
];

/// Runs a function and waits for its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InvokeFunction {
    /// The function's name.
    pub function_name: String,
    /// A version or an alias; `LATEST` when left out.
    pub qualifier: Option<String>,
    /// The event.
    pub body: Bytes,
}

/// What a function answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The HTTP status of the invocation, always a success.
    pub status: u16,
    /// `HandledInvocationError` or `UnhandledInvocationError` when the function failed.
    pub error_type: Option<String>,
    /// What the function returned; of a function that failed, its error as JSON.
    pub body: Bytes,
    /// Names the invocation in the function's log.
    pub request_id: String,
}

/// Reads a function's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetFunction {
    /// The function's name.
    pub function_name: String,
    /// A version or an alias.
    pub qualifier: Option<String>,
}

/// A function's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Function {
    /// The function's name.
    pub function_name: String,
    /// The function's ARN.
    pub function_arn: String,
    /// `custom.debian12` and the like.
    pub runtime: String,
    /// `Active`, `Pending`, `Failed` or `Inactive`.
    pub state: String,
    /// The ARN of the role it runs as.
    pub role: String,
    /// Seconds.
    pub timeout: u32,
    /// When it was changed.
    pub last_modified_time: String,
    /// The variables it sees.
    pub environment_variables: std::collections::BTreeMap<String, String>,
    /// The CRC-64 of its package, as a decimal number.
    pub code_checksum: String,
}

/// Reads a trigger of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetTrigger {
    /// The function's name.
    pub function_name: String,
    /// The trigger's name.
    pub trigger_name: String,
}

/// A trigger of a function (SDK for 2023-03-30, `Trigger`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Trigger {
    /// The trigger's name.
    pub trigger_name: String,
    /// `timer`, `eventbridge`, `http` and the like.
    pub trigger_type: String,
    /// What it reacts to: a JSON object, as text.
    pub trigger_config: String,
}

impl Trigger {
    /// Whether it is switched on. Each type has a name of its own for that; a trigger that says nothing is.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        let config: serde_json::Value = serde_json::from_str(&self.trigger_config).unwrap_or_default();
        ["enable", "triggerEnable"].into_iter().all(|name| config.get(name) != Some(&false.into()))
    }
}

impl Client {
    /// All functions of a region whose names begin like this.
    ///
    /// # Errors
    /// [`Error`]; `IncompleteListing` when the pages have no end.
    pub async fn list_functions(&self, region: &str, prefix: &str) -> Result<Vec<Function>, Error> {
        let path = format!("/{}/functions", Service::Fc.version());
        let listed: Vec<Function> =
            self.pages("ListFunctions", region, &path, Some(prefix), "functions", &NAMED).await?;
        Ok(listed.into_iter().filter(|function| function.function_name.starts_with(prefix)).collect())
    }

    /// All triggers of a function.
    ///
    /// # Errors
    /// [`Error`]; [`Error::is_not_found`] when there is no such function.
    pub async fn list_triggers(&self, region: &str, function_name: &str) -> Result<Vec<Trigger>, Error> {
        let path = format!("{}/triggers", path(function_name));
        self.pages("ListTriggers", region, &path, None, "triggers", &TRIGGERS).await
    }

    /// Every page of a listing.
    async fn pages<T: DeserializeOwned>(
        &self,
        action: &'static str,
        region: &str,
        path: &str,
        prefix: Option<&str>,
        field: &'static str,
        whole: &Whole,
    ) -> Result<Vec<T>, Error> {
        let facts = facts(action, region, true, READ);
        let mut items = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query: Parameters = [("limit".to_owned(), "100".to_owned())].into();
            query.extend(prefix.map(|prefix| ("prefix".to_owned(), prefix.to_owned())));
            query.extend(token.clone().map(|token| ("nextToken".to_owned(), token)));
            let client = self.present(action).await?;
            let base = client.config.endpoints.url(Service::Fc, region);
            let build = || client.acs3(Service::Fc, action, Method::GET, &base, path, &query, None, Bytes::new());
            let response = client.exchange(&facts, &build).await?;
            let status = response.status().as_u16();
            let read = response::json(action, &response).and_then(|mut value| {
                whole.check(&value).map_err(|what| Error::unread(action, status, what))?;
                let next = value.get("nextToken").and_then(serde_json::Value::as_str).map(str::to_owned);
                let rows = value.get_mut(field).map(serde_json::Value::take).unwrap_or_default();
                let page: Vec<T> =
                    lenient::from_value(rows).map_err(|error| Error::malformed(action, status, error.to_string()))?;
                Ok((page, next.filter(|next| !next.is_empty())))
            });
            let fit = |error: Error| error.without(&Secrets::of(&client.config.credentials)).at(Service::Fc, region);
            let (page, next) = read.map_err(fit)?;
            items.extend(page);
            match next {
                None => return Ok(items),
                Some(next) if token.as_ref() == Some(&next) => break,
                next => token = next,
            }
        }
        Err(Error::incomplete(action, "the listing has no end"))
    }

    /// Invokes a function synchronously. It is retried only if the platform did not start the function: a function may have side effects.
    ///
    /// # Errors
    /// [`Error`] when the platform refuses; a function that fails is an [`Invocation`] with an `error_type`.
    pub async fn invoke_function(&self, region: &str, invoke: &InvokeFunction) -> Result<Invocation, Error> {
        let facts = facts("InvokeFunction", region, false, INVOCATION);
        let path = format!("{}/invocations", path(&invoke.function_name));
        let client = self.present(facts.action).await?;
        let response = client
            .exchange(&facts, &|| {
                client.acs3(
                    Service::Fc,
                    facts.action,
                    Method::POST,
                    &client.config.endpoints.url(Service::Fc, region),
                    &path,
                    &query(invoke.qualifier.as_ref()),
                    Some("application/octet-stream"),
                    invoke.body.clone(),
                )
            })
            .await?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Invocation {
            status: response.status().as_u16(),
            error_type: header("x-fc-error-type").filter(|kind| !kind.is_empty()),
            request_id: header("x-fc-request-id").or_else(|| header("x-acs-request-id")).unwrap_or_default(),
            body: response.into_body(),
        })
    }

    /// Reads a function's configuration.
    ///
    /// # Errors
    /// [`Error`]; [`Error::is_not_found`] when there is no such function.
    pub async fn get_function(&self, region: &str, get: &GetFunction) -> Result<Function, Error> {
        self.read("GetFunction", region, &path(&get.function_name), &query(get.qualifier.as_ref()), WHOLE).await
    }

    /// Reads a trigger.
    ///
    /// # Errors
    /// [`Error`]; [`Error::is_not_found`] when there is no such function or trigger.
    pub async fn get_trigger(&self, region: &str, get: &GetTrigger) -> Result<Trigger, Error> {
        let path = format!("{}/triggers/{}", path(&get.function_name), encode::component(&get.trigger_name));
        self.read("GetTrigger", region, &path, &Parameters::new(), WHOLE_TRIGGER).await
    }

    /// Reads what a path names.
    async fn read<T: DeserializeOwned>(
        &self,
        action: &'static str,
        region: &str,
        path: &str,
        query: &Parameters,
        whole: Whole,
    ) -> Result<T, Error> {
        let facts = facts(action, region, true, READ);
        let client = self.present(action).await?;
        let base = client.config.endpoints.url(Service::Fc, region);
        let build = || client.acs3(Service::Fc, action, Method::GET, &base, path, query, None, Bytes::new());
        let response = client.exchange(&facts, &build).await?;
        let status = response.status().as_u16();
        let read = response::json(action, &response).and_then(|value| {
            whole.check(&value).map_err(|what| Error::unread(action, status, what))?;
            lenient::from_value(value).map_err(|error| Error::malformed(action, status, error.to_string()))
        });
        read.map_err(|error| error.without(&Secrets::of(&client.config.credentials)).at(Service::Fc, region))
    }
}

fn facts<'a>(action: &'static str, region: &'a str, safe: bool, limit: Duration) -> Facts<'a> {
    let repeatable = Repeatable { safe, codes: &[] };
    Facts { service: Service::Fc, action, region, writes: false, repeatable, limit, most: BodyLimit::default() }
}

fn path(function_name: &str) -> String {
    format!("/{}/functions/{}", Service::Fc.version(), encode::component(function_name))
}

fn query(qualifier: Option<&String>) -> Parameters {
    qualifier.map(|qualifier| ("qualifier".to_owned(), qualifier.clone())).into_iter().collect()
}
