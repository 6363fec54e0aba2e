//! What all forms of events take from a request: path, query, headers, body, and where it came from.

use std::{borrow::Cow, collections::BTreeMap, net::IpAddr, time::SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, header, request::Parts};

use crate::{
    context::Context,
    protocol::{self, FcHeaders, PREFIX},
    time::epoch_millis,
};

/// Each proxy appends the address that the request came from. The first is the client's; the client can forge it.
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A request, as the forms look at it.
pub(super) struct Request<'a> {
    parts: &'a Parts,
    body: &'a Bytes,
    context: &'a Context,
    /// When it came, in milliseconds since the epoch.
    pub(super) epoch: u64,
    /// The client's address; empty if it is not known.
    pub(super) source_ip: Cow<'a, str>,
}

/// A body as text: itself, or its base64.
pub(super) struct Text {
    pub(super) text: String,
    pub(super) is_base64: bool,
}

impl<'a> Request<'a> {
    pub(super) fn new(parts: &'a Parts, body: &'a Bytes, context: &'a Context, arrival: SystemTime) -> Self {
        Self { parts, body, context, epoch: epoch_millis(arrival), source_ip: source_ip(&parts.headers) }
    }

    pub(super) fn method(&self) -> &'a str {
        self.parts.method.as_str()
    }

    /// The path as it came, percent-encoded.
    pub(super) fn path(&self) -> &'a str {
        self.parts.uri.path()
    }

    pub(super) fn decoded_path(&self) -> String {
        decoded(self.path())
    }

    /// The query as it came, without its question mark; empty if there is none.
    pub(super) fn query(&self) -> &'a str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// The query's parameters in their order, decoded.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        form_urlencoded::parse(self.query().as_bytes())
    }

    /// The query's parameters in their order, as they came.
    pub(super) fn encoded_parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.query()
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
    }

    pub(super) fn protocol(&self) -> String {
        format!("{:?}", self.parts.version)
    }

    /// The name that the client asked for, without the port.
    pub(super) fn domain_name(&self) -> &'a str {
        let host = self.header(&header::HOST);
        host.rsplit_once(':').map_or(host, |(name, _)| name)
    }

    /// The first label of the name: on Function Compute's own domain, what tells one trigger from the others.
    pub(super) fn domain_prefix(&self) -> &'a str {
        self.domain_name().split('.').next().unwrap_or_default()
    }

    pub(super) fn user_agent(&self) -> &'a str {
        self.header(&header::USER_AGENT)
    }

    pub(super) fn request_id(&self) -> &'a str {
        &self.context.request_id
    }

    pub(super) fn account_id(&self) -> &'a str {
        &self.context.account_id
    }

    fn header(&self, name: &HeaderName) -> &'a str {
        protocol::header(&self.parts.headers, name).unwrap_or_default()
    }

    /// The client's headers: those of the platform hold the keys of the function's role, and an event gets logged.
    ///
    /// Cookies are in one header, wherever a hop has spread them over several (RFC 9113, section 8.2.3).
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        let has_spread_cookies = self.parts.headers.get_all(header::COOKIE).iter().nth(1).is_some();
        let cookies = has_spread_cookies.then(|| (header::COOKIE.as_str(), Cow::Owned(self.cookies().join("; "))));
        self.parts
            .headers
            .iter()
            .filter(move |(name, _)| {
                let is_joined_below = has_spread_cookies && *name == header::COOKIE;
                !is_joined_below && !name.as_str().starts_with(PREFIX)
            })
            .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
            .chain(cookies)
    }

    /// The client's headers as Lambda's front ends pass them on, all of which say where a request came from.
    pub(super) fn forwarded_headers(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        let is_missing = !self.parts.headers.contains_key(&X_FORWARDED_FOR) && !self.source_ip.is_empty();
        let added = is_missing.then(|| (X_FORWARDED_FOR.as_str(), self.source_ip.clone()));
        self.headers().chain(added)
    }

    /// Each cookie, as `name=value`.
    pub(super) fn cookies(&self) -> Vec<String> {
        let values = self.parts.headers.get_all(header::COOKIE).iter();
        values
            .flat_map(|value| {
                let text = String::from_utf8_lossy(value.as_bytes());
                text.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>()
            })
            .filter(|cookie| !cookie.is_empty())
            .collect()
    }

    /// The body as Function Compute's built-in runtimes get it: base64 if it is not text.
    pub(super) fn text_or_base64(&self) -> Text {
        match str::from_utf8(self.body) {
            Ok(text) => Text { text: text.to_owned(), is_base64: false },
            Err(_) => Text { text: STANDARD.encode(self.body), is_base64: true },
        }
    }

    /// The body as Lambda's front ends send it: base64 unless its type is one of text. A body whose type is not stated is
    /// base64 if it is not text. `None`: there is no body.
    pub(super) fn text_by_type(&self) -> Option<Text> {
        if self.body.is_empty() {
            return None;
        }
        let content_type = protocol::header(&self.parts.headers, &header::CONTENT_TYPE);
        let is_binary = self.parts.headers.contains_key(header::CONTENT_ENCODING)
            || content_type.is_some_and(|content_type| !is_text(content_type));
        if is_binary {
            return Some(Text { text: STANDARD.encode(self.body), is_base64: true });
        }
        Some(self.text_or_base64())
    }
}

/// Whether Lambda's front ends take a type for text: "Lambda functions as targets" of Application Load Balancers names the
/// first four; the suffixes are of the same kind.
fn is_text(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&essence.as_str())
        || ["+json", "+xml"].iter().any(|suffix| essence.ends_with(suffix))
}

/// Function Compute states the client's address, but leaves it empty behind a gateway; then it is the first address of
/// X-Forwarded-For.
fn source_ip(headers: &HeaderMap) -> Cow<'_, str> {
    if let Some(address) = protocol::text(FcHeaders::of(headers).client_ip) {
        return Cow::Borrowed(address);
    }
    let forwarded = headers.get_all(&X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let addresses = forwarded.flat_map(|value| value.split(',')).find_map(address);
    addresses.map_or(Cow::Borrowed(""), |address| Cow::Owned(address.to_string()))
}

/// An address of a list, which some senders write with its port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let without_port = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map_or_else(|| text.rsplit_once(':').map_or(text, |(address, _)| address), |(address, _)| address);
    text.parse().or_else(|_| without_port.parse()).ok()
}

pub(super) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Values of one name, joined by commas.
pub(super) fn joined<K: Into<String>, V: AsRef<str>>(pairs: impl Iterator<Item = (K, V)>) -> BTreeMap<String, String> {
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

/// The last value of each name.
pub(super) fn last<K: Into<String>, V: Into<String>>(pairs: impl Iterator<Item = (K, V)>) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.into(), value.into())).collect()
}

/// All values of each name.
pub(super) fn all<K: Into<String>, V: Into<String>>(
    pairs: impl Iterator<Item = (K, V)>,
) -> BTreeMap<String, Vec<String>> {
    let mut map = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in pairs {
        map.entry(name.into()).or_default().push(value.into());
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_source_is_what_function_compute_says_else_the_first_address_that_was_forwarded() {
        for (pairs, expected) in [
            (&[("x-fc-client-ip", "11.11.11.11"), ("x-forwarded-for", "1.1.1.1")][..], "11.11.11.11"),
            (&[("x-fc-client-ip", ""), ("x-forwarded-for", "1.1.1.1, 2.2.2.2")], "1.1.1.1"),
            (&[("x-forwarded-for", "1.1.1.1:4711")], "1.1.1.1"),
            (&[("x-forwarded-for", "unknown,  2001:db8::1 ,3.3.3.3")], "2001:db8::1"),
            (&[("x-forwarded-for", "[2001:db8::1]:4711")], "2001:db8::1"),
            (&[("x-forwarded-for", "nobody")], ""),
            (&[], ""),
        ] {
            assert_eq!(source_ip(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn the_types_of_text_are_those_of_lambdas_front_ends() {
        for text in ["text/plain", "Application/JSON; charset=utf-8", "application/xml", "application/problem+json"] {
            assert!(is_text(text), "{text}");
        }
        for binary in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "image/png", ""] {
            assert!(!is_text(binary), "{binary}");
        }
    }
}
