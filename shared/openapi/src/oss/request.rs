//! Requests to the service, signed.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};

use crate::client::{self, Client, Facts};
use crate::encode;
use crate::error::Error;
use crate::flatten::Parameters;
use crate::retry::Repeatable;
use crate::service::Service;
use crate::sign::oss4;
use crate::transport::BodyLimit;

const TRY: Duration = Duration::from_secs(20);

impl Client {
    pub(super) fn oss_request(&self, facts: &Facts<'_>, asked: &Asked<'_>) -> Result<Request<Bytes>, Error> {
        let Asked { method, bucket, key, query, headers: more, content_type, body, internal } = asked;
        let region = facts.region;
        let credentials = &self.config.credentials;
        let time = self.clock().wall().strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut headers = BTreeMap::from([
            ("x-oss-content-sha256".to_owned(), oss4::UNSIGNED_PAYLOAD.to_owned()),
            ("x-oss-date".to_owned(), time.clone()),
        ]);
        headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        if let Some(content_type) = content_type {
            headers.insert("content-type".to_owned(), (*content_type).to_owned());
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
        let base = self.config.endpoints.oss(region, *internal);
        let mut url = match base.strip_prefix("https://").filter(|_| is_of_the_cloud(&base)) {
            None => format!("{base}{}", encode::path(&resource)),
            Some(host) => format!("https://{bucket}.{host}/{}", encode::path(key)),
        };
        if !query.is_empty() {
            url = format!("{url}?{}", oss4::query(query));
        }
        client::request(facts.action, method.clone(), &url, &headers, body.clone())
    }
}

/// What is asked of the service.
pub(super) struct Asked<'a> {
    pub(super) method: Method,
    pub(super) bucket: &'a str,
    /// Empty: the bucket itself.
    pub(super) key: &'a str,
    pub(super) query: &'a Parameters,
    /// Further headers, names in lower case.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) content_type: Option<&'a str>,
    pub(super) body: Bytes,
    /// By the region's internal endpoint.
    pub(super) internal: bool,
}

impl Asked<'_> {
    pub(super) const fn new() -> Self {
        const NONE: &Parameters = &Parameters::new();
        Self {
            method: Method::GET,
            bucket: "",
            key: "",
            query: NONE,
            headers: &[],
            content_type: None,
            body: Bytes::new(),
            internal: false,
        }
    }
}

pub(super) fn facts<'a>(action: &'static str, region: &'a str, writes: bool) -> Facts<'a> {
    let repeatable = Repeatable { safe: true, codes: &[] };
    Facts { service: Service::Oss, action, region, writes, repeatable, limit: TRY, most: BodyLimit::default() }
}

/// Whether a base URL is one of the cloud's own, public or internal: there buckets are part of the host.
fn is_of_the_cloud(base: &str) -> bool {
    base.starts_with("https://") && base.ends_with(".aliyuncs.com")
}

pub(super) fn header(response: &Response<Bytes>, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}
