//! Object Storage Service: versioned objects in regional buckets.
//!
//! Path style (`/bucket/key`), since every region has one port. The bindings' store lives here.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use crate::call::{self, ApiError};
use crate::digest::sha256_hex;
use crate::state::oss::{Bucket, Object};
use crate::world::World;

/// Most bytes of all objects together, old versions included. The emulator's own limit: objects are kept in memory.
const BYTES: usize = 256 << 20;

/// Most versions of all objects together. The emulator's own limit.
const VERSIONS: usize = 20_000;

impl World {
    /// Puts an object, making the bucket in that region if need be. Gives the new version's id.
    pub fn put_object(&mut self, now: Timestamp, region: &str, bucket: &str, key: &str, body: Vec<u8>) -> String {
        self.oss
            .buckets
            .entry(bucket.to_owned())
            .or_insert_with(|| Bucket { region: region.to_owned(), objects: BTreeMap::new() });
        put(self, now, region, bucket, key, Bytes::from(body)).map(|object| object.version).unwrap_or_default()
    }
}

/// Makes a bucket; making one's own again is no error.
pub(crate) fn create_bucket(world: &mut World, region: &str, bucket: &str) -> Result<(), ApiError> {
    let valid = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-')
        && !bucket.starts_with('-')
        && !bucket.ends_with('-');
    if !valid {
        return Err(ApiError::bad("InvalidBucketName", "The specified bucket is not valid."));
    }
    let made = world
        .oss
        .buckets
        .entry(bucket.to_owned())
        .or_insert_with(|| Bucket { region: region.to_owned(), objects: BTreeMap::new() });
    if made.region == region {
        Ok(())
    } else {
        Err(ApiError::new(409, "BucketAlreadyExists", "The requested bucket name is not available."))
    }
}

pub(crate) fn put(
    world: &mut World,
    now: Timestamp,
    region: &str,
    bucket: &str,
    key: &str,
    body: Bytes,
) -> Result<Object, ApiError> {
    find(world, region, bucket)?;
    let (bytes, versions) = (world.oss.bytes.saturating_add(body.len()), world.oss.versions + 1);
    if bytes > BYTES || versions > VERSIONS {
        return Err(call::full(&format!("{VERSIONS} versions of objects, and {BYTES} bytes")));
    }
    let version = world.ids.next("");
    let etag = format!("\"{}\"", sha256_hex(&body).chars().take(32).collect::<String>().to_ascii_uppercase());
    let bucket = find(world, region, bucket)?;
    let object = Object { version, body, modified: now, etag };
    bucket.objects.entry(key.to_owned()).or_default().push(object.clone());
    (world.oss.bytes, world.oss.versions) = (bytes, versions);
    Ok(object)
}

/// The newest version, or the one asked for.
pub(crate) fn get(
    world: &mut World,
    region: &str,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<Object, ApiError> {
    let versions = find(world, region, bucket)?.objects.get(key);
    let found = versions.and_then(|versions| match version {
        None => versions.last(),
        Some(wanted) => versions.iter().find(|object| object.version == wanted),
    });
    found.cloned().ok_or_else(|| match version {
        None => ApiError::not_found("NoSuchKey", "The specified key does not exist."),
        Some(_) => ApiError::not_found("NoSuchVersion", "The specified version does not exist."),
    })
}

fn find<'w>(world: &'w mut World, region: &str, bucket: &str) -> Result<&'w mut Bucket, ApiError> {
    let bucket = world
        .oss
        .buckets
        .get_mut(bucket)
        .ok_or_else(|| ApiError::not_found("NoSuchBucket", "The specified bucket does not exist."))?;
    if bucket.region == region {
        Ok(bucket)
    } else {
        Err(ApiError::new(
            403,
            "AccessDenied",
            "The bucket you are attempting to access must be addressed using the specified endpoint. \
             Please send all future requests to this endpoint.",
        ))
    }
}
