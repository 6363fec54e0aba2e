//! The buckets, and the bindings in the store.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use onboarding::Store;
use onboarding::ids::Region;

use super::finding::{Code, Finding};
use super::made::DEPLOY;
use crate::deploy::cloud::{Cloud, doing};
use crate::deploy::error::DeployError;
use crate::deploy::layout::Layout;
use crate::deploy::names::Names;
use crate::deploy::observe::stored;

/// The buckets: there, at the right place, private, and keeping versions.
pub(super) async fn buckets(cloud: &Cloud, names: &Names, layout: &Layout) -> Vec<Finding> {
    let code = layout.parts.keys().map(|region| (names.code_bucket(region), region));
    let wanted: BTreeMap<String, &Region> = code.chain([(names.store_bucket(), &layout.home)]).collect();
    join_all(wanted.into_iter().map(|(bucket, region)| async move {
        let subject = format!("bucket {bucket}");
        let wrong = |says: &str| Finding::wrong(Code::Bucket, subject.clone(), says, DEPLOY);
        let info = match cloud.client().bucket_info(region.as_str(), &bucket).await {
            Ok(info) => info,
            Err(error) if error.is_not_found() => return wrong("There is none."),
            Err(error) => {
                let error = doing(format!("reading the bucket {bucket}"), region)(error);
                return Finding::unread(Code::Bucket, subject, &error);
            }
        };
        if info.region != region.as_str() {
            let remedy = "Name another one in the settings file, under storeBucket or codeBuckets.";
            let says = format!("It is in {}, not in {region}.", info.region);
            return Finding::wrong(Code::Bucket, subject, says, remedy);
        }
        match (info.acl == "private", info.is_versioned) {
            (false, _) => wrong("Others may read it."),
            (true, false) => wrong("It keeps no versions."),
            (true, true) => Finding::well(Code::Bucket, subject, "private, keeps versions"),
        }
    }))
    .await
}

/// The bindings that the functions read. Where there is no bucket, that is said of the bucket.
pub(super) async fn bindings(cloud: &Cloud, names: &Names, layout: &Layout, text: &str) -> Option<Finding> {
    let (bucket, key) = (names.store_bucket(), names.store_key());
    let found = stored(cloud, &layout.home, &bucket, &key).await;
    let (code, subject) = (Code::Store, "bindings in the store");
    Some(match found {
        Err(DeployError::Call { error, .. }) if error.code == "NoSuchBucket" => return None,
        Err(error) => Finding::unread(code, subject, &error),
        Ok(None) => Finding::wrong(code, subject, "There are none.", DEPLOY),
        Ok(Some(found)) if found == text.as_bytes() => Finding::well(code, subject, "the ones here"),
        Ok(Some(found)) => match std::str::from_utf8(&found).map(|found| Store::parse(found, "the store")) {
            Ok(Ok(_)) => Finding::wrong(
                code,
                subject,
                "They are not the ones here.",
                "Run albridge deploy, or fetch those of the store if they are newer.",
            ),
            Ok(Err(error)) => Finding::wrong(code, subject, format!("They are not valid: {error}"), DEPLOY),
            Err(_) => Finding::wrong(code, subject, "They are no text.", DEPLOY),
        },
    })
}
