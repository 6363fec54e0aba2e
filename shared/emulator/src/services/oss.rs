//! Object Storage Service: objects in regional buckets.
//!
//! Path style (`/bucket/key`), since every region has one port. The bindings' store and the functions' packages live here.

pub(crate) mod listing;
pub(crate) mod uploads;

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use crate::call::{self, ApiError};
use crate::digest::{crc64, sha256_hex};
use crate::state::oss::{Bucket, Object};
use crate::world::World;

/// Most bytes of all objects together, old versions included. The emulator's own limit: objects are kept in memory.
const BYTES: usize = 256 << 20;

/// Most versions of all objects together. The emulator's own limit.
const VERSIONS: usize = 20_000;

/// What is stored: content, and headers that come back with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    pub(crate) body: Bytes,
    pub(crate) headers: BTreeMap<String, String>,
}

impl World {
    /// Puts an object, making a bucket that keeps versions in that region if need be. Gives the new version's id.
    pub fn put_object(&mut self, now: Timestamp, region: &str, bucket: &str, key: &str, body: Vec<u8>) -> String {
        self.oss
            .buckets
            .entry(bucket.to_owned())
            .or_insert_with(|| Bucket { versioning: Some("Enabled"), ..Bucket::new(region, now) });
        let content = Content { body: Bytes::from(body), headers: BTreeMap::new() };
        put(self, now, region, bucket, key, content).map(|object| object.version).unwrap_or_default()
    }
}

/// Makes a bucket; making one's own again is no error.
pub(crate) fn create_bucket(world: &mut World, now: Timestamp, region: &str, bucket: &str) -> Result<(), ApiError> {
    let valid = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-')
        && !bucket.starts_with('-')
        && !bucket.ends_with('-');
    if !valid {
        return Err(ApiError::bad("InvalidBucketName", "The specified bucket is not valid."));
    }
    let made = world.oss.buckets.entry(bucket.to_owned()).or_insert_with(|| Bucket::new(region, now));
    if made.region == region {
        Ok(())
    } else {
        Err(ApiError::new(409, "BucketAlreadyExists", "The requested bucket name is not available."))
    }
}

/// Takes an empty bucket away.
pub(crate) fn delete_bucket(world: &mut World, region: &str, bucket: &str) -> Result<(), ApiError> {
    if !find(world, region, bucket)?.objects.is_empty() {
        return Err(ApiError::new(409, "BucketNotEmpty", "The bucket has objects. Please delete them first."));
    }
    world.oss.buckets.remove(bucket);
    world.oss.uploads.retain(|_, upload| upload.bucket != bucket);
    Ok(())
}

/// Has a bucket keep versions, or keep no more.
pub(crate) fn set_versioning(world: &mut World, region: &str, bucket: &str, status: &str) -> Result<(), ApiError> {
    let status = match status {
        "Enabled" => "Enabled",
        "Suspended" => "Suspended",
        _ => return Err(malformed()),
    };
    find_mut(world, region, bucket)?.versioning = Some(status);
    Ok(())
}

/// Says who besides the account may reach a bucket.
pub(crate) fn set_acl(world: &mut World, region: &str, bucket: &str, acl: &str) -> Result<(), ApiError> {
    if !matches!(acl, "private" | "public-read" | "public-read-write") {
        return Err(ApiError::bad("InvalidArgument", "no such bucket access control exists"));
    }
    find_mut(world, region, bucket)?.acl = acl.to_owned();
    Ok(())
}

/// The XML that a client sent is none that the action takes.
pub(crate) fn malformed() -> ApiError {
    ApiError::bad(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema.",
    )
}

/// Stores an object, as a new version or over the old one.
pub(crate) fn put(
    world: &mut World,
    now: Timestamp,
    region: &str,
    bucket: &str,
    key: &str,
    content: Content,
) -> Result<Object, ApiError> {
    let Content { body, headers } = content;
    if key.len() > 1_023 || key.starts_with(['/', '\\']) {
        return Err(ApiError::bad("InvalidObjectName", "The specified object is not valid."));
    }
    let etag = format!("\"{}\"", sha256_hex(&body).chars().take(32).collect::<String>().to_ascii_uppercase());
    let checksum = crc64(&body);
    let object = Object { version: String::new(), body, modified: now, etag, checksum, headers, deleted: false };
    add(world, region, bucket, key, object)
}

/// Puts a version on top of those that are there.
fn add(world: &mut World, region: &str, bucket: &str, key: &str, object: Object) -> Result<Object, ApiError> {
    let keeps = find(world, region, bucket)?.versioning == Some("Enabled");
    let (bytes, versions) = (world.oss.bytes.saturating_add(object.body.len()), world.oss.versions + 1);
    if bytes > BYTES || versions > VERSIONS {
        return Err(call::full(&format!("{VERSIONS} versions of objects, and {BYTES} bytes")));
    }
    let version = if keeps { world.ids.next("") } else { "null".to_owned() };
    let object = Object { version, ..object };
    let kept = find_mut(world, region, bucket)?.objects.entry(key.to_owned()).or_default();
    let mut gone = Vec::new();
    if !keeps {
        gone.extend(kept.extract_if(.., |old| old.version == "null"));
    }
    kept.push(object.clone());
    (world.oss.bytes, world.oss.versions) = (bytes, versions);
    gone.iter().for_each(|old| forget(world, old));
    Ok(object)
}

fn forget(world: &mut World, object: &Object) {
    world.oss.bytes = world.oss.bytes.saturating_sub(object.body.len());
    world.oss.versions = world.oss.versions.saturating_sub(1);
}

/// The newest version, or the one asked for.
pub(crate) fn get(
    world: &World,
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
    match (found, version) {
        (Some(object), _) if !object.deleted => Ok(object.clone()),
        (Some(_), Some(_)) => {
            Err(ApiError::new(405, "MethodNotAllowed", "The specified method is not allowed against this resource."))
        }
        (None, Some(_)) => Err(ApiError::not_found("NoSuchVersion", "The specified version does not exist.")),
        _ => Err(ApiError::not_found("NoSuchKey", "The specified key does not exist.")),
    }
}

/// Deletes an object: where the bucket keeps versions, a marker says so from then on. A version that is named goes for good.
/// What is not there counts as deleted. Gives the marker's version, or that of the version that went and was a marker.
pub(crate) fn delete(
    world: &mut World,
    now: Timestamp,
    region: &str,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<Option<String>, ApiError> {
    let keeps = find(world, region, bucket)?.versioning.is_some();
    if keeps && version.is_none() {
        let marker = Object {
            version: String::new(),
            body: Bytes::new(),
            modified: now,
            etag: String::new(),
            checksum: 0,
            headers: BTreeMap::new(),
            deleted: true,
        };
        return add(world, region, bucket, key, marker).map(|marker| Some(marker.version));
    }
    let wanted = version.unwrap_or("null");
    let objects = &mut find_mut(world, region, bucket)?.objects;
    let Some(versions) = objects.get_mut(key) else { return Ok(None) };
    let gone: Vec<Object> = versions.extract_if(.., |object| object.version == wanted).collect();
    if versions.is_empty() {
        objects.remove(key);
    }
    gone.iter().for_each(|old| forget(world, old));
    Ok(gone.into_iter().find(|old| old.deleted).map(|old| old.version))
}

/// A bucket of this region.
pub(crate) fn find<'w>(world: &'w World, region: &str, bucket: &str) -> Result<&'w Bucket, ApiError> {
    let found = world.oss.buckets.get(bucket).ok_or_else(missing)?;
    if found.region == region { Ok(found) } else { Err(elsewhere()) }
}

fn find_mut<'w>(world: &'w mut World, region: &str, bucket: &str) -> Result<&'w mut Bucket, ApiError> {
    let found = world.oss.buckets.get_mut(bucket).ok_or_else(missing)?;
    if found.region == region { Ok(found) } else { Err(elsewhere()) }
}

fn missing() -> ApiError {
    ApiError::not_found("NoSuchBucket", "The specified bucket does not exist.")
}

fn elsewhere() -> ApiError {
    ApiError::new(
        403,
        "AccessDenied",
        "The bucket you are attempting to access must be addressed using the specified endpoint. \
         Please send all future requests to this endpoint.",
    )
}
