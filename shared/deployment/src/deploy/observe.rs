//! Reads what there is. Nothing is planned on an incomplete reading.

use std::collections::{BTreeMap, BTreeSet};

use onboarding::Store;
use onboarding::ids::{Region, SecurityGroupId};
use openapi::oss::GetObject;
use openapi::{alb, ecs, fnf, ram, ros, sts};

use super::cloud::{Cloud, doing};
use super::error::DeployError;
use super::follow;
use super::layout::{Layout, Note};
use super::names::Names;
use super::observed::{Bucket, Existing, Observed, Probe};
use super::saved::Saved;
use super::status::{Condition, Status};

/// EventBridge's role for sending events to functions.
const EVENT_ROLE: &str = "AliyunServiceRoleForEventBridgeSendToFC";

/// Where the account's central services are asked.
pub(crate) const CENTRAL: &str = "";

/// A region that offers CloudFlow.
const FLOWS: &str = "cn-hangzhou";

/// What is looked for.
pub struct Asked<'a> {
    /// The deployment's name.
    pub deployment: &'a str,
    /// The bindings.
    pub store: &'a Store,
    /// The settings.
    pub saved: &'a Saved,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The names of what the deployment has.
    pub names: Names,
    /// Which stack is where.
    pub layout: Layout,
    /// What is there.
    pub observed: Observed,
}

/// Reads everything that a plan depends on. Waits for stacks that are being changed, and says so to `waiting`.
///
/// # Errors
/// [`DeployError`].
pub async fn observe(
    cloud: &Cloud,
    asked: &Asked<'_>,
    waiting: &mut (dyn FnMut(&Region, &Status) + Send),
) -> Result<Seen, DeployError> {
    let central = Region::from(CENTRAL);
    let caller = cloud.client().call(CENTRAL, &sts::GetCallerIdentity {}).await;
    let account = caller.map_err(doing("reading the account's number", &central))?.account_id;
    let with_flows = regions_with_flows(cloud).await?;
    let layout = Layout::new(asked.store, asked.saved.home.as_ref(), &with_flows)?;
    let names = Names::new(asked.deployment, &account, asked.saved);
    let mut seen = Seen { names, layout, observed: Observed::default() };
    let candidates: BTreeSet<Region> =
        seen.layout.parts.keys().chain(&asked.saved.regions).chain(&with_flows).cloned().collect();
    for region in candidates {
        if let Some(existing) = stack(cloud, &region, asked.deployment, waiting).await? {
            seen.observed.stacks.insert(region, existing);
        }
    }
    probes(cloud, asked, &mut seen).await?;
    buckets(cloud, &mut seen).await?;
    seen.observed.lacks_event_role = lacks_event_role(cloud).await?;
    Ok(seen)
}

/// The regions that offer CloudFlow. It is asked where it began: in a region without it there is nobody to ask.
pub(crate) async fn regions_with_flows(cloud: &Cloud) -> Result<BTreeSet<Region>, DeployError> {
    let answer = cloud.client().call(FLOWS, &fnf::DescribeRegions {}).await;
    let answer = answer.map_err(doing("reading which regions offer CloudFlow", &Region::from(FLOWS)))?;
    Ok(answer.regions.into_iter().map(|region| region.region_id.into()).collect())
}

/// The stack of a name in a region, when it is at rest.
pub(crate) async fn stack(
    cloud: &Cloud,
    region: &Region,
    name: &str,
    waiting: &mut (dyn FnMut(&Region, &Status) + Send),
) -> Result<Option<Existing>, DeployError> {
    let Some((id, status)) = named(cloud, region, name).await? else { return Ok(None) };
    if status.is_busy() {
        waiting(region, &status);
        follow::until_at_rest(cloud, region, &id, &mut |_| {}).await?;
    }
    read(cloud, region, &id).await
}

/// The id and the state of the stack of a name in a region.
pub(crate) async fn named(cloud: &Cloud, region: &Region, name: &str) -> Result<Option<(String, Status)>, DeployError> {
    let list = ros::ListStacks { stack_name: vec![name.to_owned()], ..Default::default() };
    let listed = cloud.client().list(region.as_str(), list).await;
    let listed = listed.map_err(doing(format!("listing the stacks of {region}"), region))?;
    let found = listed.into_iter().filter(|stack| stack.stack_name == name);
    let mut found = found.map(|stack| (stack.stack_id, Status::new(&stack.status)));
    Ok(found.find(|(_, status)| status.condition() != Condition::Gone))
}

/// A stack as it is now; none if it is gone.
pub(crate) async fn read(cloud: &Cloud, region: &Region, id: &str) -> Result<Option<Existing>, DeployError> {
    let stack = match cloud.client().call(region.as_str(), &ros::GetStack { stack_id: id.to_owned() }).await {
        Ok(stack) => stack,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(doing(format!("reading the stack in {region}"), region)(error)),
    };
    let status = Status::new(&stack.status);
    if status.condition() == Condition::Gone {
        return Ok(None);
    }
    let template = if status.condition() == Condition::Broken {
        String::new()
    } else {
        let get = ros::GetTemplate { stack_id: Some(id.to_owned()) };
        let answer = cloud.client().call(region.as_str(), &get).await;
        answer.map_err(doing(format!("reading the template of the stack in {region}"), region))?.template_body
    };
    let parameters = stack.parameters.into_iter().map(|one| (one.parameter_key, one.parameter_value)).collect();
    Ok(Some(Existing { id: stack.stack_id, status, parameters, template, updated: stack.update_time }))
}

/// Where the real requests are sent from: the VPC and the vSwitches of each region's first ALB.
async fn probes(cloud: &Cloud, asked: &Asked<'_>, seen: &mut Seen) -> Result<(), DeployError> {
    for (region, albs) in &seen.layout.albs {
        for id in albs {
            let get = alb::GetLoadBalancerAttribute { load_balancer_id: id.to_string() };
            let found =
                cloud.client().call(region.as_str(), &get).await.map_err(doing(format!("reading {id}"), region))?;
            match seen.observed.probes.get(region) {
                Some(probe) if probe.vpc.as_str() == found.vpc_id => {}
                Some(_) => seen.layout.notes.push(Note::SecondVpc(id.clone())),
                None => {
                    let security_group = match asked.saved.probe_security_groups.get(region) {
                        Some(group) => group.clone(),
                        None => match groups(cloud, region, &found.vpc_id).await?.as_slice() {
                            [group] => group.clone(),
                            groups => {
                                let (alb, groups) = (id.clone(), groups.to_vec());
                                return Err(DeployError::SecurityGroup { region: region.clone(), alb, groups });
                            }
                        },
                    };
                    let vswitches = found.zone_mappings.into_iter().map(|zone| zone.vswitch_id.into()).collect();
                    let probe = Probe { vpc: found.vpc_id.into(), vswitches, security_group };
                    seen.observed.probes.insert(region.clone(), probe);
                }
            }
        }
    }
    Ok(())
}

/// The security groups of a VPC that belong to nobody's service.
async fn groups(cloud: &Cloud, region: &Region, vpc: &str) -> Result<Vec<SecurityGroupId>, DeployError> {
    let list = ecs::DescribeSecurityGroups { vpc_id: Some(vpc.to_owned()), ..Default::default() };
    let listed = cloud.client().list(region.as_str(), list).await;
    let listed = listed.map_err(doing(format!("listing the security groups of {vpc}"), region))?;
    Ok(listed.into_iter().filter(|group| !group.service_managed).map(|group| group.security_group_id.into()).collect())
}

async fn buckets(cloud: &Cloud, seen: &mut Seen) -> Result<(), DeployError> {
    let (names, layout) = (seen.names.clone(), seen.layout.clone());
    let store = names.store_bucket();
    let mut wanted: BTreeMap<String, Region> =
        layout.parts.keys().map(|region| (names.code_bucket(region), region.clone())).collect();
    wanted.insert(store.clone(), layout.home.clone());
    for (bucket, region) in wanted {
        let info = match cloud.client().bucket_info(region.as_str(), &bucket).await {
            Ok(info) => info,
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(doing(format!("reading the bucket {bucket}"), &region)(error)),
        };
        let found =
            Bucket { region: info.region.into(), is_private: info.acl == "private", is_versioned: info.is_versioned };
        let is_here = found.region == region;
        seen.observed.buckets.insert(bucket.clone(), found);
        if !is_here {
            continue;
        }
        let what = format!("listing the bucket {bucket}");
        let listed = cloud.client().list_objects(region.as_str(), &bucket, names.code_prefix()).await;
        let listed = listed.map_err(doing(what, &region))?;
        let objects = listed.into_iter().map(|object| (object.key, object.size)).collect();
        seen.observed.objects.insert(bucket.clone(), objects);
        if bucket == store {
            seen.observed.store = stored(cloud, &region, &bucket, &names.store_key()).await?;
        }
    }
    Ok(())
}

/// The bindings that are in the store.
pub(crate) async fn stored(
    cloud: &Cloud,
    region: &Region,
    bucket: &str,
    key: &str,
) -> Result<Option<Vec<u8>>, DeployError> {
    let (bucket, key) = (bucket.to_owned(), key.to_owned());
    let get = GetObject { bucket, key, most: Some(stage::store::MOST_BYTES), ..Default::default() };
    match cloud.client().get_object(region.as_str(), &get).await {
        Ok(object) => Ok(Some(object.body.into())),
        Err(error) if error.code == "NoSuchKey" => Ok(None),
        Err(error) => Err(doing("reading the bindings in the store", region)(error)),
    }
}

pub(crate) async fn lacks_event_role(cloud: &Cloud) -> Result<bool, DeployError> {
    let get = ram::GetRole { role_name: EVENT_ROLE.to_owned() };
    match cloud.client().call(CENTRAL, &get).await {
        Ok(_) => Ok(false),
        Err(error) if error.is_not_found() => Ok(true),
        Err(error) => Err(doing(format!("reading the role {EVENT_ROLE}"), &Region::from(CENTRAL))(error)),
    }
}
