//! The client's side of both signatures of the RPC APIs, written for this package alone.
//!
//! Sources: the help pages "V3 request structure and signature" (ACS3-HMAC-SHA256) and "V2 request structure and signature"
//! (HMAC-SHA1).

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use sha2::{Digest, Sha256};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// ACS3-HMAC-SHA256, in headers: what today's SDKs send.
    Acs3,
    /// HMAC-SHA1, in the query.
    Rpc,
}

/// A key, and what a request says of time and nonce.
pub struct Signer<'a> {
    pub key: &'a str,
    pub secret: &'a str,
    pub host: &'a str,
}

impl Signer<'_> {
    /// An ECS call as the bytes of an HTTP/1.1 request.
    pub fn request(
        &self,
        signature: Signature,
        action: &str,
        params: &[(&str, &str)],
        nonce: &str,
        at: &str,
    ) -> Vec<u8> {
        match signature {
            Signature::Acs3 => self.acs3(action, params, nonce, at),
            Signature::Rpc => self.rpc(action, params, nonce, at),
        }
    }

    fn acs3(&self, action: &str, params: &[(&str, &str)], nonce: &str, at: &str) -> Vec<u8> {
        const SIGNED: &str = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";
        let query = query(params);
        let payload = hex::encode(Sha256::digest(b""));
        let host = self.host;
        let headers = format!(
            "host:{host}\nx-acs-action:{action}\nx-acs-content-sha256:{payload}\nx-acs-date:{at}\n\
             x-acs-signature-nonce:{nonce}\nx-acs-version:2014-05-26\n"
        );
        let canonical = format!("POST\n/\n{query}\n{headers}\n{SIGNED}\n{payload}");
        let text = format!("ACS3-HMAC-SHA256\n{}", hex::encode(Sha256::digest(canonical)));
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("any length will do");
        mac.update(text.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        format!(
            "POST /?{query} HTTP/1.1\r\nhost: {host}\r\nuser-agent: bench\r\naccept: application/json\r\n\
             x-acs-action: {action}\r\nx-acs-content-sha256: {payload}\r\nx-acs-date: {at}\r\n\
             x-acs-signature-nonce: {nonce}\r\nx-acs-version: 2014-05-26\r\n\
             authorization: ACS3-HMAC-SHA256 Credential={},SignedHeaders={SIGNED},Signature={signature}\r\n\
             content-length: 0\r\n\r\n",
            self.key
        )
        .into_bytes()
    }

    fn rpc(&self, action: &str, params: &[(&str, &str)], nonce: &str, at: &str) -> Vec<u8> {
        let mut all = params.to_vec();
        all.extend([
            ("Action", action),
            ("Version", "2014-05-26"),
            ("Format", "JSON"),
            ("AccessKeyId", self.key),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", nonce),
            ("Timestamp", at),
        ]);
        let query = query(&all);
        let mut mac = Hmac::<Sha1>::new_from_slice(format!("{}&", self.secret).as_bytes()).expect("any length will do");
        mac.update(format!("GET&%2F&{}", encode(&query)).as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        format!(
            "GET /?{query}&Signature={} HTTP/1.1\r\nhost: {}\r\nuser-agent: bench\r\naccept: application/json\r\n\r\n",
            encode(&signature),
            self.host
        )
        .into_bytes()
    }
}

fn query(params: &[(&str, &str)]) -> String {
    let mut params = params.to_vec();
    params.sort_unstable();
    let pairs: Vec<String> = params.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}
