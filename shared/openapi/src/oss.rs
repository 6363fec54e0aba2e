//! Object Storage Service: one object read or written whole; buckets, and what is in them.
//!
//! On the public cloud the bucket is part of the host. An overridden endpoint is addressed path-style
//! (`http://127.0.0.1:PORT/bucket/key`); what is signed, `/bucket/key`, is the same for both.

mod buckets;
mod request;

use bytes::Bytes;
use http::Method;

use crate::action::ActionInfo;
use crate::client::{Client, Facts};
use crate::error::Error;
use crate::service::Service;
use crate::transport::BodyLimit;

pub use buckets::{BucketInfo, DeleteObject, Listed};
use request::{Asked, facts, header};

/// The actions of this module.
pub(crate) const ACTIONS: &[ActionInfo] = &[
    ActionInfo { service: Service::Oss, name: "GetObject", ram_action: "oss:GetObject", writes: false },
    ActionInfo { service: Service::Oss, name: "PutObject", ram_action: "oss:PutObject", writes: true },
    ActionInfo { service: Service::Oss, name: "DeleteObject", ram_action: "oss:DeleteObject", writes: true },
    ActionInfo {
        service: Service::Oss,
        name: "DeleteObjectVersion",
        ram_action: "oss:DeleteObjectVersion",
        writes: true,
    },
    ActionInfo { service: Service::Oss, name: "ListObjects", ram_action: "oss:ListObjects", writes: false },
    ActionInfo {
        service: Service::Oss,
        name: "ListObjectVersions",
        ram_action: "oss:ListObjectVersions",
        writes: false,
    },
    ActionInfo { service: Service::Oss, name: "GetBucketInfo", ram_action: "oss:GetBucketInfo", writes: false },
    ActionInfo { service: Service::Oss, name: "PutBucket", ram_action: "oss:PutBucket", writes: true },
    ActionInfo { service: Service::Oss, name: "PutBucketAcl", ram_action: "oss:PutBucketAcl", writes: true },
    ActionInfo {
        service: Service::Oss,
        name: "PutBucketVersioning",
        ram_action: "oss:PutBucketVersioning",
        writes: true,
    },
    ActionInfo { service: Service::Oss, name: "DeleteBucket", ram_action: "oss:DeleteBucket", writes: true },
];

/// Reads an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GetObject {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, without a slash in front.
    pub key: String,
    /// A version; the current one when left out. Needs `oss:GetObjectVersion`.
    pub version_id: Option<String>,
    /// Whether it is asked for by the region's internal endpoint, which only machines and functions of that region reach.
    pub internal: bool,
    /// How many bytes it may have; a larger one is an error before it is downloaded. That of an API's answer when left out.
    pub most: Option<usize>,
}

/// An object that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    /// The whole content.
    pub body: Bytes,
    /// The version that was read; none when the bucket keeps no versions.
    pub version_id: Option<String>,
    /// The content's tag, with its quotes.
    pub etag: String,
}

/// Writes a whole object. It is idempotent, except that a bucket with versioning gets a second version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PutObject {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, without a slash in front.
    pub key: String,
    /// The whole content.
    pub body: Bytes,
    /// `application/octet-stream` when left out.
    pub content_type: Option<String>,
    /// Whether it is sent to the region's internal endpoint, as of [`GetObject::internal`].
    pub internal: bool,
}

/// An object that was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PutObjectAnswer {
    /// The version that was made; none when the bucket keeps no versions.
    pub version_id: Option<String>,
    /// The content's tag, with its quotes.
    pub etag: String,
}

impl Client {
    /// Reads an object.
    ///
    /// # Errors
    /// [`Error`]; [`Error::is_not_found`] when there is no such object or bucket; `AnswerTooLarge` when it is larger than
    /// it may be.
    pub async fn get_object(&self, region: &str, get: &GetObject) -> Result<Object, Error> {
        let most = get.most.map(BodyLimit::Most).unwrap_or_default();
        let facts = Facts { most, ..facts("GetObject", region, false) };
        let query = get.version_id.iter().map(|id| ("versionId".to_owned(), id.clone())).collect();
        let client = self.present(facts.action).await?;
        let response = client
            .exchange(&facts, &|| {
                let (bucket, key) = (&get.bucket, &get.key);
                let internal = get.internal;
                let asked = Asked { method: Method::GET, bucket, key, query: &query, internal, ..Asked::new() };
                client.oss_request(&facts, &asked)
            })
            .await?;
        let (version_id, etag) = (header(&response, "x-oss-version-id"), header(&response, "etag"));
        Ok(Object { body: response.into_body(), version_id, etag: etag.unwrap_or_default() })
    }

    /// Writes an object.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn put_object(&self, region: &str, put: &PutObject) -> Result<PutObjectAnswer, Error> {
        let facts = facts("PutObject", region, true);
        let content_type = put.content_type.as_deref().unwrap_or("application/octet-stream");
        let asked = Asked {
            method: Method::PUT,
            bucket: &put.bucket,
            key: &put.key,
            content_type: Some(content_type),
            body: put.body.clone(),
            internal: put.internal,
            ..Asked::new()
        };
        let client = self.present(facts.action).await?;
        let response = client.exchange(&facts, &|| client.oss_request(&facts, &asked)).await?;
        let etag = header(&response, "etag").unwrap_or_default();
        Ok(PutObjectAnswer { version_id: header(&response, "x-oss-version-id"), etag })
    }
}
