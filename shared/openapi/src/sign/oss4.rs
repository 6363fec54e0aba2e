//! OSS V4, OSS4-HMAC-SHA256: the header form, with an unsigned payload as the official SDKs send it.
//!
//! Source: help.aliyun.com/en/oss/developer-reference/recommend-to-use-signature-version-4, checked against the signatures
//! that the official Android SDK's tests expect.

use std::collections::BTreeMap;

use super::{hmac_sha256, sha256_hex};
use crate::credentials::Credentials;
use crate::encode;
use crate::flatten::Parameters;

/// What stands for the hash of a body that is not signed; TLS protects it.
pub(crate) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// What is signed. Headers are lower-case; `content-type`, `content-md5` and all `x-oss-*` are signed, others are not.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    /// `/bucket/key`, not encoded, whatever the URL looks like.
    pub(crate) resource: &'a str,
    pub(crate) query: &'a Parameters,
    pub(crate) headers: &'a BTreeMap<String, String>,
    /// As in the header `x-oss-date`: `20231216T162057Z`.
    pub(crate) time: &'a str,
    pub(crate) region: &'a str,
}

impl Signed<'_> {
    /// The value of the Authorization header.
    pub(crate) fn authorization(&self, credentials: &Credentials) -> String {
        let date = self.time.get(..8).unwrap_or(self.time);
        let scope = format!("{date}/{}/oss/aliyun_v4_request", self.region);
        let hashed = sha256_hex(self.canonical_request().as_bytes());
        let text = format!("OSS4-HMAC-SHA256\n{}\n{scope}\n{hashed}", self.time);
        let mut key = format!("aliyun_v4{}", credentials.access_key_secret).into_bytes();
        for part in [date, self.region, "oss", "aliyun_v4_request"] {
            key = hmac_sha256(&key, part.as_bytes());
        }
        let signature = hex::encode(hmac_sha256(&key, text.as_bytes()));
        format!("OSS4-HMAC-SHA256 Credential={}/{scope},Signature={signature}", credentials.access_key_id)
    }

    fn canonical_request(&self) -> String {
        let headers: String = self
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with("x-oss-") || matches!(name.as_str(), "content-type" | "content-md5"))
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect();
        let body = self.headers.get("x-oss-content-sha256").map_or(UNSIGNED_PAYLOAD, String::as_str);
        // The empty line after the headers is the list of additional headers.
        format!("{}\n{}\n{}\n{headers}\n\n{body}", self.method, encode::path(self.resource), query(self.query))
    }
}

/// Like the canonical query of the other signatures, but a parameter without a value stands alone. Sorting is by encoded
/// name, which differs from sorting by name for characters such as `|`.
pub(crate) fn query(parameters: &Parameters) -> String {
    let mut parts: Vec<(String, String)> =
        parameters.iter().map(|(name, value)| (encode::component(name), encode::component(value))).collect();
    parts.sort();
    parts
        .into_iter()
        .map(|(name, value)| if value.is_empty() { name } else { format!("{name}={value}") })
        .collect::<Vec<_>>()
        .join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The request of the official SDK's tests, which says the time in a `date` header that is not signed.
    fn authorization(time: &str, credentials: &Credentials) -> String {
        let query = map(&[
            ("param1", "value1"),
            ("+param1", "value3"),
            ("|param1", "value4"),
            ("+param2", ""),
            ("|param2", ""),
            ("param2", ""),
        ]);
        let mut headers = map(&[
            ("x-oss-head1", "value"),
            ("abc", "value"),
            ("zabc", "value"),
            ("xyz", "value"),
            ("content-type", "text/plain"),
            ("x-oss-content-sha256", UNSIGNED_PAYLOAD),
        ]);
        if let Some(token) = &credentials.security_token {
            headers.insert("x-oss-security-token".to_owned(), token.clone());
        }
        Signed {
            method: "PUT",
            resource: "/bucket/1234+-/123/1.txt",
            query: &query,
            headers: &headers,
            time,
            region: "cn-hangzhou",
        }
        .authorization(credentials)
    }

    #[test]
    fn the_sdks_vector_comes_out() {
        assert_eq!(
            authorization("20231216T162057Z", &Credentials::new("ak", "sk")),
            "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request,\
             Signature=9efc975fb94480f28a9ab2fcf5b23b4170d83a069838df4e77501d79868bd829"
        );
    }

    #[test]
    fn the_sdks_vector_with_a_token_comes_out() {
        assert_eq!(
            authorization("20231217T034736Z", &Credentials::temporary("ak", "sk", "token")),
            "OSS4-HMAC-SHA256 Credential=ak/20231217/cn-hangzhou/oss/aliyun_v4_request,\
             Signature=0436fec1623c737d5827c11d200afd3df51d067b80196080438f57c94d99b9b0"
        );
    }
}
