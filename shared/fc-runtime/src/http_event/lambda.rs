//! Lambda's payload formats 2.0 and 1.0. Sources: "Create AWS Lambda proxy integrations for HTTP APIs" and "Invoking Lambda
//! function URLs"; that function URLs, REST APIs and load balancers pass the path on encoded, and HTTP APIs decoded, is
//! measured (pull request 93 of middleapi/standard-server).
//!
//! Format 2.0 has one form for function URLs and HTTP APIs, and takes from each what the handlers of both can read: the
//! path is encoded and the cookies stay among the headers too, as with function URLs; `routeKey` and `stage` are there, as
//! with HTTP APIs.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;

use super::request::{Request, all, decoded, joined, last};
use crate::time;

/// The route and the stage of an API that has no other.
const DEFAULT: &str = "$default";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Format2<'a> {
    version: &'static str,
    route_key: &'static str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: Context2<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context2<'a> {
    account_id: &'a str,
    api_id: &'a str,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: Http2<'a>,
    request_id: &'a str,
    route_key: &'static str,
    stage: &'static str,
    time: String,
    time_epoch: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http2<'a> {
    method: &'a str,
    path: &'a str,
    protocol: String,
    source_ip: Cow<'a, str>,
    user_agent: &'a str,
}

pub(super) fn format_2<'a>(request: &Request<'a>) -> Format2<'a> {
    let (body, is_base64_encoded) = body(request);
    Format2 {
        version: "2.0",
        route_key: DEFAULT,
        raw_path: request.path(),
        raw_query_string: request.query(),
        cookies: request.cookies(),
        headers: joined(request.forwarded_headers()),
        query_string_parameters: joined(request.parameters()),
        request_context: Context2 {
            account_id: request.account_id(),
            api_id: request.domain_prefix(),
            domain_name: request.domain_name(),
            domain_prefix: request.domain_prefix(),
            http: Http2 {
                method: request.method(),
                path: request.path(),
                protocol: request.protocol(),
                source_ip: request.source_ip.clone(),
                user_agent: request.user_agent(),
            },
            request_id: request.request_id(),
            route_key: DEFAULT,
            stage: DEFAULT,
            time: time::common_log(request.epoch),
            time_epoch: request.epoch,
        },
        body,
        is_base64_encoded,
    }
}

/// Fields without a value are `null` in this format, not absent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Format1<'a> {
    version: &'static str,
    resource: &'static str,
    path: &'a str,
    http_method: &'a str,
    headers: BTreeMap<String, String>,
    multi_value_headers: BTreeMap<String, Vec<String>>,
    query_string_parameters: Option<BTreeMap<String, String>>,
    multi_value_query_string_parameters: Option<BTreeMap<String, Vec<String>>>,
    path_parameters: Option<BTreeMap<&'static str, String>>,
    stage_variables: Option<BTreeMap<String, String>>,
    request_context: Context1<'a>,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context1<'a> {
    account_id: &'a str,
    api_id: &'a str,
    domain_name: &'a str,
    domain_prefix: &'a str,
    extended_request_id: &'a str,
    http_method: &'a str,
    identity: Identity<'a>,
    path: &'a str,
    protocol: String,
    request_id: &'a str,
    request_time: String,
    request_time_epoch: u64,
    resource_path: &'static str,
    stage: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    source_ip: Cow<'a, str>,
    user_agent: &'a str,
}

pub(super) fn format_1<'a>(request: &Request<'a>) -> Format1<'a> {
    let (body, is_base64_encoded) = body(request);
    let has_query = request.parameters().next().is_some();
    // A resource `{proxy+}` has all paths but the root, which is a resource of its own.
    let proxy = request.path().strip_prefix('/').filter(|path| !path.is_empty());
    let resource = if proxy.is_some() { "/{proxy+}" } else { "/" };
    Format1 {
        version: "1.0",
        resource,
        path: request.path(),
        http_method: request.method(),
        headers: last(request.forwarded_headers()),
        multi_value_headers: all(request.forwarded_headers()),
        query_string_parameters: has_query.then(|| last(request.parameters())),
        multi_value_query_string_parameters: has_query.then(|| all(request.parameters())),
        path_parameters: proxy.map(|path| [("proxy", decoded(path))].into()),
        stage_variables: None,
        request_context: Context1 {
            account_id: request.account_id(),
            api_id: request.domain_prefix(),
            domain_name: request.domain_name(),
            domain_prefix: request.domain_prefix(),
            extended_request_id: request.request_id(),
            http_method: request.method(),
            identity: Identity { source_ip: request.source_ip.clone(), user_agent: request.user_agent() },
            path: request.path(),
            protocol: request.protocol(),
            request_id: request.request_id(),
            request_time: time::common_log(request.epoch),
            request_time_epoch: request.epoch,
            resource_path: resource,
            stage: DEFAULT,
        },
        body,
        is_base64_encoded,
    }
}

fn body(request: &Request<'_>) -> (Option<String>, bool) {
    request.text_by_type().map_or((None, false), |body| (Some(body.text), body.is_base64))
}
