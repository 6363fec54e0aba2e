//! OSS: `/{bucket}/{key}` and what queries ask of it; answers and errors in XML, whatever the client prefers.

mod xml;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::reply::{Served, served};
use super::request::Incoming;
use super::respond::{http_date, status, to_xml};
use super::shared::Inner;
use super::visit::Visit;
use super::{faults, identity};
use crate::call::{ApiError, Params, Service};
use crate::platform::access;
use crate::services::oss::{self, Content, listing, uploads};
use crate::state::oss::Object;
use crate::world::World;

/// Whether the request is for OSS: by its signature, by its host, or because no other service has paths.
pub(super) fn is_for(incoming: &Incoming) -> bool {
    let signed = incoming.header("authorization").is_some_and(|text| text.starts_with("OSS"));
    signed || bucket_in_host(incoming).is_some() || !incoming.path.trim_matches('/').is_empty()
}

/// `bucket.oss-cn-hangzhou.aliyuncs.com` names its bucket in the host.
fn bucket_in_host(incoming: &Incoming) -> Option<String> {
    let host = incoming.header("host")?;
    let (bucket, rest) = host.split_once('.')?;
    (rest.starts_with("oss-") && !bucket.is_empty()).then(|| bucket.to_owned())
}

/// Whether the request came by the endpoint that only the region itself reaches, and the rest of its path:
/// `oss-cn-hangzhou-internal` is a label of its host, or, since a loopback address has no labels, the first part of its path.
fn internal<'p>(incoming: &Incoming, path: &'p str, region: &str) -> (bool, &'p str) {
    let label = format!("oss-{region}-internal");
    match path.strip_prefix(&label).and_then(|rest| rest.strip_prefix('/')) {
        Some(rest) => (true, rest),
        None => (incoming.header("host").is_some_and(|host| host.split('.').any(|part| part == label)), path),
    }
}

/// What is answered with status 200 and no body unless it says otherwise.
#[derive(Default)]
struct Done {
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    kind: Option<String>,
    body: Bytes,
    /// Headers that an object brings along.
    own: BTreeMap<String, String>,
}

impl Done {
    fn xml(root: &str, value: &Value) -> Self {
        Self { body: Bytes::from(to_xml(root, value)), ..Self::default() }
    }

    fn gone() -> Self {
        Self { status: StatusCode::NO_CONTENT, ..Self::default() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// What every answer about a version of an object says of it.
    fn of(object: &Object) -> Self {
        let done = Self::default().with("etag", &object.etag).with("x-oss-hash-crc64ecma", object.checksum.to_string());
        match object.version.as_str() {
            "null" => done,
            version => done.with("x-oss-version-id", version),
        }
    }
}

pub(super) fn serve(inner: &mut Inner, visit: &mut Visit<'_>, incoming: &Incoming) -> Served {
    visit.service = Some(Service::Oss);
    let request_id = visit.frame.request_id.clone();
    let mut headers = vec![("x-oss-request-id", request_id.as_str())];
    match answer(inner, visit, incoming) {
        Ok(done) => {
            headers.extend(done.headers.iter().map(|(name, value)| (*name, value.as_str())));
            let mut response = visit.frame.raw(done.status, "application/xml", done.body, &headers);
            let usual = done.kind.map(|kind| ("content-type".to_owned(), kind));
            for (name, value) in usual.into_iter().chain(done.own) {
                if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), value.parse::<http::HeaderValue>()) {
                    response.headers_mut().insert(name, value);
                }
            }
            served(response, None)
        }
        Err(error) => {
            let body = json!({
                "Code": error.code,
                "Message": error.message,
                "RequestId": request_id,
                "HostId": visit.frame.host,
            });
            let text = if incoming.method == "HEAD" { String::new() } else { to_xml("Error", &body) };
            headers.push(("x-oss-err", &error.code));
            served(visit.frame.raw(status(error.status), "application/xml", Bytes::from(text), &headers), Some(&error))
        }
    }
}

/// The action that method, path and query ask for.
fn action(incoming: &Incoming, bucket: &str, key: &str) -> Option<&'static str> {
    let asks = |name: &str| incoming.query.iter().any(|(asked, _)| asked == name);
    let versioned = incoming.filled("versionId").is_some();
    Some(match (incoming.method.as_str(), bucket.is_empty(), key.is_empty()) {
        ("GET", true, _) => "ListBuckets",
        ("GET", _, true) if asks("versioning") => "GetBucketVersioning",
        ("GET", _, true) if asks("acl") => "GetBucketAcl",
        ("GET", _, true) if asks("bucketInfo") => "GetBucketInfo",
        ("GET", _, true) if asks("versions") => "ListObjectVersions",
        ("GET", _, true) => "ListObjects",
        ("PUT", false, true) if asks("versioning") => "PutBucketVersioning",
        ("PUT", false, true) if asks("acl") => "PutBucketAcl",
        ("PUT", false, true) => "PutBucket",
        ("DELETE", false, true) => "DeleteBucket",
        ("POST", false, true) if asks("delete") => "DeleteMultipleObjects",
        // HEAD needs the right to read, and a version a right of its own.
        ("GET" | "HEAD", _, false) if versioned => "GetObjectVersion",
        ("GET" | "HEAD", _, false) => "GetObject",
        ("PUT", _, false) if asks("partNumber") => "UploadPart",
        ("PUT", _, false) if incoming.header("x-oss-copy-source").is_some() => "CopyObject",
        ("PUT", _, false) => "PutObject",
        ("POST", _, false) if asks("uploads") => "InitiateMultipartUpload",
        ("POST", _, false) if asks("uploadId") => "CompleteMultipartUpload",
        ("DELETE", _, false) if asks("uploadId") => "AbortMultipartUpload",
        ("DELETE", _, false) if versioned => "DeleteObjectVersion",
        ("DELETE", _, false) => "DeleteObject",
        _ => return None,
    })
}

/// The permission that an action needs: some share one.
fn permission(action: &str) -> &str {
    match action {
        "DeleteMultipleObjects" => "DeleteObject",
        "UploadPart" | "CopyObject" | "InitiateMultipartUpload" | "CompleteMultipartUpload" => "PutObject",
        other => other,
    }
}

fn answer(inner: &mut Inner, visit: &mut Visit<'_>, incoming: &Incoming) -> Result<Done, ApiError> {
    let path = percent_encoding::percent_decode_str(&incoming.path).decode_utf8_lossy();
    let (internal, path) = internal(incoming, path.strip_prefix('/').unwrap_or(&path), visit.region);
    let (bucket, key) = match bucket_in_host(incoming) {
        Some(bucket) => (bucket, path.to_owned()),
        None => path
            .split_once('/')
            .map_or((path.to_owned(), String::new()), |(bucket, key)| (bucket.to_owned(), key.to_owned())),
    };
    let Some(action) = action(incoming, &bucket, &key) else {
        return Err(ApiError::new(
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        ));
    };
    permission(action).clone_into(&mut visit.action);
    visit.params = Params::new([("bucket".to_owned(), bucket.clone()), ("key".to_owned(), key.clone())]);
    let resource = if bucket.is_empty() { "/".to_owned() } else { format!("/{bucket}/{key}") };
    let caller = identity::oss(&inner.world, visit.clocks, incoming, &resource)?;
    if internal && identity::is_from_elsewhere(&inner.world, incoming, visit.region) {
        let message = format!("From its own region alone the internal endpoint of {} is reached.", visit.region);
        return Err(ApiError::new(421, "EmulatorUnreachable", message));
    }
    visit.caller = Some(caller.clone());
    let mut call = visit.call(caller).ok_or_else(crate::call::unknown_action)?;
    access::authorize(&inner.world, &call)?;
    let data = !key.is_empty() || action == "DeleteMultipleObjects";
    if data && inner.world.settings.strict.internal_oss && !internal {
        // corrections.md section 1.
        return Err(ApiError::bad(
            "PublicEndpointForbidden",
            "Data operations through the public endpoint are not allowed.",
        ));
    }
    let source = match action {
        "CopyObject" => Some(source(incoming)?),
        _ => None,
    };
    if let Some((bucket, key, version)) = &source {
        call.params = Params::new([("bucket".to_owned(), bucket.clone()), ("key".to_owned(), key.clone())]);
        (if version.is_some() { "GetObjectVersion" } else { "GetObject" }).clone_into(&mut call.action);
        access::authorize(&inner.world, &call)?;
        call = visit.call(call.caller).ok_or_else(crate::call::unknown_action)?;
    }
    faults::meet(inner, visit, &call)?;
    action.clone_into(&mut visit.action);
    let asked = Asked { region: visit.region, bucket: &bucket, key: &key, incoming, source };
    let done = carry_out(&mut inner.world, visit.frame.now, action, &asked);
    faults::told(visit)?;
    done
}

/// A request, taken apart.
struct Asked<'a> {
    region: &'a str,
    bucket: &'a str,
    key: &'a str,
    incoming: &'a Incoming,
    /// What is copied: bucket, key, version.
    source: Option<(String, String, Option<String>)>,
}

fn carry_out(world: &mut World, now: Timestamp, action: &str, asked: &Asked<'_>) -> Result<Done, ApiError> {
    let Asked { region, bucket, key, incoming, source } = asked;
    let (region, bucket, key) = (*region, *bucket, *key);
    let version = incoming.filled("versionId");
    let upload = || incoming.filled("uploadId").unwrap_or_default();
    match action {
        "ListBuckets" => Ok(Done::xml("ListAllMyBucketsResult", &listing::buckets(world))),
        "GetBucketInfo" => Ok(Done::xml("BucketInfo", &listing::info(world, region, bucket)?)),
        "GetBucketVersioning" => {
            let status = oss::find(world, region, bucket)?.versioning;
            let shown = status.map_or_else(|| json!({}), |status| json!({"Status": status}));
            Ok(Done::xml("VersioningConfiguration", &shown))
        }
        "GetBucketAcl" => {
            let grant = &oss::find(world, region, bucket)?.acl;
            let shown = json!({"Owner": {"ID": world.settings.account_id}, "AccessControlList": {"Grant": grant}});
            Ok(Done::xml("AccessControlPolicy", &shown))
        }
        "ListObjectVersions" => {
            let after = incoming.filled("key-marker").unwrap_or_default();
            Ok(Done::xml("ListVersionsResult", &listing::versions(world, region, bucket, ask(incoming, after)?)?))
        }
        "ListObjects" => {
            let first = incoming.filled("list-type") != Some("2");
            let names: &[&str] = if first { &["marker"] } else { &["continuation-token", "start-after"] };
            let after = names.iter().find_map(|name| incoming.filled(name)).unwrap_or_default();
            let shown = listing::objects(world, region, bucket, ask(incoming, after)?, first)?;
            Ok(Done::xml("ListBucketResult", &shown))
        }
        "PutBucket" => {
            oss::create_bucket(world, now, region, bucket)?;
            match incoming.header("x-oss-acl") {
                None => Ok(Done::default()),
                Some(acl) => oss::set_acl(world, region, bucket, &acl).map(|()| Done::default()),
            }
        }
        "PutBucketVersioning" => {
            let status = xml::first(&incoming.body, "Status").ok_or_else(oss::malformed)?;
            oss::set_versioning(world, region, bucket, &status).map(|()| Done::default())
        }
        "PutBucketAcl" => {
            let acl = incoming.header("x-oss-acl").unwrap_or_default();
            oss::set_acl(world, region, bucket, &acl).map(|()| Done::default())
        }
        "DeleteBucket" => oss::delete_bucket(world, region, bucket).map(|()| Done::gone()),
        "DeleteMultipleObjects" => delete_many(world, now, asked),
        "DeleteObject" | "DeleteObjectVersion" => {
            let marker = oss::delete(world, now, region, bucket, key, version)?;
            Ok(match marker {
                None => Done::gone(),
                Some(marker) => Done::gone().with("x-oss-delete-marker", "true").with("x-oss-version-id", marker),
            })
        }
        "GetObject" | "GetObjectVersion" => {
            let object = oss::get(world, region, bucket, key, version)?;
            read(incoming, object)
        }
        "PutObject" => {
            let forbid = incoming.header("x-oss-forbid-overwrite").as_deref() == Some("true");
            if forbid && oss::get(world, region, bucket, key, None).is_ok() {
                let message = "The object you specified already exists and can not be overwritten.";
                return Err(ApiError::new(409, "FileAlreadyExists", message));
            }
            let content = Content { body: incoming.body.clone(), headers: own_headers(incoming) };
            oss::put(world, now, region, bucket, key, content).map(|object| Done::of(&object))
        }
        "CopyObject" => {
            let Some((from, name, version)) = source else { return Err(crate::call::unknown_action()) };
            let object = oss::get(world, region, from, name, version.as_deref())?;
            let replaces = incoming.header("x-oss-metadata-directive").as_deref() == Some("REPLACE");
            let headers = if replaces { own_headers(incoming) } else { object.headers };
            let copy = oss::put(world, now, region, bucket, key, Content { body: object.body, headers })?;
            let shown = json!({"ETag": copy.etag, "LastModified": listing::time(copy.modified)});
            Ok(Done { body: Bytes::from(to_xml("CopyObjectResult", &shown)), ..Done::of(&copy) })
        }
        "InitiateMultipartUpload" => {
            let shown = uploads::initiate(world, region, (bucket, key), own_headers(incoming))?;
            Ok(Done::xml("InitiateMultipartUploadResult", &shown))
        }
        "UploadPart" => {
            let number = incoming.filled("partNumber").unwrap_or_default();
            let etag = uploads::part(world, (bucket, key), upload(), number, incoming.body.clone())?;
            let checksum = crate::digest::crc64(&incoming.body).to_string();
            Ok(Done::default().with("etag", etag).with("x-oss-hash-crc64ecma", checksum))
        }
        "CompleteMultipartUpload" => {
            let parts: Option<Vec<(u32, String)>> = xml::all(&incoming.body, "Part")
                .iter()
                .map(|part| {
                    Some((
                        xml::first(part.as_bytes(), "PartNumber")?.parse().ok()?,
                        xml::first(part.as_bytes(), "ETag")?,
                    ))
                })
                .collect();
            let parts = parts.ok_or_else(oss::malformed)?;
            let object = uploads::complete(world, now, region, (bucket, key), upload(), &parts)?;
            let shown = json!({"Bucket": bucket, "Key": key, "ETag": object.etag});
            Ok(Done { body: Bytes::from(to_xml("CompleteMultipartUploadResult", &shown)), ..Done::of(&object) })
        }
        "AbortMultipartUpload" => uploads::abort(world, (bucket, key), upload()).map(|()| Done::gone()),
        _ => Err(crate::call::unknown_action()),
    }
}

/// Up to 1,000 objects by one call, each with its version if one is meant.
fn delete_many(world: &mut World, now: Timestamp, asked: &Asked<'_>) -> Result<Done, ApiError> {
    let objects = xml::all(&asked.incoming.body, "Object");
    if objects.is_empty() || objects.len() > 1_000 {
        return Err(oss::malformed());
    }
    let mut deleted = Vec::new();
    for object in objects {
        let key = xml::first(object.as_bytes(), "Key").ok_or_else(oss::malformed)?;
        let version = xml::first(object.as_bytes(), "VersionId");
        let marker = oss::delete(world, now, asked.region, asked.bucket, &key, version.as_deref())?;
        let mut shown = json!({"Key": key});
        if let Some(version) = version {
            shown["VersionId"] = json!(version);
        }
        if let Some(marker) = marker {
            shown["DeleteMarker"] = json!(true);
            shown["DeleteMarkerVersionId"] = json!(marker);
        }
        deleted.push(shown);
    }
    let quiet = xml::first(&asked.incoming.body, "Quiet").as_deref() == Some("true");
    let shown = if quiet { json!({}) } else { json!({"Deleted": deleted}) };
    Ok(Done::xml("DeleteResult", &shown))
}

/// The object, or the part of it that is asked for.
fn read(incoming: &Incoming, object: Object) -> Result<Done, ApiError> {
    let modified = http_date(object.modified).unwrap_or_default();
    let mut done = Done::of(&object).with("last-modified", modified).with("accept-ranges", "bytes");
    done.kind = Some("application/octet-stream".to_owned());
    done.own = object.headers;
    let size = object.body.len();
    let range = incoming.header("range").and_then(|text| range(&text, size));
    let body = match range {
        None => object.body,
        Some(Err(())) => {
            return Err(ApiError::new(416, "InvalidRange", "The requested range cannot be satisfied."));
        }
        Some(Ok((from, to))) => {
            done.status = StatusCode::PARTIAL_CONTENT;
            done = done.with("content-range", format!("bytes {from}-{to}/{size}"));
            object.body.slice(from..=to)
        }
    };
    if incoming.method == "HEAD" {
        return Ok(done.with("content-length", body.len().to_string()));
    }
    done.body = body;
    Ok(done)
}

/// `bytes=from-to`, `bytes=from-` or `bytes=-last` of an object of this size: what of it there is. Anything else is no range, and
/// the whole object is sent.
fn range(text: &str, size: usize) -> Option<Result<(usize, usize), ()>> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.parse::<usize>();
    let end = size.checked_sub(1);
    let range = match (from.is_empty(), to.is_empty()) {
        (true, true) => return None,
        (true, false) => (size.saturating_sub(number(to).ok()?), end),
        (false, true) => (number(from).ok()?, end),
        (false, false) => (number(from).ok()?, end.map(|end| number(to).map(|to| to.min(end))).transpose().ok()?),
    };
    match range {
        (from, Some(to)) if from <= to => Some(Ok((from, to))),
        _ => Some(Err(())),
    }
}

/// The headers that come back with an object.
fn own_headers(incoming: &Incoming) -> BTreeMap<String, String> {
    let kept = |name: &str| {
        name.starts_with("x-oss-meta-")
            || matches!(name, "content-type" | "content-encoding" | "content-disposition" | "cache-control" | "expires")
    };
    incoming.headers().filter(|(name, _)| kept(name)).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `/bucket/key?versionId=..`, percent-encoded.
fn source(incoming: &Incoming) -> Result<(String, String, Option<String>), ApiError> {
    let wrong = || ApiError::bad("InvalidArgument", "The x-oss-copy-source header is not valid.");
    let text = incoming.header("x-oss-copy-source").unwrap_or_default();
    let (path, version) = match text.split_once("?versionId=") {
        Some((path, version)) => (path, Some(version.to_owned())),
        None => (text.as_str(), None),
    };
    let path = percent_encoding::percent_decode_str(path).decode_utf8().map_err(|_| wrong())?;
    let (bucket, key) = path.strip_prefix('/').and_then(|path| path.split_once('/')).ok_or_else(wrong)?;
    Ok((bucket.to_owned(), key.to_owned(), version))
}

/// What a listing is asked for.
fn ask<'a>(incoming: &'a Incoming, after: &'a str) -> Result<listing::Ask<'a>, ApiError> {
    let most = incoming.filled("max-keys").map_or(Ok(100), str::parse).ok().filter(|most| (1..=1_000).contains(most));
    let most = most
        .ok_or_else(|| ApiError::bad("InvalidArgument", "Argument max-keys must be an integer between 1 and 1000."))?;
    let text = |name| incoming.filled(name).unwrap_or_default();
    Ok(listing::Ask { prefix: text("prefix"), delimiter: text("delimiter"), after, most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_has_them() {
        assert_eq!(range("bytes=0-3", 10), Some(Ok((0, 3))));
        assert_eq!(range("bytes=4-", 10), Some(Ok((4, 9))));
        assert_eq!(range("bytes=-3", 10), Some(Ok((7, 9))));
        assert_eq!(range("bytes=4-99", 10), Some(Ok((4, 9))));
        assert_eq!(range("bytes=10-", 10), Some(Err(())));
        assert_eq!(range("bytes=0-", 0), Some(Err(())));
        for none in ["bytes=-", "bytes=a-b", "lines=1-2", "bytes=5"] {
            assert_eq!(range(none, 10), None, "{none}");
        }
    }
}
