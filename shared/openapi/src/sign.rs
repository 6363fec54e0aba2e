//! The three signatures: RPC (HMAC-SHA1), ACS3-HMAC-SHA256 and OSS V4. Pure functions of what is signed.

pub(crate) mod acs3;
pub(crate) mod oss4;
pub(crate) mod rpc;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The signature style of the RPC-style APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signature {
    /// SignatureVersion 1.0: HMAC-SHA1 over the parameters, which travel in query and form body.
    #[default]
    RpcSha1,
    /// ACS3-HMAC-SHA256: an Authorization header over method, path, query, headers and body.
    Acs3,
}

/// HMAC-SHA1.
pub(crate) fn hmac_sha1(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length, so there is no error to meet here.
    Hmac::<Sha1>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(text);
            mac.finalize().into_bytes().to_vec()
        },
    )
}

/// HMAC-SHA256.
#[must_use]
pub fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(text);
            mac.finalize().into_bytes().to_vec()
        },
    )
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
