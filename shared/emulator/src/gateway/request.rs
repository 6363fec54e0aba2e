//! An HTTP request as the gateway reads it: decoded once.

use bytes::Bytes;
use http::{HeaderMap, Request};

/// Method, path, parameters, headers and body of one request.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// The path as sent, percent-encoding and all: it is part of some signatures.
    pub(crate) path: String,
    /// The decoded query, in the order sent; names without a value have an empty one.
    pub(crate) query: Vec<(String, String)>,
    /// The decoded form body, if the body is a form.
    pub(crate) form: Vec<(String, String)>,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Incoming {
    pub(crate) fn read(request: Request<Bytes>) -> Self {
        let (mut parts, body) = request.into_parts();
        // A request that never saw a socket may name its host in the URL only.
        if let Some(authority) = parts.uri.authority()
            && !parts.headers.contains_key(http::header::HOST)
            && let Ok(host) = http::HeaderValue::from_str(authority.as_str())
        {
            parts.headers.insert(http::header::HOST, host);
        }
        let query = pairs(parts.uri.query().unwrap_or_default().as_bytes());
        let is_form = parts
            .headers
            .get(http::header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded"));
        let form = if is_form { pairs(&body) } else { Vec::new() };
        Self {
            method: parts.method.as_str().to_ascii_uppercase(),
            path: parts.uri.path().to_owned(),
            query,
            form,
            headers: parts.headers,
            body,
        }
    }

    /// A header's value as the signature sees it: several are joined by commas, bytes outside UTF-8 are replaced.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let mut text = values.next()?.trim().to_owned();
        for value in values {
            text.push(',');
            text.push_str(value.trim());
        }
        Some(text)
    }

    /// Every header's name (lower case) and value.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, String)> {
        self.headers.keys().map(|name| (name.as_str(), self.header(name.as_str()).unwrap_or_default()))
    }

    /// A parameter of the query or of the form.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().chain(&self.form).find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is there and not empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.param(name).filter(|value| !value.is_empty())
    }

    /// Query and form together.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().chain(&self.form).map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The path's segments, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect()
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}
