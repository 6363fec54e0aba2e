//! Takes a deployment away: outposts and probes first, home last, so that nothing sends events to what is gone; then the buckets
//! of the packages, and the store where that is asked for. Only buckets with the names that deploy gives them go: others may hold what others put
//! there.

use std::collections::BTreeSet;

use onboarding::ids::Region;
use openapi::oss::{DeleteObject, Listed};
use openapi::sts;

use super::apply::{Progress, delete};
use super::cloud::{Cloud, doing};
use super::error::DeployError;
use super::layout::Part;
use super::names::Names;
use super::observe::{Asked, regions_with_flows, stack};
use super::plan::Step;
use super::saved::Saved;
use super::status::Status;

/// What goes, in its order, and what stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaving {
    /// The steps.
    pub steps: Vec<Step>,
    /// Buckets that stay.
    pub left: Vec<String>,
}

/// Reads what there is of a deployment. `store`: whether its binding store is to go, too.
///
/// # Errors
/// [`DeployError`].
pub async fn leaving(
    cloud: &Cloud,
    asked: &Asked<'_>,
    store: bool,
    waiting: &mut (dyn FnMut(&Region, &Status) + Send),
) -> Result<Leaving, DeployError> {
    let with_flows = regions_with_flows(cloud).await?;
    let caller = cloud.client().call("", &sts::GetCallerIdentity {}).await;
    let account = caller.map_err(doing("reading the account's number", &Region::default()))?.account_id;
    let named = asked.store.bindings.iter().flat_map(onboarding::Binding::regions);
    let mut near: BTreeSet<Region> = named.chain(&asked.saved.regions).chain(&asked.saved.home).cloned().collect();
    let mut stacks = Vec::new();
    for region in near.clone().union(&with_flows) {
        let Some(existing) = stack(cloud, region, asked.deployment, waiting).await? else { continue };
        if existing.parameters.get("DeploymentName").is_none_or(|name| name != asked.deployment) {
            return Err(DeployError::Foreign { region: region.clone(), name: asked.deployment.to_owned() });
        }
        near.insert(region.clone());
        stacks.push(Step::DeleteStack { region: region.clone(), existing });
    }
    stacks.sort_by_key(|step| matches!(step, Step::DeleteStack { existing, .. } if existing.is(Part::Home)));
    let mut leaving = Leaving { steps: stacks, left: Vec::new() };
    let names = Names::new(asked.deployment, &account, asked.saved);
    let usual = Names::new(asked.deployment, &account, &Saved::default());
    for region in &near {
        let bucket = names.code_bucket(region);
        let goes = bucket == usual.code_bucket(region);
        leaving.add(cloud, region, bucket, goes).await?;
    }
    let bucket = names.store_bucket();
    let goes = store && bucket == usual.store_bucket();
    // The store is at home; where that was is not known without the settings.
    for region in asked.saved.home.iter().chain(&near) {
        if leaving.add(cloud, region, bucket.clone(), goes).await? {
            break;
        }
    }
    Ok(leaving)
}

impl Leaving {
    /// Adds a bucket, if there is one in the region.
    async fn add(&mut self, cloud: &Cloud, region: &Region, bucket: String, goes: bool) -> Result<bool, DeployError> {
        let here = match cloud.client().bucket_info(region.as_str(), &bucket).await {
            Ok(info) => info.region == region.as_str(),
            // Of another region, or somebody else's.
            Err(error) if error.is_not_found() || error.code == "AccessDenied" => false,
            Err(error) => return Err(doing(format!("reading the bucket {bucket}"), region)(error)),
        };
        if here && goes {
            let objects = versions(cloud, region, &bucket).await?.len();
            self.steps.push(Step::RemoveBucket { region: region.clone(), bucket, objects });
        } else if here {
            self.left.push(bucket);
        }
        Ok(here)
    }
}

/// Takes it away, one step after another.
///
/// # Errors
/// [`DeployError`] of the first that stays.
pub async fn leave(
    cloud: &Cloud,
    leaving: &Leaving,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<(), DeployError> {
    for step in &leaving.steps {
        tell(Progress::Begins(step));
        match step {
            Step::DeleteStack { region, existing } => delete(cloud, region, existing, tell).await?,
            Step::RemoveBucket { region, bucket, .. } => empty(cloud, region, bucket).await?,
            _ => {}
        }
        tell(Progress::Done(step));
    }
    Ok(())
}

async fn versions(cloud: &Cloud, region: &Region, bucket: &str) -> Result<Vec<Listed>, DeployError> {
    let listed = cloud.client().list_object_versions(region.as_str(), bucket, "").await;
    listed.map_err(doing(format!("listing the bucket {bucket}"), region))
}

async fn empty(cloud: &Cloud, region: &Region, bucket: &str) -> Result<(), DeployError> {
    let client = cloud.client();
    for found in versions(cloud, region, bucket).await? {
        let delete = DeleteObject { bucket: bucket.to_owned(), key: found.key, version_id: found.version_id };
        let what = format!("deleting {} from {bucket}", delete.key);
        client.delete_object(region.as_str(), &delete).await.map_err(doing(what, region))?;
    }
    match client.delete_bucket(region.as_str(), bucket).await {
        Err(error) if error.is_not_found() => Ok(()),
        done => done.map_err(doing(format!("removing the bucket {bucket}"), region)),
    }
}
