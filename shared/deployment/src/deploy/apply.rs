//! Makes the steps of a plan, one after another. What is in place is left, so that a step that was interrupted can be made again.

use std::collections::BTreeSet;

use onboarding::ids::Region;
use openapi::oss::PutObject;
use openapi::{Error, ros};

use super::cloud::{Cloud, doing};
use super::error::{DeployError, StackFailure};
use super::follow::{self, Rest};
use super::observe::{read, stack};
use super::observed::Existing;
use super::packages::Packages;
use super::plan::{Plan, Step};
use super::preview::given;
use super::text::TEMPLATE;

/// How long a stack may take before the service gives up, in minutes.
const LIMIT: u32 = 60;

/// How far it is.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A step begins.
    Begins(&'a Step),
    /// Something happened to a stack's resource.
    Event(&'a Region, &'a ros::Event),
    /// A step is done.
    Done(&'a Step),
}

/// Makes the steps of a plan.
///
/// # Errors
/// [`DeployError`] of the first step that fails; those before it are done, and the next plan holds the others.
pub async fn apply(
    cloud: &Cloud,
    plan: &Plan,
    packages: &Packages,
    bindings: &str,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<(), DeployError> {
    for step in &plan.steps {
        tell(Progress::Begins(step));
        make(cloud, step, packages, bindings, tell).await?;
        tell(Progress::Done(step));
    }
    Ok(())
}

async fn make(
    cloud: &Cloud,
    step: &Step,
    packages: &Packages,
    bindings: &str,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<(), DeployError> {
    let client = cloud.client();
    match step {
        Step::MakeBucket { region, bucket } => {
            let made = client.create_bucket(region.as_str(), bucket).await;
            made.map_err(doing(format!("making the bucket {bucket}"), region))?;
            versioned(cloud, region, bucket).await
        }
        Step::MakePrivate { region, bucket } => {
            let done = client.make_bucket_private(region.as_str(), bucket).await;
            done.map_err(doing(format!("making the bucket {bucket} private"), region))
        }
        Step::MakeVersioned { region, bucket } => versioned(cloud, region, bucket).await,
        Step::UploadPackage { region, bucket, key, package } => {
            let body = packages.content(package)?;
            put(cloud, region, bucket, key, body, "application/zip", &format!("uploading {key}")).await
        }
        Step::UploadBindings { region, bucket, key, .. } => {
            let body = bindings.as_bytes().to_vec();
            put(cloud, region, bucket, key, body, "application/yaml", "uploading the bindings").await
        }
        Step::CreateStack { region, name, parameters, remains, .. } => {
            if let Some(remains) = remains {
                delete(cloud, region, remains, tell).await?;
            }
            let create = ros::CreateStack {
                stack_name: name.clone(),
                template_body: TEMPLATE.to_owned(),
                parameters: given(parameters),
                timeout_in_minutes: Some(LIMIT),
                disable_rollback: Some(false),
                client_token: None,
            };
            let id = match client.call(region.as_str(), &create).await {
                Ok(made) => made.stack_id,
                // Made by a call whose answer was lost, or by somebody else at the same time: then it is not as wanted.
                Err(error) if is_there(&error) => {
                    let there = stack(cloud, region, name, &mut |_, _| {}).await?;
                    let is_ours = |there: &Existing| same(&there.parameters, parameters);
                    there.filter(is_ours).ok_or_else(|| DeployError::Moved { region: region.clone() })?.id
                }
                Err(error) => return Err(doing(format!("making the stack in {region}"), region)(error)),
            };
            ended_well(cloud, region, &id, &BTreeSet::new(), tell).await
        }
        Step::UpdateStack { region, parameters, existing, .. } => {
            update(cloud, region, parameters, existing, tell).await
        }
        Step::DeleteStack { region, existing } => delete(cloud, region, existing, tell).await,
        // No plan of a deployment holds it.
        Step::RemoveBucket { .. } => Ok(()),
    }
}

async fn versioned(cloud: &Cloud, region: &Region, bucket: &str) -> Result<(), DeployError> {
    let done = cloud.client().make_bucket_versioned(region.as_str(), bucket).await;
    done.map_err(doing(format!("having the bucket {bucket} keep versions"), region))
}

async fn put(
    cloud: &Cloud,
    region: &Region,
    bucket: &str,
    key: &str,
    body: Vec<u8>,
    content_type: &str,
    what: &str,
) -> Result<(), DeployError> {
    let content_type = Some(content_type.to_owned());
    let put =
        PutObject { bucket: bucket.to_owned(), key: key.to_owned(), body: body.into(), content_type, internal: false };
    cloud.client().put_object(region.as_str(), &put).await.map(drop).map_err(doing(what, region))
}

async fn update(
    cloud: &Cloud,
    region: &Region,
    parameters: &std::collections::BTreeMap<String, String>,
    existing: &Existing,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<(), DeployError> {
    // Only what was shown is changed.
    let now = read(cloud, region, &existing.id).await?;
    if now.as_ref() != Some(existing) {
        return Err(DeployError::Moved { region: region.clone() });
    }
    let before = known(cloud, region, &existing.id).await?;
    let update = ros::UpdateStack {
        stack_id: existing.id.clone(),
        template_body: TEMPLATE.to_owned(),
        parameters: given(parameters),
        timeout_in_minutes: Some(LIMIT),
        disable_rollback: Some(false),
        client_token: None,
    };
    match cloud.client().call(region.as_str(), &update).await {
        // Taken already, by a call whose answer was lost.
        Err(error) if matches!(error.code.as_str(), "ActionInProgress" | "NotSupported") => {}
        done => drop(done.map_err(doing(format!("changing the stack in {region}"), region))?),
    }
    ended_well(cloud, region, &existing.id, &before, tell).await
}

/// Takes a stack away and waits until it is gone.
pub(crate) async fn delete(
    cloud: &Cloud,
    region: &Region,
    existing: &Existing,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<(), DeployError> {
    let before = known(cloud, region, &existing.id).await.unwrap_or_default();
    let delete = ros::DeleteStack { stack_id: existing.id.clone() };
    match cloud.client().call(region.as_str(), &delete).await {
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) if error.code == "ActionInProgress" || error.may_have_happened() => {}
        done => drop(done.map_err(doing(format!("taking away the stack in {region}"), region))?),
    }
    let rest = follow(cloud, region, &existing.id, &before, tell).await?;
    match rest.status {
        None => Ok(()),
        Some(status) => Err(failure(cloud, region, &existing.id, status, rest.reason, &before).await.into()),
    }
}

async fn ended_well(
    cloud: &Cloud,
    region: &Region,
    id: &str,
    before: &BTreeSet<String>,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<(), DeployError> {
    let rest = follow(cloud, region, id, before, tell).await?;
    match rest.status {
        Some(status) if status.is_success() => Ok(()),
        Some(status) => Err(failure(cloud, region, id, status, rest.reason, before).await.into()),
        None => Err(DeployError::Moved { region: region.clone() }),
    }
}

async fn follow(
    cloud: &Cloud,
    region: &Region,
    id: &str,
    before: &BTreeSet<String>,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Rest, DeployError> {
    let mut told = |event: &ros::Event| {
        if !before.contains(&follow::key(event)) {
            tell(Progress::Event(region, event));
        }
    };
    follow::until_at_rest(cloud, region, id, &mut told).await
}

/// The events that there are already.
async fn known(cloud: &Cloud, region: &Region, id: &str) -> Result<BTreeSet<String>, DeployError> {
    Ok(follow::events(cloud, region, id).await?.into_iter().map(|event| follow::key(&event)).collect())
}

async fn failure(
    cloud: &Cloud,
    region: &Region,
    id: &str,
    status: super::status::Status,
    reason: String,
    before: &BTreeSet<String>,
) -> StackFailure {
    let events = follow::events(cloud, region, id).await.unwrap_or_default();
    StackFailure { region: region.clone(), status, reason, failed: follow::failures(&events, before) }
}

/// Whether a stack has the values that are wanted. It may have more parameters.
fn same(
    there: &std::collections::BTreeMap<String, String>,
    wanted: &std::collections::BTreeMap<String, String>,
) -> bool {
    use super::wanted::comparable;
    wanted.iter().all(|(name, value)| there.get(name).is_some_and(|found| comparable(found) == comparable(value)))
}

fn is_there(error: &Error) -> bool {
    error.code == "StackExists" || error.is_duplicate()
}
