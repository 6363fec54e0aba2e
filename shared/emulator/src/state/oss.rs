//! Versioned objects in regional buckets.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

#[derive(Debug, Clone, Default)]
pub(crate) struct Oss {
    pub(crate) buckets: BTreeMap<String, Bucket>,
    pub(crate) bytes: usize,
    pub(crate) versions: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub(crate) region: String,
    pub(crate) objects: BTreeMap<String, Vec<Object>>,
}

/// One version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) version: String,
    pub(crate) body: Bytes,
    pub(crate) modified: Timestamp,
    /// Quoted; the cloud's is an MD5 digest, this one only changes when the content does.
    pub(crate) etag: String,
}
