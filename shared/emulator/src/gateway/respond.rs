//! Answers in the protocols' shapes: JSON or XML, always with a request id and the server's date.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};

use crate::call::{ApiError, Body, Service};

pub(super) const JSON: &str = "application/json;charset=utf-8";

/// How the client wants an RPC answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Xml,
}

/// What every answer to one request shares.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) now: Timestamp,
    pub(super) request_id: String,
    pub(super) host: String,
    /// Whether throttling answers say when to come back.
    pub(super) retry_after: bool,
}

impl Frame {
    /// The answer of an RPC action.
    pub(super) fn success(&self, format: Format, action: &str, answer: Body) -> Response<Bytes> {
        let answer = match answer {
            Body::Text(mut text) if format == Format::Json && text.ends_with(b"}") => {
                text.pop();
                text.extend_from_slice(b",\"RequestId\":\"");
                text.extend_from_slice(self.request_id.as_bytes());
                text.extend_from_slice(b"\"}");
                return self.raw(StatusCode::OK, JSON, Bytes::from(text), &[]);
            }
            other => other.into_tree(),
        };
        let mut body = match answer {
            Value::Object(fields) => fields,
            other => serde_json::Map::from_iter([("Data".to_owned(), other)]),
        };
        body.insert("RequestId".to_owned(), Value::String(self.request_id.clone()));
        self.structured(format, StatusCode::OK, &format!("{action}Response"), &Value::Object(body))
    }

    /// The refusal of an RPC action (cloud-apis.md section 1, "Generic errors body").
    pub(super) fn refusal(
        &self,
        format: Format,
        service: Option<Service>,
        error: &ApiError,
        detail: Option<Value>,
    ) -> Response<Bytes> {
        let product = service.map_or_else(|| "Gateway".to_owned(), |service| format!("{service:?}"));
        let mut body = json!({
            "RequestId": self.request_id,
            "Message": error.message,
            "Recommend": format!("https://api.aliyun.com/troubleshoot?q={}&product={product}&requestId={}", error.code, self.request_id),
            "HostId": self.host,
            "Code": error.code,
        });
        if let (Some(detail), Some(fields)) = (detail, body.as_object_mut()) {
            fields.insert("AccessDeniedDetail".to_owned(), detail);
        }
        let mut response = self.structured(format, status(error.status), "Error", &body);
        if self.retry_after && error.code.starts_with("Throttling") {
            // Milliseconds (cloud-apis.md section 1, inferred).
            response.headers_mut().insert("x-acs-retry-after", HeaderValue::from_static("500"));
        }
        response
    }

    /// Any body, with the headers that every answer carries.
    pub(super) fn raw(
        &self,
        status: StatusCode,
        kind: &'static str,
        body: Bytes,
        headers: &[(&'static str, &str)],
    ) -> Response<Bytes> {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let fields = response.headers_mut();
        fields.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(value) = http_date(self.now).and_then(|date| HeaderValue::from_str(&date).ok()) {
            fields.insert(http::header::DATE, value);
        }
        for (name, value) in headers.iter().copied().chain([("x-acs-request-id", self.request_id.as_str())]) {
            if let Ok(value) = HeaderValue::from_str(value) {
                fields.insert(name, value);
            }
        }
        response
    }

    fn structured(&self, format: Format, status: StatusCode, root: &str, body: &Value) -> Response<Bytes> {
        let (kind, text) = match format {
            Format::Json => (JSON, body.to_string()),
            Format::Xml => ("text/xml;charset=utf-8", to_xml(root, body)),
        };
        self.raw(status, kind, Bytes::from(text), &[])
    }
}

/// A valid HTTP status, whatever the service gave.
pub(super) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// `Sun, 22 Nov 2026 08:00:00 GMT`.
pub(super) fn http_date(at: Timestamp) -> Option<String> {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()
}

/// A JSON value as XML: fields become elements, arrays repeat theirs.
pub(super) fn to_xml(root: &str, value: &Value) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    element(&mut text, root, value);
    text
}

fn element(text: &mut String, name: &str, value: &Value) {
    if let Value::Array(items) = value {
        for item in items {
            element(text, name, item);
        }
        return;
    }
    let name: String = name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    text.push_str(&format!("<{name}>"));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| element(text, name, value)),
        Value::String(plain) => escape(text, plain),
        Value::Null => {}
        other => text.push_str(&other.to_string()),
    }
    text.push_str(&format!("</{name}>"));
}

fn escape(text: &mut String, plain: &str) {
    for letter in plain.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            // XML 1.0 has no other control characters.
            letter if letter < ' ' && !matches!(letter, '\n' | '\r' | '\t') => text.push('\u{fffd}'),
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_repeats_the_elements_of_an_array() {
        let value = json!({"Instances": {"Instance": [{"Id": "i-1"}, {"Id": "i-<2>"}]}, "TotalCount": 2});
        assert!(to_xml("R", &value).ends_with(
            "<R><Instances><Instance><Id>i-1</Id></Instance><Instance><Id>i-&lt;2&gt;</Id></Instance></Instances>\
             <TotalCount>2</TotalCount></R>"
        ));
    }

    #[test]
    fn dates_are_in_the_form_of_http() {
        assert_eq!(http_date("2026-11-22T08:00:00.9Z".parse().unwrap()).unwrap(), "Sun, 22 Nov 2026 08:00:00 GMT");
    }
}
