//! The response that a handler's answer stands for. It is the union of what Function Compute and Lambda's front ends take, so
//! that it does not depend on the form of the event.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use super::HttpEventForm;
use crate::{response::MetadataPrelude, streaming::Body};

/// The answer that a handler gives to an HTTP event, if it has this form. What is `null` is as good as absent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpAnswer {
    status_code: Status,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Status {
    Number(u16),
    Text(String),
}

/// The response that a handler's JSON stands for: by its `statusCode`, `headers`, `multiValueHeaders`, `cookies`, `body` and
/// `isBase64Encoded` if it has a `statusCode`, else 200 and the JSON itself.
pub(crate) fn answer(form: HttpEventForm, json: Vec<u8>) -> Result<Response<Body>, String> {
    let value = serde_json::from_slice::<Value>(&json).unwrap_or_default();
    let (status, headers, body) = if value.get("statusCode").is_some() {
        let answer: HttpAnswer = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let status = match answer.status_code {
            Status::Number(number) => StatusCode::from_u16(number).ok(),
            Status::Text(text) => text.parse().ok(),
        };
        // 1xx announces an answer and is none.
        let status = status.filter(|status| status.as_u16() >= 200).ok_or("statusCode is none of an answer")?;
        let headers = headers(
            answer.headers.unwrap_or_default(),
            answer.multi_value_headers.unwrap_or_default(),
            &answer.cookies.unwrap_or_default(),
        )?;
        (status, headers, body(answer.body, answer.is_base64_encoded.unwrap_or_default())?)
    } else {
        let body = match value {
            // Format 2.0 sends a string without its quotes; Function Compute sends the JSON as it is.
            Value::String(text) if form == HttpEventForm::Lambda2 => text.into(),
            _ => json.into(),
        };
        (StatusCode::OK, HeaderMap::new(), body)
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.headers_mut().entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    Ok(response)
}

fn body(body: Option<Value>, is_base64_encoded: bool) -> Result<Bytes, String> {
    Ok(match body {
        None | Some(Value::Null) => Bytes::new(),
        Some(Value::String(text)) if is_base64_encoded => {
            STANDARD.decode(text).map_err(|error| format!("body is not base64: {error}"))?.into()
        }
        Some(Value::String(text)) => text.into(),
        Some(other) => other.to_string().into(),
    })
}

/// Both kinds of headers together, as format 1.0 merges them: a value that is in both is sent once.
fn headers(
    single: BTreeMap<String, Value>,
    multiple: BTreeMap<String, Value>,
    cookies: &[String],
) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in multiple {
        append(&mut headers, &name, value, false)?;
    }
    let is_merged = !headers.is_empty();
    for (name, value) in single {
        append(&mut headers, &name, value, is_merged)?;
    }
    for cookie in cookies {
        headers.append(header::SET_COOKIE, header_value(&header::SET_COOKIE, cookie)?);
    }
    Ok(without_framing(headers))
}

/// Adds a header's values: one, or a list of them.
fn append(headers: &mut HeaderMap, name: &str, value: Value, unless_there: bool) -> Result<(), String> {
    let name: HeaderName = name.parse().map_err(|_| format!("{name:?} is not a header's name"))?;
    let values = if let Value::Array(values) = value { values } else { vec![value] };
    for value in values {
        let text = match value {
            Value::String(text) => text,
            Value::Null => continue,
            other => other.to_string(),
        };
        let value = header_value(&name, &text)?;
        if !unless_there || !headers.get_all(&name).iter().any(|there| there == value) {
            headers.append(name.clone(), value);
        }
    }
    Ok(())
}

/// UTF-8 is allowed, as the field's definition has it (RFC 9110, section 5.5: obs-text).
fn header_value(name: &HeaderName, text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| format!("the value of header {name} is not allowed"))
}

/// A streamed answer with its prelude applied.
pub(crate) fn streamed(prelude: MetadataPrelude, stream: Body) -> Result<Response<Body>, String> {
    if prelude.status_code.is_informational() {
        return Err("statusCode is none of an answer".to_owned());
    }
    let mut response = Response::new(stream);
    *response.status_mut() = prelude.status_code;
    *response.headers_mut() = without_framing(prelude.headers);
    for cookie in prelude.cookies {
        response.headers_mut().append(header::SET_COOKIE, header_value(&header::SET_COOKIE, &cookie)?);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn response(json: &str) -> Result<Response<Body>, String> {
        answer(HttpEventForm::FunctionCompute, json.into())
    }

    fn values<'a>(response: &'a Response<Body>, name: &str) -> Vec<&'a str> {
        response.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    #[test]
    fn answers_that_are_no_http_answers_are_refused() {
        for json in [
            r#"{"statusCode":99}"#,
            r#"{"statusCode":101}"#,
            r#"{"statusCode":"ok"}"#,
            r#"{"statusCode":null}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"headers":{"a":"b\n"}}"#,
            r#"{"statusCode":200,"multiValueHeaders":{"a":["b\n"]}}"#,
            r#"{"statusCode":200,"cookies":["a=b\r\nc: d"]}"#,
            r#"{"statusCode":200,"cookies":"a=b"}"#,
            r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#,
        ] {
            assert!(response(json).is_err(), "{json}");
        }
    }

    #[test]
    fn the_servers_framing_is_not_the_handlers() {
        let json = r#"{"statusCode":"201","headers":{"Content-Length":"1","X-Many":["a",1]},"body":{"a":1}}"#;
        let response = response(json).unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(values(&response, "x-many"), ["a", "1"]);
        assert!(!response.headers().contains_key("content-length"));
    }

    #[test]
    fn cookies_and_values_of_both_kinds_are_all_sent_and_none_twice() {
        let response = response(
            r#"{"statusCode":200,
                "headers":{"X-One":"1","x-two":"a","Set-Cookie":"c=3","x-nothing":null},
                "multiValueHeaders":{"X-Two":["a","b"],"set-cookie":["d=4"]},
                "cookies":["a=1; Path=/","b=2"],"body":null,"isBase64Encoded":null}"#,
        )
        .unwrap();
        assert_eq!(values(&response, "x-one"), ["1"]);
        assert_eq!(values(&response, "x-two"), ["a", "b"]);
        assert_eq!(values(&response, "set-cookie"), ["d=4", "c=3", "a=1; Path=/", "b=2"]);
        assert!(!response.headers().contains_key("x-nothing"));
    }

    #[test]
    fn fields_that_are_null_are_as_good_as_absent() {
        let json = r#"{"statusCode":204,"headers":null,"multiValueHeaders":null,"cookies":null,"body":null}"#;
        assert_eq!(response(json).unwrap().status(), 204);
    }
}
