//! The event that Function Compute's built-in runtimes get for an HTTP request, version `v1`. Source: "Use an HTTP trigger to
//! invoke a function" (help/en/functioncompute/fc/http-trigger-invoking-function).

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;

use super::request::{Request, joined};
use crate::time;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    version: &'static str,
    raw_path: &'a str,
    body: String,
    is_base64_encoded: bool,
    headers: BTreeMap<String, String>,
    query_parameters: BTreeMap<String, String>,
    request_context: RequestContext<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    account_id: &'a str,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: HttpContext<'a>,
    request_id: &'a str,
    time: String,
    time_epoch: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HttpContext<'a> {
    method: &'a str,
    path: String,
    protocol: String,
    source_ip: Cow<'a, str>,
    user_agent: &'a str,
}

pub(super) fn event<'a>(request: &Request<'a>) -> Event<'a> {
    let body = request.text_or_base64();
    Event {
        version: "v1",
        raw_path: request.path(),
        body: body.text,
        is_base64_encoded: body.is_base64,
        headers: joined(request.headers()),
        query_parameters: joined(request.parameters()),
        request_context: RequestContext {
            account_id: request.account_id(),
            domain_name: request.domain_name(),
            domain_prefix: request.domain_prefix(),
            http: HttpContext {
                method: request.method(),
                path: request.decoded_path(),
                protocol: request.protocol(),
                source_ip: request.source_ip.clone(),
                user_agent: request.user_agent(),
            },
            request_id: request.request_id(),
            time: time::utc(request.epoch),
            time_epoch: request.epoch.to_string(),
        },
    }
}
