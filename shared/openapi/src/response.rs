//! Responses: what is success, and what an error body says.
//!
//! Error bodies are JSON with `Code`, `Message` and `RequestId` in either case, XML with elements of those names (OSS), or
//! whatever a gateway on the way thought fit. Nothing here can fail: what cannot be read becomes the code `Http502` or such.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use crate::error::{Error, ErrorKind};

/// How much of a body that is no error body goes into a message.
const EXCERPT: usize = 200;
/// What `Code` says where nothing went wrong; most answers have none (EventBridge says `Success`).
const SUCCESSES: &[&str] = &["", "Success", "OK", "200"];
/// The longest wait that a service is believed to mean.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Tells success from refusal by the status alone.
pub(crate) fn classify(action: &'static str, response: Response<Bytes>) -> Result<Response<Bytes>, Error> {
    if response.status().is_success() { Ok(response) } else { Err(refusal(action, &response)) }
}

/// The JSON body of a successful response. Some services (EventBridge) refuse with status 200 and `Success` false. An answer
/// with nothing in it is none, and neither is one that carries an error's `Code` beside its status of success.
pub(crate) fn json(action: &'static str, response: &Response<Bytes>) -> Result<Value, Error> {
    let body = response.body();
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::malformed(action, response.status().as_u16(), "the answer is empty"));
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Error::malformed(action, response.status().as_u16(), format!("{error}: {}", excerpt(body))))?;
    let success = field(&value, "Success").map(|success| text(success).to_ascii_lowercase());
    if success.as_deref() == Some("false") && field(&value, "Code").is_some() {
        return Err(refusal(action, response));
    }
    let code = field(&value, "Code").filter(|code| code.is_string() || code.is_number()).map(text).unwrap_or_default();
    if !SUCCESSES.iter().any(|success| code.eq_ignore_ascii_case(success)) {
        let error = refusal(action, response);
        let message = format!("the answer is a success that carries the error {}: {}", error.code, error.message);
        return Err(Error::malformed(action, response.status().as_u16(), message));
    }
    Ok(value)
}

/// When the server says that it answered.
pub(crate) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(http::header::DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()
}

/// As it came: [`Error::without`] makes it fit to be shown.
fn refusal(action: &'static str, response: &Response<Bytes>) -> Error {
    let (status, headers, body) = (response.status(), response.headers(), response.body());
    let parts = parts(body);
    let find =
        |names: &[&str]| names.iter().find_map(|name| parts.iter().find(|(part, _)| part == name)).map(|(_, v)| v);
    let code = find(&["code", "errorcode"]).filter(|code| !code.is_empty()).cloned();
    let message = find(&["message", "errormessage"]).cloned().unwrap_or_else(|| excerpt(body));
    let request_id = find(&["requestid"])
        .cloned()
        .or_else(|| header(headers, &["x-acs-request-id", "x-fc-request-id", "x-oss-request-id"]))
        .unwrap_or_default();
    Error {
        kind: ErrorKind::Refused,
        status: Some(status.as_u16()),
        code: code.unwrap_or_else(|| unnamed(status)),
        message,
        request_id,
        action,
        retry_after: retry_after(headers),
        place: None,
    }
}

fn unnamed(status: StatusCode) -> String {
    format!("Http{}", status.as_u16())
}

/// Milliseconds by `x-acs-retry-after` (cloud-apis.md, section 1), seconds by the standard header.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name| header(headers, &[name])?.trim().parse::<u64>().ok().filter(|number| *number > 0);
    let wait = number("x-acs-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))?;
    Some(wait.min(LONGEST_WAIT))
}

fn header(headers: &HeaderMap, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| headers.get(*name)?.to_str().ok()).map(str::to_owned)
}

/// The named parts of an error body, names in lower case.
fn parts(body: &[u8]) -> Vec<(String, String)> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => {
            fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect()
        }
        Ok(_) => Vec::new(),
        Err(_) => elements(&String::from_utf8_lossy(body)),
    }
}

/// The error elements of an XML body. A page of HTML has none of them.
fn elements(body: &str) -> Vec<(String, String)> {
    ["Code", "Message", "RequestId"]
        .into_iter()
        .filter_map(|name| Some((name.to_ascii_lowercase(), unescape(element(body, name)?.trim()))))
        .collect()
}

/// The content of the first XML element of a name, as it is written.
pub(crate) fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

/// A text of XML as it is meant.
pub(crate) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(EXCERPT).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
        let mut builder = Response::builder().status(status);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    fn error(status: u16, body: &str) -> Error {
        classify("Test", response(status, &[], body)).unwrap_err()
    }

    #[test]
    fn the_sample_of_the_gateway_keeps_all_its_parts() {
        let body = r#"{"RequestId":"3C85E634","Message":"Specified time stamp or date value is expired.",
            "Recommend":"https://example.com","HostId":"alidns.aliyuncs.com","Code":"InvalidTimeStamp.Expired"}"#;
        let error = error(400, body);
        assert_eq!((error.status, error.code.as_str()), (Some(400), "InvalidTimeStamp.Expired"));
        assert_eq!((error.request_id.as_str(), error.action), ("3C85E634", "Test"));
        assert!(error.message.starts_with("Specified time stamp"));
    }

    #[test]
    fn lower_case_keys_and_numeric_codes_are_read() {
        let error = error(400, r#"{"code":-21020,"message":"busy","requestId":"R"}"#);
        assert_eq!((error.code.as_str(), error.message.as_str(), error.request_id.as_str()), ("-21020", "busy", "R"));
    }

    #[test]
    fn an_xml_body_of_oss_is_read() {
        let error = error(
            404,
            "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>no &lt;key&gt;</Message>\
             <RequestId>5C3D</RequestId></Error>",
        );
        assert_eq!((error.code.as_str(), error.message.as_str()), ("NoSuchKey", "no <key>"));
        assert!(error.is_not_found());
    }

    #[test]
    fn a_page_of_a_gateway_has_a_code_of_its_status() {
        let error = error(502, "<html><body>\n<h1>502 Bad Gateway</h1></body></html>");
        assert_eq!((error.code.as_str(), error.request_id.as_str()), ("Http502", ""));
        assert!(error.message.contains("502 Bad Gateway"));
        assert!(error.may_have_happened());
    }

    #[test]
    fn a_refusal_with_status_200_is_an_error() {
        let refused =
            response(200, &[], r#"{"Success":false,"Code":"EventRuleNotExisted","Message":"no","RequestId":"R"}"#);
        assert_eq!(json("Test", &refused).unwrap_err().code, "EventRuleNotExisted");
        let fine = response(200, &[], r#"{"Success":true,"Code":"Success"}"#);
        assert!(json("Test", &fine).is_ok());
    }

    #[test]
    fn an_answer_that_is_no_json_is_malformed_and_leaves_doubt() {
        let error = json("Test", &response(200, &[], "<html>")).unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Malformed, "MalformedAnswer"));
        assert!(error.may_have_happened());
    }

    #[test]
    fn the_wait_that_the_service_asks_for_is_kept_but_bounded() {
        let wait = |headers: &[(&str, &str)]| classify("T", response(400, headers, "{}")).unwrap_err().retry_after;
        assert_eq!(wait(&[("x-acs-retry-after", "1500")]), Some(Duration::from_millis(1500)));
        assert_eq!(wait(&[("retry-after", "2")]), Some(Duration::from_secs(2)));
        assert_eq!(wait(&[("x-acs-retry-after", "999999999")]), Some(LONGEST_WAIT));
        assert_eq!(wait(&[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")]), None);
    }

    #[test]
    fn the_servers_date_is_read_or_absent() {
        let with = response(200, &[("date", "Sun, 22 Nov 2026 08:00:02 GMT")], "");
        assert_eq!(date(with.headers()), Some("2026-11-22T08:00:02Z".parse().unwrap()));
        assert_eq!(date(response(200, &[("date", "soon")], "").headers()), None);
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(status in 300_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut response = Response::new(Bytes::from(body));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            let _ = json("Test", &response);
            let error = classify("Test", response).unwrap_err();
            prop_assert_eq!(error.status, Some(status));
            prop_assert!(!error.code.is_empty());
        }
    }
}
