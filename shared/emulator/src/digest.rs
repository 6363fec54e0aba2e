//! Digests of content.

use sha2::{Digest, Sha256};

/// A digest in lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
