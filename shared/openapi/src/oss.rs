//! Object Storage Service: one object read or written whole.
//!
//! On the public cloud the bucket is part of the host. An overridden endpoint is addressed path-style
//! (`http://127.0.0.1:PORT/bucket/key`); what is signed, `/bucket/key`, is the same for both.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};

use crate::action::ActionInfo;
use crate::client::{self, Client, Facts};
use crate::encode;
use crate::error::Error;
use crate::flatten::Parameters;
use crate::retry::Repeatable;
use crate::service::Service;
use crate::sign::oss4;
use crate::transport::BodyLimit;

const TRY: Duration = Duration::from_secs(20);

/// The actions of this module.
pub(crate) const ACTIONS: &[ActionInfo] = &[
    ActionInfo { service: Service::Oss, name: "GetObject", ram_action: "oss:GetObject", writes: false },
    ActionInfo { service: Service::Oss, name: "PutObject", ram_action: "oss:PutObject", writes: true },
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
        let response = self
            .exchange(&facts, &|| {
                self.oss_request(facts.action, Method::GET, region, &get.bucket, &get.key, &query, None, Bytes::new())
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
        let query = Parameters::new();
        let response = self
            .exchange(&facts, &|| {
                let body = put.body.clone();
                self.oss_request(
                    facts.action,
                    Method::PUT,
                    region,
                    &put.bucket,
                    &put.key,
                    &query,
                    Some(content_type),
                    body,
                )
            })
            .await?;
        let etag = header(&response, "etag").unwrap_or_default();
        Ok(PutObjectAnswer { version_id: header(&response, "x-oss-version-id"), etag })
    }

    #[expect(clippy::too_many_arguments, reason = "these are the parts of an HTTP request, each given once")]
    fn oss_request(
        &self,
        action: &'static str,
        method: Method,
        region: &str,
        bucket: &str,
        key: &str,
        query: &Parameters,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Result<Request<Bytes>, Error> {
        let credentials = &self.config.credentials;
        let time = self.clock().wall().strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut headers = BTreeMap::from([
            ("x-oss-content-sha256".to_owned(), oss4::UNSIGNED_PAYLOAD.to_owned()),
            ("x-oss-date".to_owned(), time.clone()),
        ]);
        if let Some(content_type) = content_type {
            headers.insert("content-type".to_owned(), content_type.to_owned());
        }
        if let Some(token) = &credentials.security_token {
            headers.insert("x-oss-security-token".to_owned(), token.clone());
        }
        let resource = format!("/{bucket}/{key}");
        let signed = oss4::Signed {
            method: method.as_str(),
            resource: &resource,
            query,
            headers: &headers,
            time: &time,
            region,
        };
        let authorization = signed.authorization(credentials);
        headers.insert("authorization".to_owned(), authorization);
        let mut url = match self.config.endpoints.overridden(Service::Oss, region) {
            Some(base) => format!("{base}{}", encode::path(&resource)),
            None => {
                let base = self.config.endpoints.url(Service::Oss, region);
                let host = base.strip_prefix("https://").unwrap_or(&base);
                format!("https://{bucket}.{host}/{}", encode::path(key))
            }
        };
        if !query.is_empty() {
            url = format!("{url}?{}", oss4::query(query));
        }
        client::request(action, method, &url, &headers, body)
    }
}

fn facts<'a>(action: &'static str, region: &'a str, writes: bool) -> Facts<'a> {
    let repeatable = Repeatable { safe: true, codes: &[] };
    Facts { service: Service::Oss, action, region, writes, repeatable, limit: TRY, most: BodyLimit::default() }
}

fn header(response: &Response<Bytes>, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}
