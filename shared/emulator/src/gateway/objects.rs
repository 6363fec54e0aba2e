//! OSS: `/{bucket}/{key}`, get, put, head; errors in XML, whatever the client prefers.

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use super::reply::{Served, served};
use super::request::Incoming;
use super::respond::{http_date, status, to_xml};
use super::shared::Inner;
use super::visit::Visit;
use super::{faults, identity};
use crate::call::{ApiError, Params, Service};
use crate::platform::access;
use crate::services::oss;
use crate::state::oss::Object;

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

enum Done {
    Object(Object, bool),
    Stored(Object),
    Made,
}

pub(super) fn serve(inner: &mut Inner, visit: &mut Visit<'_>, incoming: &Incoming) -> Served {
    visit.service = Some(Service::Oss);
    let request_id = visit.frame.request_id.clone();
    let mut headers = vec![("x-oss-request-id", request_id.as_str())];
    match answer(inner, visit, incoming) {
        Ok(Done::Object(object, with_body)) => {
            let modified = http_date(object.modified).unwrap_or_default();
            headers.extend([
                ("etag", object.etag.as_str()),
                ("x-oss-version-id", &object.version),
                ("last-modified", &modified),
            ]);
            let body = if with_body { object.body } else { Bytes::new() };
            served(visit.frame.raw(StatusCode::OK, "application/octet-stream", body, &headers), None)
        }
        Ok(Done::Stored(object)) => {
            headers.extend([("etag", object.etag.as_str()), ("x-oss-version-id", &object.version)]);
            served(visit.frame.raw(StatusCode::OK, "application/xml", Bytes::new(), &headers), None)
        }
        Ok(Done::Made) => served(visit.frame.raw(StatusCode::OK, "application/xml", Bytes::new(), &headers), None),
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

fn answer(inner: &mut Inner, visit: &mut Visit<'_>, incoming: &Incoming) -> Result<Done, ApiError> {
    let path = percent_encoding::percent_decode_str(&incoming.path).decode_utf8_lossy();
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (bucket, key) = match bucket_in_host(incoming) {
        Some(bucket) => (bucket, path.to_owned()),
        None => path
            .split_once('/')
            .map_or((path.to_owned(), String::new()), |(bucket, key)| (bucket.to_owned(), key.to_owned())),
    };
    let action = match (incoming.method.as_str(), key.is_empty()) {
        // HEAD needs the right to read, and a version a right of its own.
        ("GET" | "HEAD", false) if incoming.filled("versionId").is_some() => "GetObjectVersion",
        ("GET" | "HEAD", false) => "GetObject",
        ("PUT", false) => "PutObject",
        ("PUT", true) => "PutBucket",
        _ => {
            return Err(ApiError::new(
                405,
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
            ));
        }
    };
    action.clone_into(&mut visit.action);
    visit.params = Params::new([("bucket".to_owned(), bucket.clone()), ("key".to_owned(), key.clone())]);
    let resource = format!("/{bucket}/{key}");
    let caller = identity::oss(&inner.world, visit.clocks, incoming, &resource)?;
    visit.caller = Some(caller.clone());
    let call = visit.call(caller).ok_or_else(crate::call::unknown_action)?;
    access::authorize(&inner.world, &call)?;
    faults::meet(inner, visit, &call)?;
    let (world, now) = (&mut inner.world, visit.frame.now);
    let done = match action {
        "GetObject" | "GetObjectVersion" => {
            let version = incoming.filled("versionId");
            let object = oss::get(world, visit.region, &bucket, &key, version)?;
            Ok(Done::Object(object, incoming.method != "HEAD"))
        }
        "PutObject" => oss::put(world, now, visit.region, &bucket, &key, incoming.body.clone()).map(Done::Stored),
        _ => oss::create_bucket(world, visit.region, &bucket).map(|()| Done::Made),
    };
    faults::told(visit)?;
    done
}
