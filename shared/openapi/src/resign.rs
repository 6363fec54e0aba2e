//! Signs a recorded request again, in the same style, with another key, time and nonce.
//!
//! Recordings contain no usable signature. This module removes everything that belongs to the signature, keeps the rest of the
//! request, and adds a new signature.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request};
use jiff::Timestamp;

use crate::client::authority;
use crate::credentials::Credentials;
use crate::encode;
use crate::error::Error;
use crate::flatten::Parameters;
use crate::sign;

/// What errors of this module are about.
const ACTION: &str = "resign";

/// A request without its host, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unsigned {
    /// As in `POST`.
    pub method: String,
    /// The path as it is on the wire, encoded.
    pub path: String,
    /// The query.
    pub query: Vec<(String, String)>,
    /// Lower-case names.
    pub headers: BTreeMap<String, String>,
    /// The fields of a form body.
    pub form: Option<Vec<(String, String)>>,
    /// The body, where it is no form.
    pub body: Bytes,
}

/// What makes one signature differ from the next.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// The time of signing.
    pub time: Timestamp,
    /// Never used before.
    pub nonce: String,
}

/// Signs a request for a base URL, in the style in which it was signed before; one that was not signed stays so.
///
/// # Errors
/// [`Error`] when it cannot be put together: its path or a header is none.
pub fn resign(
    request: &Unsigned,
    region: &str,
    base: &str,
    credentials: &Credentials,
    fresh: &Fresh,
) -> Result<Request<Bytes>, Error> {
    let scheme = request.headers.get("authorization").map_or("", String::as_str);
    let signed = |pairs: &[(String, String)]| pairs.iter().any(|(name, _)| name == "Signature");
    let in_form = request.form.as_deref().is_some_and(signed);
    let mut next = request.clone();
    next.headers.retain(|name, _| !GENERATED.contains(&name.as_str()));
    next.headers.insert("host".to_owned(), authority(base));
    if scheme.starts_with("OSS4") {
        oss(&mut next, region, credentials, fresh);
    } else if scheme.starts_with("ACS3") {
        acs3(&mut next, credentials, fresh);
    } else if in_form || signed(&request.query) {
        rpc(&mut next, in_form, credentials, fresh);
    }
    let body = next.content();
    let mark = if next.query.is_empty() { "" } else { "?" };
    let url = format!("{base}{}{mark}{}", next.path, encode::query(&parameters(&next.query)));
    let method =
        Method::from_bytes(next.method.as_bytes()).map_err(|error| Error::invalid(ACTION, error.to_string()))?;
    let mut builder = Request::builder().method(method).uri(url);
    for (name, value) in &next.headers {
        builder = builder.header(name, value);
    }
    builder.body(body).map_err(|error| Error::invalid(ACTION, error.to_string()))
}

/// Headers that a signature brought, or that belong to the old connection.
const GENERATED: [&str; 14] = [
    "authorization",
    "connection",
    "content-length",
    "date",
    "host",
    "transfer-encoding",
    "x-acs-accesskey-id",
    "x-acs-content-sha256",
    "x-acs-credentials-provider",
    "x-acs-date",
    "x-acs-security-token",
    "x-acs-signature-nonce",
    "x-oss-date",
    "x-oss-security-token",
];

impl Unsigned {
    fn content(&self) -> Bytes {
        self.form.as_ref().map_or_else(|| self.body.clone(), |form| Bytes::from(encode::query(&parameters(form))))
    }
}

fn parameters(pairs: &[(String, String)]) -> Parameters {
    pairs.iter().cloned().collect()
}

/// The parameters of the protocol stand where the signature stood.
fn rpc(request: &mut Unsigned, in_form: bool, credentials: &Credentials, fresh: &Fresh) {
    const PROTOCOL: [&str; 7] = [
        "AccessKeyId",
        "SecurityToken",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureVersion",
        "Timestamp",
    ];
    let keep = |pairs: &mut Vec<(String, String)>| pairs.retain(|(name, _)| !PROTOCOL.contains(&name.as_str()));
    keep(&mut request.query);
    request.form.iter_mut().for_each(keep);
    let mut added = vec![
        ("AccessKeyId", credentials.access_key_id.clone()),
        ("SignatureMethod", "HMAC-SHA1".to_owned()),
        ("SignatureNonce", fresh.nonce.clone()),
        ("SignatureVersion", "1.0".to_owned()),
        ("Timestamp", stamp(fresh.time)),
    ];
    added.extend(credentials.security_token.clone().map(|token| ("SecurityToken", token)));
    let mut all = parameters(&request.query);
    all.extend(request.form.iter().flatten().cloned());
    all.extend(added.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    added.push(("Signature", sign::rpc::signature(&request.method, &all, &credentials.access_key_secret)));
    let place = match &mut request.form {
        Some(form) if in_form => form,
        _ => &mut request.query,
    };
    place.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value)));
}

fn acs3(request: &mut Unsigned, credentials: &Credentials, fresh: &Fresh) {
    let digest = sign::sha256_hex(&request.content());
    let added = [
        ("x-acs-content-sha256", digest),
        ("x-acs-date", stamp(fresh.time)),
        ("x-acs-signature-nonce", fresh.nonce.clone()),
    ];
    request.headers.extend(added.map(|(name, value)| (name.to_owned(), value)));
    if let Some(token) = &credentials.security_token {
        request.headers.insert("x-acs-security-token".to_owned(), token.clone());
    }
    let critical = |name: &str| name == "host" || name == "content-type" || name.starts_with("x-acs-");
    let headers = request.headers.iter().filter(|(name, _)| critical(name));
    let headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
    let query = parameters(&request.query);
    let signed = sign::acs3::Signed { method: &request.method, path: &request.path, query: &query, headers: &headers };
    request.headers.insert("authorization".to_owned(), signed.authorization(credentials));
}

fn oss(request: &mut Unsigned, region: &str, credentials: &Credentials, fresh: &Fresh) {
    let time = fresh.time.strftime("%Y%m%dT%H%M%SZ").to_string();
    request.headers.insert("x-oss-date".to_owned(), time.clone());
    request.headers.insert("x-oss-content-sha256".to_owned(), sign::oss4::UNSIGNED_PAYLOAD.to_owned());
    if let Some(token) = &credentials.security_token {
        request.headers.insert("x-oss-security-token".to_owned(), token.clone());
    }
    let mut resource = percent_encoding::percent_decode_str(&request.path).decode_utf8_lossy().into_owned();
    if resource.matches('/').count() == 1 {
        // A bucket by itself.
        resource.push('/');
    }
    let signed = sign::oss4::Signed {
        method: &request.method,
        resource: &resource,
        query: &parameters(&request.query),
        headers: &request.headers,
        time: &time,
        region,
    };
    let authorization = signed.authorization(credentials);
    request.headers.insert("authorization".to_owned(), authorization);
}

fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn again(request: &Unsigned) -> Request<Bytes> {
        let fresh = Fresh { time: "2026-11-22T08:00:00Z".parse().unwrap(), nonce: "n".into() };
        let key = Credentials::temporary("ak", "sk", "token");
        resign(request, "cn-hangzhou", "http://127.0.0.1:1", &key, &fresh).unwrap()
    }

    #[test]
    fn the_signature_stands_where_it_stood() {
        let query =
            pairs(&[("Action", "DescribeVpcs"), ("Signature", "***"), ("SignatureNonce", "old"), ("AccessKeyId", "a")]);
        let form = Some(pairs(&[("VpcId", "vpc-1")]));
        let request = again(&Unsigned { method: "POST".into(), path: "/".into(), query, form, ..Unsigned::default() });
        let query = request.uri().query().unwrap();
        assert!(
            query.contains("SignatureNonce=n") && query.contains("AccessKeyId=ak") && !query.contains("old"),
            "{query}"
        );
        assert!(query.contains("SecurityToken=token"), "{query}");
        assert_eq!(request.body().as_ref(), b"VpcId=vpc-1");
        let form = pairs(&[("Action", "DescribeVpcs"), ("Signature", "***")]);
        let request =
            again(&Unsigned { method: "POST".into(), path: "/".into(), form: Some(form), ..Unsigned::default() });
        assert_eq!(request.uri().query(), None);
        assert!(String::from_utf8_lossy(request.body()).contains("Signature="));
    }

    #[test]
    fn the_styles_with_a_header_keep_what_they_signed() {
        let headers = |scheme: &str| {
            BTreeMap::from([
                ("authorization".to_owned(), format!("{scheme} ***")),
                ("x-acs-action".to_owned(), "GetFunction".to_owned()),
                ("x-acs-date".to_owned(), "old".to_owned()),
            ])
        };
        for (scheme, token) in
            [("ACS3-HMAC-SHA256", "x-acs-security-token"), ("OSS4-HMAC-SHA256", "x-oss-security-token")]
        {
            let request = Unsigned {
                method: "GET".into(),
                path: "/a/b%20c".into(),
                headers: headers(scheme),
                ..Unsigned::default()
            };
            let request = again(&request);
            let authorization = request.headers()["authorization"].to_str().unwrap();
            assert!(authorization.starts_with(scheme) && !authorization.contains("***"), "{authorization}");
            assert_eq!(request.headers()[token], "token");
            assert_eq!(request.headers()["x-acs-action"], "GetFunction");
            assert_eq!(request.uri().path(), "/a/b%20c");
        }
    }

    #[test]
    fn what_was_not_signed_stays_so() {
        let request = again(&Unsigned { method: "GET".into(), path: "/".into(), ..Unsigned::default() });
        assert!(!request.headers().contains_key("authorization"));
        assert_eq!(request.uri().query(), None);
    }
}
