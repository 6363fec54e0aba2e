//! Objects in regional buckets, with all their versions where a bucket keeps them.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

#[derive(Debug, Clone, Default)]
pub(crate) struct Oss {
    pub(crate) buckets: BTreeMap<String, Bucket>,
    /// Uploads in parts, by id.
    pub(crate) uploads: BTreeMap<String, Upload>,
    pub(crate) bytes: usize,
    pub(crate) versions: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub(crate) region: String,
    pub(crate) created: Timestamp,
    /// `Enabled`, `Suspended`, or nothing yet.
    pub(crate) versioning: Option<&'static str>,
    /// `private`, `public-read`, `public-read-write`.
    pub(crate) acl: String,
    /// By key: every version, the newest last. The list is never empty.
    pub(crate) objects: BTreeMap<String, Vec<Object>>,
}

impl Bucket {
    pub(crate) fn new(region: &str, created: Timestamp) -> Self {
        Self {
            region: region.to_owned(),
            created,
            versioning: None,
            acl: "private".to_owned(),
            objects: BTreeMap::new(),
        }
    }

    /// The objects that are there: key and newest version, without those that were deleted.
    pub(crate) fn current(&self) -> impl Iterator<Item = (&String, &Object)> {
        self.objects.iter().filter_map(|(key, versions)| Some((key, versions.last().filter(|newest| !newest.deleted)?)))
    }
}

/// One version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// `null` where the bucket keeps no versions.
    pub(crate) version: String,
    pub(crate) body: Bytes,
    pub(crate) modified: Timestamp,
    /// Quoted; the cloud's is an MD5 digest, this one only changes when the content does.
    pub(crate) etag: String,
    pub(crate) checksum: u64,
    /// The headers that come back with it: its type, and what its owner noted.
    pub(crate) headers: BTreeMap<String, String>,
    /// This version says that the object is gone.
    pub(crate) deleted: bool,
}

/// An upload in parts.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) parts: BTreeMap<u32, (Bytes, String)>,
}
