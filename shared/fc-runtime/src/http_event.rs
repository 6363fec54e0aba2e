//! HTTP triggers: the request as an event, and the answer as a response.
//!
//! To a custom runtime Function Compute passes HTTP requests through; to its built-in runtimes it gives them as a JSON
//! event, version `v1`. This module makes that same event, so that one handler serves both kinds of trigger, and maps
//! the answer back as the built-in runtimes do. Source: "Use an HTTP trigger to invoke a function"
//! (help/en/functioncompute/fc/http-trigger-invoking-function).

use std::{collections::BTreeMap, time::SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, request::Parts};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    context::{Context, epoch_millis},
    protocol::{self, FcHeaders, PREFIX},
    response::MetadataPrelude,
    streaming::Body,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
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
    source_ip: &'a str,
    user_agent: &'a str,
}

/// The event of a request.
pub(crate) fn event(parts: &Parts, body: &Bytes, context: &Context, arrival: SystemTime) -> Bytes {
    let (body, is_base64_encoded) = match str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(body), true),
    };
    let text = |name| protocol::header(&parts.headers, name).unwrap_or_default();
    let host = text(&header::HOST);
    // The name without the port.
    let domain_name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let path = parts.uri.path();
    let epoch = epoch_millis(arrival);
    let event = Event {
        version: "v1",
        raw_path: path,
        body,
        is_base64_encoded,
        headers: headers(&parts.headers),
        query_parameters: joined(form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())),
        request_context: RequestContext {
            account_id: &context.account_id,
            domain_name,
            domain_prefix: domain_name.split('.').next().unwrap_or_default(),
            http: HttpContext {
                method: parts.method.as_str(),
                path: percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned(),
                protocol: format!("{:?}", parts.version),
                source_ip: protocol::text(FcHeaders::of(&parts.headers).client_ip).unwrap_or_default(),
                user_agent: text(&header::USER_AGENT),
            },
            request_id: &context.request_id,
            time: timestamp(epoch / 1000),
            time_epoch: epoch.to_string(),
        },
    };
    // Strings and booleans under string keys always serialize.
    serde_json::to_vec(&event).unwrap_or_default().into()
}

/// The client's headers: those of the platform hold the keys of the function's role, and an event gets logged.
fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    joined(
        headers
            .iter()
            .filter(|(name, _)| !name.as_str().starts_with(PREFIX))
            .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))),
    )
}

/// Values of one name, joined by commas, as the event has them.
fn joined<K: Into<String>, V: AsRef<str>>(pairs: impl Iterator<Item = (K, V)>) -> BTreeMap<String, String> {
    let mut map = BTreeMap::<String, String>::new();
    for (name, value) in pairs {
        map.entry(name.into())
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(value.as_ref());
            })
            .or_insert_with(|| value.as_ref().to_owned());
    }
    map
}

/// The answer that a handler gives to an HTTP event, if it has this form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpAnswer {
    status_code: Status,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Status {
    Number(u16),
    Text(String),
}

/// The response that a handler's JSON stands for: by its `statusCode`, `headers`, `body` and `isBase64Encoded` if it
/// has a `statusCode`, else 200 and the JSON itself.
pub(crate) fn answer(json: Vec<u8>) -> Result<Response<Body>, String> {
    let has_status = serde_json::from_slice::<Value>(&json).is_ok_and(|value| value.get("statusCode").is_some());
    let (status, headers, body) = if has_status {
        let answer: HttpAnswer = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
        let status = match answer.status_code {
            Status::Number(number) => StatusCode::from_u16(number).ok(),
            Status::Text(text) => text.parse().ok(),
        };
        // 1xx announces an answer and is none.
        let status = status.filter(|status| status.as_u16() >= 200).ok_or("statusCode is none of an answer")?;
        let body = match answer.body {
            None | Some(Value::Null) => Bytes::new(),
            Some(Value::String(text)) if answer.is_base64_encoded => {
                STANDARD.decode(text).map_err(|error| format!("body is not base64: {error}"))?.into()
            }
            Some(Value::String(text)) => text.into(),
            Some(other) => other.to_string().into(),
        };
        (status, answer_headers(answer.headers.unwrap_or_default())?, body)
    } else {
        (StatusCode::OK, HeaderMap::new(), json.into())
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.headers_mut().entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    Ok(response)
}

fn answer_headers(named: BTreeMap<String, Value>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in named {
        let name: HeaderName = name.parse().map_err(|_| format!("{name:?} is not a header's name"))?;
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        for value in values {
            let text = if let Value::String(text) = value { text } else { value.to_string() };
            let value = text.parse().map_err(|_| format!("the value of header {name} is not allowed"))?;
            headers.append(name.clone(), value);
        }
    }
    Ok(without_framing(headers))
}

/// A streamed answer with its prelude applied.
pub(crate) fn streamed(prelude: MetadataPrelude, stream: Body) -> Result<Response<Body>, String> {
    let mut response = Response::new(stream);
    *response.status_mut() = prelude.status_code;
    *response.headers_mut() = without_framing(prelude.headers);
    for cookie in prelude.cookies {
        let value = cookie.parse().map_err(|_| "a cookie is not a header's value")?;
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// How the body is sent is for the server to say: a handler's own length would cut the answer short.
fn without_framing(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}

/// Seconds since the epoch as `2023-09-05T06:41:11Z`.
fn timestamp(epoch: u64) -> String {
    let (days, second) = (epoch / 86_400, epoch % 86_400);
    // Years are counted from March, so that the leap day ends one; eras of 400 years have the same number of days.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_know_leap_years() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(timestamp(1_693_896_071), "2023-09-05T06:41:11Z");
        assert_eq!(timestamp(4_107_542_399), "2100-02-28T23:59:59Z");
        assert_eq!(timestamp(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn answers_that_are_no_http_answers_are_refused() {
        for json in [
            r#"{"statusCode":99}"#,
            r#"{"statusCode":101}"#,
            r#"{"statusCode":"ok"}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"headers":{"a":"b\n"}}"#,
            r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#,
        ] {
            assert!(answer(json.into()).is_err(), "{json}");
        }
    }

    #[test]
    fn the_servers_framing_is_not_the_handlers() {
        let json = r#"{"statusCode":"201","headers":{"Content-Length":"1","X-Many":["a",1]},"body":{"a":1}}"#;
        let response = answer(json.into()).unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers().get_all("x-many").iter().collect::<Vec<_>>(), ["a", "1"]);
        assert!(!response.headers().contains_key("content-length"));
    }
}
