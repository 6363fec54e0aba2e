//! A client's signatures, made from the documents alone: nothing of the emulator's own code.

use emulator::Credentials;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const PATH: &AsciiSet = &RESERVED.remove(b'/');

/// A request before it is signed.
pub(crate) struct Plain<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// Decoded.
    pub(crate) query: &'a [(String, String)],
    /// Lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: &'a [u8],
}

/// Name and value as they are on the wire.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// ACS3-HMAC-SHA256 (cloud-apis.md section 2.2) over every header.
pub(crate) fn acs3(mut plain: Plain<'_>, key: &Credentials, at: Timestamp, nonce: u64) -> Vec<(String, String)> {
    let digest = hex::encode(Sha256::digest(plain.body));
    let own = [
        ("host", "127.0.0.1".to_owned()),
        ("x-acs-content-sha256", digest.clone()),
        ("x-acs-date", format!("{at:.0}")),
        ("x-acs-signature-nonce", nonce.to_string()),
    ];
    plain.headers.extend(own.map(|(name, value)| (name.to_owned(), value)));
    if let Some(token) = &key.security_token {
        plain.headers.push(("x-acs-security-token".to_owned(), token.clone()));
    }
    plain.headers.sort();
    let names: Vec<&str> = plain.headers.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let headers: String = plain.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let query = canonical(plain.query, false);
    let request = format!("{}\n{}\n{query}\n{headers}\n{names}\n{digest}", plain.method, plain.path);
    let text = format!("ACS3-HMAC-SHA256\n{}", hex::encode(Sha256::digest(request)));
    let signature = hex::encode(mac(key.access_key_secret.as_bytes(), &text));
    let value =
        format!("ACS3-HMAC-SHA256 Credential={},SignedHeaders={names},Signature={signature}", key.access_key_id);
    plain.headers.push(("authorization".to_owned(), value));
    plain.headers
}

/// OSS V4 with the payload left out, as the SDKs send it (OSS help page "Include a V4 signature").
pub(crate) fn oss(mut plain: Plain<'_>, key: &Credentials, at: Timestamp, region: &str) -> Vec<(String, String)> {
    let date = at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let scope = format!("{}/{region}/oss/aliyun_v4_request", &date[..8]);
    let own = [("host", "127.0.0.1"), ("x-oss-content-sha256", "UNSIGNED-PAYLOAD"), ("x-oss-date", &date)];
    plain.headers.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    if let Some(token) = &key.security_token {
        plain.headers.push(("x-oss-security-token".to_owned(), token.clone()));
    }
    plain.headers.sort();
    let counts = |name: &str| name.starts_with("x-oss-") || matches!(name, "host" | "content-type" | "content-md5");
    let headers: String = plain
        .headers
        .iter()
        .filter(|(name, _)| counts(name))
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let path = utf8_percent_encode(plain.path, PATH);
    let query = canonical(plain.query, true);
    let request = format!("{}\n{path}\n{query}\n{headers}\nhost\nUNSIGNED-PAYLOAD", plain.method);
    let text = format!("OSS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex::encode(Sha256::digest(request)));
    let first = format!("aliyun_v4{}", key.access_key_secret).into_bytes();
    let signing = scope.split('/').fold(first, |key, part| mac(&key, part));
    let signature = hex::encode(mac(&signing, &text));
    let credential = format!("{}/{scope}", key.access_key_id);
    let value = format!("OSS4-HMAC-SHA256 Credential={credential}, AdditionalHeaders=host, Signature={signature}");
    plain.headers.push(("authorization".to_owned(), value));
    plain.headers
}

fn canonical(query: &[(String, String)], bare: bool) -> String {
    let mut pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| match bare && value.is_empty() {
            true => encode(name),
            false => format!("{}={}", encode(name), encode(value)),
        })
        .collect();
    pairs.sort();
    pairs.join("&")
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
