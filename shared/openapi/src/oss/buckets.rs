//! Buckets, and the names of what is in them.

use bytes::Bytes;
use http::{Method, Response};

use super::request::{Asked, facts};
use crate::client::Client;
use crate::error::Error;
use crate::flatten::Parameters;
use crate::response::{element, unescape};

/// More pages of a listing than any bucket of a deployment has.
const MOST_PAGES: usize = 1_000;

/// The properties of a bucket that decide who may read and what is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketInfo {
    /// Its region, as `cn-hangzhou`.
    pub region: String,
    /// The account that it belongs to.
    pub owner: String,
    /// `private`, `public-read` or `public-read-write`.
    pub acl: String,
    /// Whether overwritten and deleted objects are kept as versions.
    pub is_versioned: bool,
}

/// An object of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// The version; none where the current ones are listed.
    pub version_id: Option<String>,
    /// The content's tag, with its quotes; empty of a marker of deletion.
    pub etag: String,
    /// Its bytes.
    pub size: u64,
}

/// Removes an object, or one version of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteObject {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, without a slash in front.
    pub key: String,
    /// The version; left out of a versioned bucket's object, a marker of deletion is put on top.
    pub version_id: Option<String>,
}

impl Client {
    /// Reads the properties of a bucket.
    ///
    /// # Errors
    /// [`Error`]; [`Error::is_not_found`] when there is no such bucket.
    pub async fn bucket_info(&self, region: &str, bucket: &str) -> Result<BucketInfo, Error> {
        let query = parameters(&[("bucketInfo", "")]);
        let text = self.bucket_text("GetBucketInfo", region, bucket, &query).await?;
        let filled = |name: &str| {
            let value = element(&text, name).map(unescape).filter(|value| !value.is_empty());
            value.ok_or_else(|| Error::unread("GetBucketInfo", 200, format!("the answer has no {name}")))
        };
        let location = filled("Location")?;
        let owner = element(&text, "Owner").and_then(|owner| element(owner, "ID")).map(unescape).unwrap_or_default();
        Ok(BucketInfo {
            region: location.strip_prefix("oss-").unwrap_or(&location).to_owned(),
            owner,
            acl: filled("Grant")?,
            // A bucket that never had versions says nothing about them.
            is_versioned: element(&text, "Versioning").is_some_and(|state| state.trim() == "Enabled"),
        })
    }

    /// Makes a private bucket. Making one's own again changes nothing.
    ///
    /// # Errors
    /// [`Error`]; code `BucketAlreadyExists` when the name is somebody else's: names are unique in the whole cloud.
    pub async fn create_bucket(&self, region: &str, bucket: &str) -> Result<(), Error> {
        self.bucket_write("PutBucket", Method::PUT, region, bucket, "", &[("x-oss-acl", "private")], "").await
    }

    /// Lets nobody but the account itself read and write.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn make_bucket_private(&self, region: &str, bucket: &str) -> Result<(), Error> {
        self.bucket_write("PutBucketAcl", Method::PUT, region, bucket, "acl", &[("x-oss-acl", "private")], "").await
    }

    /// Keeps overwritten and deleted objects from now on.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn make_bucket_versioned(&self, region: &str, bucket: &str) -> Result<(), Error> {
        let body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        self.bucket_write("PutBucketVersioning", Method::PUT, region, bucket, "versioning", &[], body).await
    }

    /// Removes an empty bucket.
    ///
    /// # Errors
    /// [`Error`]; code `BucketNotEmpty` when there is anything in it, old versions included.
    pub async fn delete_bucket(&self, region: &str, bucket: &str) -> Result<(), Error> {
        self.bucket_write("DeleteBucket", Method::DELETE, region, bucket, "", &[], "").await
    }

    /// Removes an object, or one version of it. What is not there is no error.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn delete_object(&self, region: &str, delete: &DeleteObject) -> Result<(), Error> {
        let version = delete.version_id.as_deref();
        let facts = facts(if version.is_some() { "DeleteObjectVersion" } else { "DeleteObject" }, region, true);
        let query = parameters(&version.map(|version| ("versionId", version)).into_iter().collect::<Vec<_>>());
        let (bucket, key) = (&delete.bucket, &delete.key);
        let asked = Asked { method: Method::DELETE, bucket, key, query: &query, ..Asked::new() };
        let client = self.present(facts.action).await?;
        client.exchange(&facts, &|| client.oss_request(&facts, &asked)).await.map(drop)
    }

    /// The objects whose keys begin so.
    ///
    /// # Errors
    /// [`Error`]; `IncompleteAnswer` or `IncompleteListing` where it is not known to be complete.
    pub async fn list_objects(&self, region: &str, bucket: &str, prefix: &str) -> Result<Vec<Listed>, Error> {
        let mut found = Vec::new();
        let mut query = parameters(&[("list-type", "2"), ("max-keys", "1000"), ("prefix", prefix)]);
        for _ in 0..MOST_PAGES {
            let text = self.bucket_text("ListObjects", region, bucket, &query).await?;
            found.extend(rows("ListObjects", &text, "Contents", "Key")?);
            if !is_truncated("ListObjects", &text)? {
                return Ok(found);
            }
            let token = element(&text, "NextContinuationToken").map(unescape).filter(|token| !token.is_empty());
            let token = token.ok_or_else(|| Error::incomplete("ListObjects", "there is more, and no token for it"))?;
            if query.insert("continuation-token".to_owned(), token.clone()).is_some_and(|before| before == token) {
                break;
            }
        }
        Err(Error::incomplete("ListObjects", "the listing does not end"))
    }

    /// Every version of the objects whose keys begin so, and every marker of a deletion.
    ///
    /// # Errors
    /// As [`Client::list_objects`].
    pub async fn list_object_versions(&self, region: &str, bucket: &str, prefix: &str) -> Result<Vec<Listed>, Error> {
        let mut found = Vec::new();
        let mut query = parameters(&[("versions", ""), ("max-keys", "1000"), ("prefix", prefix)]);
        for _ in 0..MOST_PAGES {
            let text = self.bucket_text("ListObjectVersions", region, bucket, &query).await?;
            for kind in ["Version", "DeleteMarker"] {
                found.extend(rows("ListObjectVersions", &text, kind, "VersionId")?);
            }
            if !is_truncated("ListObjectVersions", &text)? {
                return Ok(found);
            }
            let before = query.clone();
            for (name, parameter) in [("NextKeyMarker", "key-marker"), ("NextVersionIdMarker", "version-id-marker")] {
                let marker = element(&text, name).map(unescape).unwrap_or_default();
                query.insert(parameter.to_owned(), marker);
            }
            if before == query {
                break;
            }
        }
        Err(Error::incomplete("ListObjectVersions", "the listing does not end"))
    }

    async fn bucket_text(
        &self,
        action: &'static str,
        region: &str,
        bucket: &str,
        query: &Parameters,
    ) -> Result<String, Error> {
        let facts = facts(action, region, false);
        let asked = Asked { bucket, query, ..Asked::new() };
        let client = self.present(facts.action).await?;
        let response: Response<Bytes> = client.exchange(&facts, &|| client.oss_request(&facts, &asked)).await?;
        String::from_utf8(response.into_body().into())
            .map_err(|_| Error::malformed(action, 200, "the answer is not UTF-8 text"))
    }

    #[expect(clippy::too_many_arguments, reason = "these are the parts of an HTTP request, each given once")]
    async fn bucket_write(
        &self,
        action: &'static str,
        method: Method,
        region: &str,
        bucket: &str,
        part: &str,
        headers: &[(&str, &str)],
        body: &'static str,
    ) -> Result<(), Error> {
        let facts = facts(action, region, true);
        let query = parameters(&if part.is_empty() { Vec::new() } else { vec![(part, "")] });
        let asked = Asked {
            method,
            bucket,
            key: "",
            query: &query,
            headers,
            content_type: (!body.is_empty()).then_some("application/xml"),
            body: Bytes::from_static(body.as_bytes()),
            internal: false,
        };
        let client = self.present(facts.action).await?;
        client.exchange(&facts, &|| client.oss_request(&facts, &asked)).await.map(drop)
    }
}

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Whether a listing goes on; one that does not say so is no listing.
fn is_truncated(action: &'static str, text: &str) -> Result<bool, Error> {
    match element(text, "IsTruncated").map(str::trim) {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err(Error::unread(action, 200, "the answer has no IsTruncated")),
    }
}

/// The rows of one kind.
fn rows(action: &'static str, text: &str, kind: &str, least: &str) -> Result<Vec<Listed>, Error> {
    let (open, close) = (format!("<{kind}>"), format!("</{kind}>"));
    let mut rows = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(&open) {
        let (row, after) = after.split_once(&close).ok_or_else(|| Error::unread(action, 200, "a row has no end"))?;
        rest = after;
        let value = |name: &str| element(row, name).map(unescape).filter(|value| !value.is_empty());
        let (Some(key), Some(_)) = (value("Key"), value(least)) else {
            return Err(Error::unread(action, 200, format!("a row of {kind} has no Key or no {least}")));
        };
        let size = value("Size").and_then(|size| size.parse().ok()).unwrap_or_default();
        rows.push(Listed { key, version_id: value("VersionId"), etag: value("ETag").unwrap_or_default(), size });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_that_is_not_whole_is_no_listing() {
        assert!(is_truncated("ListObjects", "<html>busy</html>").is_err());
        assert!(rows("ListObjects", "<Contents><Key>a</Key>", "Contents", "Key").is_err());
        assert!(rows("ListObjects", "<Contents><Size>1</Size></Contents>", "Contents", "Key").is_err());
        let text = "<Contents><Key>a&amp;b</Key><ETag>&quot;E&quot;</ETag><Size>7</Size></Contents>";
        let row = Listed { key: "a&b".into(), version_id: None, etag: "\"E\"".into(), size: 7 };
        assert_eq!(rows("ListObjects", text, "Contents", "Key").unwrap(), [row]);
    }
}
