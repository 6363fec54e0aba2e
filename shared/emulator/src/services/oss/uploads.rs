//! Uploads in parts.

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Content, find, put};
use crate::call::ApiError;
use crate::digest::sha256_hex;
use crate::state::oss::{Object, Upload};
use crate::world::World;

/// Most uploads at once, and most parts of one: the second is the cloud's.
const UPLOADS: usize = 100;
const PARTS: u32 = 10_000;

/// Most bytes of all parts together. The emulator's own limit.
const BYTES: usize = 128 << 20;

/// `InitiateMultipartUpload`.
pub(crate) fn initiate(
    world: &mut World,
    region: &str,
    (bucket, key): (&str, &str),
    headers: std::collections::BTreeMap<String, String>,
) -> Result<Value, ApiError> {
    find(world, region, bucket)?;
    if world.oss.uploads.len() >= UPLOADS {
        return Err(crate::call::full(&format!("{UPLOADS} uploads in parts")));
    }
    let id = world.ids.next("");
    let upload = Upload { bucket: bucket.to_owned(), key: key.to_owned(), headers, parts: Default::default() };
    world.oss.uploads.insert(id.clone(), upload);
    Ok(json!({"Bucket": bucket, "Key": key, "UploadId": id}))
}

/// `UploadPart`: gives the part's entity tag.
pub(crate) fn part(
    world: &mut World,
    place: (&str, &str),
    id: &str,
    number: &str,
    body: Bytes,
) -> Result<String, ApiError> {
    let number = number.parse::<u32>().ok().filter(|number| (1..=PARTS).contains(number));
    let number = number.ok_or_else(|| {
        ApiError::bad("InvalidArgument", format!("Part number must be an integer between 1 and {PARTS}, inclusive."))
    })?;
    let held: usize =
        world.oss.uploads.values().flat_map(|upload| upload.parts.values()).map(|(part, _)| part.len()).sum();
    if held.saturating_add(body.len()) > BYTES {
        return Err(crate::call::full(&format!("{BYTES} bytes of parts")));
    }
    let etag = format!("\"{}\"", sha256_hex(&body).chars().take(32).collect::<String>().to_ascii_uppercase());
    find_upload(world, place, id)?.parts.insert(number, (body, etag.clone()));
    Ok(etag)
}

/// `CompleteMultipartUpload` with these parts, by number and entity tag.
pub(crate) fn complete(
    world: &mut World,
    now: Timestamp,
    region: &str,
    place: (&str, &str),
    id: &str,
    parts: &[(u32, String)],
) -> Result<Object, ApiError> {
    let upload = find_upload(world, place, id)?;
    if !parts.is_sorted_by(|left, right| left.0 < right.0) || parts.is_empty() {
        return Err(ApiError::bad("InvalidPartOrder", "The list of parts was not in ascending order."));
    }
    let mut body = BytesMut::new();
    for (number, etag) in parts {
        match upload.parts.get(number) {
            Some((part, known)) if known.trim_matches('"') == etag.trim_matches('"') => body.extend_from_slice(part),
            _ => return Err(ApiError::bad("InvalidPart", "One or more of the specified parts could not be found.")),
        }
    }
    let content = Content { body: body.freeze(), headers: upload.headers.clone() };
    let object = put(world, now, region, place.0, place.1, content)?;
    world.oss.uploads.remove(id);
    Ok(object)
}

/// `AbortMultipartUpload`.
pub(crate) fn abort(world: &mut World, place: (&str, &str), id: &str) -> Result<(), ApiError> {
    find_upload(world, place, id)?;
    world.oss.uploads.remove(id);
    Ok(())
}

fn find_upload<'w>(world: &'w mut World, (bucket, key): (&str, &str), id: &str) -> Result<&'w mut Upload, ApiError> {
    let found = world.oss.uploads.get_mut(id).filter(|upload| upload.bucket == bucket && upload.key == key);
    found.ok_or_else(|| ApiError::not_found("NoSuchUpload", "The specified upload does not exist."))
}
