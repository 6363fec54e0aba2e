//! The event that an Application Load Balancer sends to a Lambda target group. Source: "Use Lambda functions as targets of an
//! Application Load Balancer": the query parameters are not decoded, and either all values of a name are sent, under names of
//! their own, or the last one.

use std::collections::BTreeMap;

use serde::Serialize;

use super::request::{Request, all, last};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    request_context: RequestContext,
    http_method: &'a str,
    path: &'a str,
    #[serde(flatten)]
    values: Values,
    body: String,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
struct RequestContext {
    elb: Elb,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Elb {
    /// Empty: there is no target group.
    target_group_arn: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Values {
    #[serde(rename_all = "camelCase")]
    Last { query_string_parameters: BTreeMap<String, String>, headers: BTreeMap<String, String> },
    #[serde(rename_all = "camelCase")]
    All {
        multi_value_query_string_parameters: BTreeMap<String, Vec<String>>,
        multi_value_headers: BTreeMap<String, Vec<String>>,
    },
}

pub(super) fn event<'a>(request: &Request<'a>, multi_value: bool) -> Event<'a> {
    let (body, is_base64_encoded) =
        request.text_by_type().map_or((String::new(), false), |body| (body.text, body.is_base64));
    let values = if multi_value {
        Values::All {
            multi_value_query_string_parameters: all(request.encoded_parameters()),
            multi_value_headers: all(request.forwarded_headers()),
        }
    } else {
        Values::Last {
            query_string_parameters: last(request.encoded_parameters()),
            headers: last(request.forwarded_headers()),
        }
    };
    Event {
        request_context: RequestContext { elb: Elb { target_group_arn: "" } },
        http_method: request.method(),
        path: request.path(),
        values,
        body,
        is_base64_encoded,
    }
}
