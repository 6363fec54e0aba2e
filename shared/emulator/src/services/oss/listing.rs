//! Listings of buckets, objects and versions, as the values that become XML.

use serde_json::{Value, json};

use super::find;
use crate::call::ApiError;
use crate::state::oss::Object;
use crate::world::World;

/// What a listing of objects is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) delimiter: &'a str,
    /// Only what comes after this key.
    pub(crate) after: &'a str,
    pub(crate) most: usize,
}

/// One page: its rows, the common prefixes, and the key to go on from, if there is more.
struct Page<'w> {
    rows: Vec<(&'w String, &'w Object)>,
    prefixes: Vec<String>,
    next: Option<String>,
}

/// Every bucket of the account, whatever the region.
pub(crate) fn buckets(world: &World) -> Value {
    let rows: Vec<Value> = world
        .oss
        .buckets
        .iter()
        .map(|(name, bucket)| {
            json!({
                "Name": name,
                "CreationDate": time(bucket.created),
                "Location": format!("oss-{}", bucket.region),
                "Region": bucket.region,
                "StorageClass": "Standard",
            })
        })
        .collect();
    json!({"Owner": {"ID": world.settings.account_id}, "IsTruncated": false, "Buckets": {"Bucket": rows}})
}

/// What `GetBucketInfo` says.
pub(crate) fn info(world: &World, region: &str, bucket: &str) -> Result<Value, ApiError> {
    let found = find(world, region, bucket)?;
    let mut shown = json!({
        "Name": bucket,
        "CreationDate": time(found.created),
        "Location": format!("oss-{region}"),
        "StorageClass": "Standard",
        "AccessControlList": {"Grant": found.acl},
        "Owner": {"ID": world.settings.account_id},
    });
    if let Some(status) = found.versioning {
        shown["Versioning"] = json!(status);
    }
    Ok(json!({"Bucket": shown}))
}

/// `ListObjectsV2`, or with `first` the older `ListObjects`.
pub(crate) fn objects(world: &World, region: &str, bucket: &str, ask: Ask<'_>, first: bool) -> Result<Value, ApiError> {
    let found = find(world, region, bucket)?;
    let page = page(found.current(), ask);
    let rows: Vec<Value> = page.rows.iter().map(|(key, object)| row(key, object)).collect();
    let prefixes: Vec<Value> = page.prefixes.iter().map(|prefix| json!({"Prefix": prefix})).collect();
    let count = rows.len() + prefixes.len();
    let mut shown = json!({
        "Name": bucket,
        "Prefix": ask.prefix,
        "MaxKeys": ask.most,
        "Delimiter": ask.delimiter,
        "IsTruncated": page.next.is_some(),
        "Contents": rows,
        "CommonPrefixes": prefixes,
    });
    match (first, page.next) {
        (true, next) => {
            shown["Marker"] = json!(ask.after);
            shown["NextMarker"] = json!(next.unwrap_or_default());
        }
        (false, next) => {
            shown["KeyCount"] = json!(count);
            if let Some(next) = next {
                shown["NextContinuationToken"] = json!(next);
            }
        }
    }
    Ok(shown)
}

/// `ListObjectVersions`: whole keys at a time, the newest version of each first.
pub(crate) fn versions(world: &World, region: &str, bucket: &str, ask: Ask<'_>) -> Result<Value, ApiError> {
    let found = find(world, region, bucket)?;
    let newest = found.objects.iter().filter_map(|(key, versions)| Some((key, versions.last()?)));
    let page = page(newest, ask);
    let (mut versions, mut markers) = (Vec::new(), Vec::new());
    for (key, newest) in &page.rows {
        for object in found.objects.get(*key).into_iter().flatten().rev() {
            let mut shown = row(key, object);
            shown["VersionId"] = json!(object.version);
            shown["IsLatest"] = json!(object.version == newest.version);
            if object.deleted { markers.push(shown) } else { versions.push(shown) }
        }
    }
    let mut shown = json!({
        "Name": bucket,
        "Prefix": ask.prefix,
        "KeyMarker": ask.after,
        "MaxKeys": ask.most,
        "Delimiter": ask.delimiter,
        "IsTruncated": page.next.is_some(),
        "Version": versions,
        "DeleteMarker": markers,
    });
    if let Some(next) = page.next {
        shown["NextKeyMarker"] = json!(next);
    }
    Ok(shown)
}

fn page<'w>(all: impl Iterator<Item = (&'w String, &'w Object)>, ask: Ask<'_>) -> Page<'w> {
    let mut page = Page { rows: Vec::new(), prefixes: Vec::new(), next: None };
    let mut last = String::new();
    for (key, object) in all {
        let Some(rest) = key.strip_prefix(ask.prefix).filter(|_| key.as_str() > ask.after) else { continue };
        let folder = rest.split_once(ask.delimiter).filter(|_| !ask.delimiter.is_empty());
        let folder = folder.map(|(name, _)| format!("{}{name}{}", ask.prefix, ask.delimiter));
        // What the last page ended with stands for everything below it.
        if folder.as_ref().is_some_and(|folder| folder == ask.after || page.prefixes.last() == Some(folder)) {
            continue;
        }
        if page.rows.len() + page.prefixes.len() == ask.most {
            page.next = Some(last);
            return page;
        }
        match folder {
            Some(folder) => {
                last.clone_from(&folder);
                page.prefixes.push(folder);
            }
            None => {
                last.clone_from(key);
                page.rows.push((key, object));
            }
        }
    }
    page
}

fn row(key: &str, object: &Object) -> Value {
    let mut shown = json!({"Key": key, "LastModified": time(object.modified), "StorageClass": "Standard"});
    if !object.deleted {
        shown["ETag"] = json!(object.etag);
        shown["Size"] = json!(object.body.len());
        shown["Type"] = json!("Normal");
    }
    shown
}

/// `2026-11-22T08:00:00.000Z`.
pub(crate) fn time(at: jiff::Timestamp) -> String {
    format!("{at:.3}")
}
