//! ACS3-HMAC-SHA256 (cloud-apis.md, section 2.2). Function Compute signs with it as well, over its real path.

use std::collections::BTreeMap;

use super::{hmac_sha256, sha256_hex};
use crate::credentials::Credentials;
use crate::encode;
use crate::flatten::Parameters;

/// What is signed. The headers are lower-case, and all of them are signed; `x-acs-content-sha256` must be among them.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    /// The path as it is on the wire, encoded.
    pub(crate) path: &'a str,
    pub(crate) query: &'a Parameters,
    pub(crate) headers: &'a BTreeMap<String, String>,
}

impl Signed<'_> {
    /// The value of the Authorization header.
    pub(crate) fn authorization(&self, credentials: &Credentials) -> String {
        let hashed = sha256_hex(self.canonical_request().as_bytes());
        let text = format!("ACS3-HMAC-SHA256\n{hashed}");
        let signature = hex::encode(hmac_sha256(credentials.access_key_secret.as_bytes(), text.as_bytes()));
        format!(
            "ACS3-HMAC-SHA256 Credential={},SignedHeaders={},Signature={signature}",
            credentials.access_key_id,
            self.signed_headers()
        )
    }

    fn signed_headers(&self) -> String {
        self.headers.keys().map(String::as_str).collect::<Vec<_>>().join(";")
    }

    fn canonical_request(&self) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let body = self.headers.get("x-acs-content-sha256").map_or("", String::as_str);
        format!(
            "{}\n{}\n{}\n{headers}\n{}\n{body}",
            self.method,
            self.path,
            encode::query(self.query),
            self.signed_headers()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The request that the documentation signs, at one time and with one nonce.
    fn authorization(date: &str, nonce: &str) -> (String, String) {
        let query =
            map(&[("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"), ("RegionId", "cn-shanghai")]);
        let headers = map(&[
            ("host", "ecs.cn-shanghai.aliyuncs.com"),
            ("x-acs-action", "RunInstances"),
            ("x-acs-content-sha256", &sha256_hex(b"")),
            ("x-acs-date", date),
            ("x-acs-signature-nonce", nonce),
            ("x-acs-version", "2014-05-26"),
        ]);
        let signed = Signed { method: "POST", path: "/", query: &query, headers: &headers };
        let credentials = Credentials::new("YourAccessKeyId", "YourAccessKeySecret");
        (sha256_hex(signed.canonical_request().as_bytes()), signed.authorization(&credentials))
    }

    #[test]
    fn the_first_published_vector_comes_out() {
        let (canonical, authorization) = authorization("2023-10-26T10:22:32Z", "3156853299f313e23d1673dc12e1703d");
        assert_eq!(canonical, "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259");
        assert_eq!(
            authorization,
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,\
             SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,\
             Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }

    #[test]
    fn the_second_published_vector_comes_out() {
        let (_, authorization) = authorization("2023-10-26T09:01:01Z", "d410180a5abf7fe235dd9b74aca91fc0");
        assert!(
            authorization.ends_with("Signature=e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804"),
            "{authorization}"
        );
    }
}
