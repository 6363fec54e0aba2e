//! The three signatures the emulated services accept, computed from what arrived.
//!
//! Sources: cloud-apis.md sections 2.1 and 2.2 (both with published vectors, tested below); OSS V4 after the help page
//! "Include a V4 signature in the Authorization header". The client's own list of signed headers decides which headers
//! count: SDKs differ in what they sign.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;

use super::request::Incoming;
use crate::digest::{hmac_sha256, sha256_hex};

/// RFC 3986: everything but letters, digits and `-_.~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same for a path, whose slashes stay.
const PATH: &AsciiSet = &RESERVED.remove(b'/');

/// What an `Authorization` header of the newer signatures says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorization {
    /// The access key id; for OSS the whole scope.
    pub(crate) credential: String,
    /// Names of signed headers (ACS3) or of additional headers (OSS), lower case.
    pub(crate) headers: Vec<String>,
    pub(crate) signature: String,
}

impl Authorization {
    /// Reads `<scheme> Credential=..,SignedHeaders=..,Signature=..`, with or without blanks after the commas.
    pub(crate) fn parse(text: &str, scheme: &str) -> Option<Self> {
        let fields = text.strip_prefix(scheme)?;
        let mut parsed = Self { credential: String::new(), headers: Vec::new(), signature: String::new() };
        for field in fields.split(',') {
            let (name, value) = field.trim().split_once('=')?;
            match name {
                "Credential" => parsed.credential = value.to_owned(),
                "SignedHeaders" | "AdditionalHeaders" => {
                    parsed.headers =
                        value.split(';').filter(|name| !name.is_empty()).map(str::to_ascii_lowercase).collect();
                }
                "Signature" => parsed.signature = value.to_owned(),
                _ => {}
            }
        }
        (!parsed.credential.is_empty() && !parsed.signature.is_empty()).then_some(parsed)
    }
}

/// RPC, HMAC-SHA1: the string that query and form together make.
pub(crate) fn rpc_string_to_sign(incoming: &Incoming) -> String {
    let query = canonical_query(incoming.pairs().filter(|(name, _)| *name != "Signature"));
    let mut text = String::with_capacity(2 * query.len());
    text.extend([incoming.method.as_str(), "&%2F&"]);
    text.extend(utf8_percent_encode(&query, RESERVED));
    text
}

/// RPC, HMAC-SHA1: the signature, in base64.
pub(crate) fn rpc_signature(secret: &str, string_to_sign: &str) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(format!("{secret}&").as_bytes());
    mac.map(|mut mac| {
        mac.update(string_to_sign.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    })
    .unwrap_or_default()
}

/// ACS3: the canonical request over the headers that the client says it signed.
pub(crate) fn acs3_canonical_request(incoming: &Incoming, signed_headers: &[String]) -> String {
    let path = if incoming.path.is_empty() { "/" } else { &incoming.path };
    let query = canonical_query(incoming.query.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let mut text = String::with_capacity(512);
    text.extend([incoming.method.as_str(), "\n", path, "\n", &query, "\n"]);
    for name in signed_headers {
        text.extend([name.as_str(), ":", incoming.header(name).unwrap_or_default().as_str(), "\n"]);
    }
    text.push('\n');
    for (place, name) in signed_headers.iter().enumerate() {
        text.extend([if place == 0 { "" } else { ";" }, name.as_str()]);
    }
    text.push('\n');
    text.push_str(&sha256_hex(&incoming.body));
    text
}

/// ACS3: the string to sign.
pub(crate) fn acs3_string_to_sign(canonical_request: &str) -> String {
    format!("ACS3-HMAC-SHA256\n{}", sha256_hex(canonical_request.as_bytes()))
}

/// ACS3: the signature, in hexadecimal.
pub(crate) fn acs3_signature(secret: &str, string_to_sign: &str) -> String {
    hex::encode(hmac_sha256(secret.as_bytes(), string_to_sign.as_bytes()))
}

/// OSS V4: the canonical request. `resource` is `/bucket/key`, also where the bucket is part of the host name.
pub(crate) fn oss_canonical_request(incoming: &Incoming, resource: &str, additional: &[String]) -> String {
    let mut query: Vec<String> = incoming
        .query
        .iter()
        .map(
            |(name, value)| if value.is_empty() { encode(name) } else { format!("{}={}", encode(name), encode(value)) },
        )
        .collect();
    query.sort();
    let mut headers: Vec<(&str, String)> = incoming
        .headers()
        .filter(|(name, _)| {
            name.starts_with("x-oss-")
                || matches!(*name, "content-type" | "content-md5")
                || additional.iter().any(|extra| extra == name)
        })
        .collect();
    headers.sort();
    headers.dedup();
    let headers: String = headers.into_iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let payload = incoming.header("x-oss-content-sha256").unwrap_or_else(|| "UNSIGNED-PAYLOAD".to_owned());
    let resource = utf8_percent_encode(resource, PATH);
    format!("{}\n{resource}\n{}\n{headers}\n{}\n{payload}", incoming.method, query.join("&"), additional.join(";"))
}

/// OSS V4: the signature; `scope` is `date/region/oss/aliyun_v4_request`.
pub(crate) fn oss_signature(secret: &str, date_time: &str, scope: &str, canonical_request: &str) -> String {
    let key = scope
        .split('/')
        .fold(format!("aliyun_v4{secret}").into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()));
    let string_to_sign =
        format!("OSS4-HMAC-SHA256\n{date_time}\n{scope}\n{}", sha256_hex(canonical_request.as_bytes()));
    hex::encode(hmac_sha256(&key, string_to_sign.as_bytes()))
}

/// Percent-encodes everything that is not unreserved.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn canonical_query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<(&str, &str)> = pairs.collect();
    pairs.sort_unstable();
    let mut text = String::with_capacity(256);
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(utf8_percent_encode(name, RESERVED));
        text.push('=');
        text.extend(utf8_percent_encode(value, RESERVED));
    }
    text
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;

    fn rpc(time_name: &str) -> Incoming {
        let uri = format!(
            "/?Action=DescribeRegions&Format=XML&Version=2014-05-26&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf\
             &SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&AccessKeyId=testid&{time_name}=2016-02-23T12%3A46%3A24Z&Signature=x"
        );
        Incoming::read(Request::get(uri).body(Bytes::new()).unwrap())
    }

    #[test]
    fn rpc_reproduces_the_published_values() {
        let sign = |name| rpc_signature("testsecret", &rpc_string_to_sign(&rpc(name)));
        assert_eq!(sign("Timestamp"), "OLeaidS1JvxuMvnyHOwuJ+uX5qY=");
        assert_eq!(sign("TimeStamp"), "CT9X0VtwR86fNWSnsc6v8YGOjuE=");
    }

    #[test]
    fn rpc_signs_empty_parameters_and_the_form() {
        let request = Request::post("/?SignatureType=&B=1")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(Bytes::from_static(b"A=x+y*"))
            .unwrap();
        assert_eq!(
            rpc_string_to_sign(&Incoming::read(request)),
            "POST&%2F&A%3Dx%2520y%252A%26B%3D1%26SignatureType%3D"
        );
    }

    fn acs3(date: &str, nonce: &str) -> (Incoming, Vec<String>) {
        let request =
            Request::post("/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai")
                .header("host", "ecs.cn-shanghai.aliyuncs.com")
                .header("x-acs-action", "RunInstances")
                .header("x-acs-version", "2014-05-26")
                .header("x-acs-date", date)
                .header("x-acs-signature-nonce", nonce)
                .header("x-acs-content-sha256", sha256_hex(b""))
                .body(Bytes::new())
                .unwrap();
        let names =
            ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"];
        (Incoming::read(request), names.map(str::to_owned).to_vec())
    }

    #[test]
    fn acs3_reproduces_the_published_values() {
        let (incoming, names) = acs3("2023-10-26T10:22:32Z", "3156853299f313e23d1673dc12e1703d");
        let canonical = acs3_canonical_request(&incoming, &names);
        assert_eq!(
            sha256_hex(canonical.as_bytes()),
            "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259"
        );
        assert_eq!(
            acs3_signature("YourAccessKeySecret", &acs3_string_to_sign(&canonical)),
            "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
        let (incoming, names) = acs3("2023-10-26T09:01:01Z", "d410180a5abf7fe235dd9b74aca91fc0");
        let canonical = acs3_canonical_request(&incoming, &names);
        assert_eq!(
            acs3_signature("YourAccessKeySecret", &acs3_string_to_sign(&canonical)),
            "e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804"
        );
    }

    #[test]
    fn an_oss_request_is_canonical_over_its_own_headers_only() {
        let request = Request::get("/data/a%20b.yml?versionId=3&acl")
            .header("host", "oss.example")
            .header("x-oss-date", "20261122T080000Z")
            .header("x-oss-content-sha256", "UNSIGNED-PAYLOAD")
            .header("accept", "*/*")
            .body(Bytes::new())
            .unwrap();
        let canonical = oss_canonical_request(&Incoming::read(request), "/data/a b.yml", &["host".to_owned()]);
        assert_eq!(
            canonical,
            "GET\n/data/a%20b.yml\nacl&versionId=3\nhost:oss.example\nx-oss-content-sha256:UNSIGNED-PAYLOAD\n\
             x-oss-date:20261122T080000Z\n\nhost\nUNSIGNED-PAYLOAD"
        );
    }

    #[test]
    fn an_authorization_header_is_read_with_and_without_blanks() {
        let dense = Authorization::parse(
            "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=Host;x-acs-date,Signature=ab",
            "ACS3-HMAC-SHA256",
        );
        let blank = Authorization::parse(
            "ACS3-HMAC-SHA256 Credential=k, SignedHeaders=host;x-acs-date, Signature=ab",
            "ACS3-HMAC-SHA256",
        );
        assert_eq!(dense, blank);
        assert_eq!(dense.unwrap().headers, ["host", "x-acs-date"]);
        assert_eq!(Authorization::parse("ACS3-HMAC-SHA256 nonsense", "ACS3-HMAC-SHA256"), None);
    }
}
