//! Security groups themselves, and who is in them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_token};
use crate::state::ecs::{Group, Source};
use crate::world::World;
use crate::{stamp, tags};

pub(super) fn group_here<'a>(world: &'a World, call: &Call, id: &str) -> Result<&'a Group, ApiError> {
    world.ecs.groups.get(id).filter(|group| group.region == call.region).ok_or_else(no_such_group)
}

pub(super) fn no_such_group() -> ApiError {
    ApiError::not_found("InvalidSecurityGroupId.NotFound", "The specified SecurityGroupId does not exist.")
}

/// The group of a call that changes rules; one that a cloud service manages is refused.
pub(super) fn editable<'a>(world: &'a World, call: &Call) -> Result<&'a Group, ApiError> {
    let group = group_here(world, call, call.params.required("SecurityGroupId")?)?;
    if group.service_managed {
        return Err(ApiError::new(
            403,
            "InvalidOperation.ResourceManagedByCloudProduct",
            "The security group has been managed by another cloud product.",
        ));
    }
    Ok(group)
}

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let vpc = params.required("VpcId")?;
    if world.vpc.vpcs.get(vpc).is_none_or(|held| held.region != call.region) {
        return Err(ApiError::not_found("InvalidVpcId.NotFound", "The specified VpcId does not exist."));
    }
    let enterprise = match params.get("SecurityGroupType").unwrap_or("normal") {
        "normal" => false,
        "enterprise" => true,
        _ => {
            return Err(ApiError::bad(
                "InvalidSecurityGroupType.NotFound",
                "The specified SecurityGroupType is not valid.",
            ));
        }
    };
    let id = world.ids.next("sg-");
    let group = Group {
        id: id.clone(),
        region: call.region.clone(),
        vpc: vpc.to_owned(),
        name: params.text("SecurityGroupName"),
        description: params.text("Description"),
        enterprise,
        service_managed: params.flag("ServiceManaged")?.unwrap_or(false),
        rules: Vec::new(),
        created: now,
        tags: tags::read(params),
    };
    world.ecs.groups.insert(id.clone(), group);
    Ok(json!({"SecurityGroupId": id}))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let id = editable(world, call)?.id.clone();
    let used = world.ecs.interfaces.values().any(|interface| interface.groups.contains(&id));
    let named = Source::Group(id.clone());
    let referred =
        world.ecs.groups.values().any(|group| group.id != id && group.rules.iter().any(|rule| rule.source == named));
    if used || referred {
        return Err(ApiError::new(
            403,
            "DependencyViolation",
            "There is still instance(s) in the specified security group, or another security group refers to it.",
        ));
    }
    world.ecs.groups.remove(&id);
    done()
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    let params = &call.params;
    let mut ids = params.json_list("SecurityGroupIds")?;
    if let Some(id) = params.get("SecurityGroupId") {
        ids.get_or_insert_default().push(id.to_owned());
    }
    let is = |name: &str, value: &str| params.get(name).is_none_or(|sent| sent == value);
    let fuzzy = params.flag("FuzzyQuery")? == Some(true);
    let named = |group: &Group| match params.get("SecurityGroupName") {
        Some(sent) if fuzzy => group.name.contains(sent.trim_matches('*')),
        Some(sent) => group.name == sent,
        None => true,
    };
    let rows = world.ecs.groups.values().filter(|group| {
        group.region == call.region
            && ids.as_ref().is_none_or(|ids| ids.contains(&group.id))
            && is("VpcId", &group.vpc)
            && is("NetworkType", "vpc")
            && is("SecurityGroupType", kind(group))
            && named(group)
            && tags::pass(&group.tags, params, "Tag")
    });
    let page =
        by_token(params, Size::clamped("MaxResults", 10, 10, 100), rows.collect(), |group: &&Group| group.id.clone())?;
    let rows: Vec<Value> = page.items.iter().map(|group| json(world, group)).collect();
    Ok(json!({
        "SecurityGroups": {"SecurityGroup": rows},
        "RegionId": call.region,
        "TotalCount": page.total,
        "PageNumber": 1,
        "PageSize": page.size,
        "NextToken": page.next,
    }))
}

const fn kind(group: &Group) -> &'static str {
    if group.enterprise { "enterprise" } else { "normal" }
}

fn json(world: &World, group: &Group) -> Value {
    // An instance is in the groups of its primary interface.
    let members =
        world.ecs.interfaces.values().filter(|interface| {
            interface.primary && interface.instance.is_some() && interface.groups.contains(&group.id)
        });
    let by_group = group.rules.iter().filter(|rule| matches!(rule.source, Source::Group(_))).count();
    json!({
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "SecurityGroupType": kind(group),
        "Description": group.description,
        "VpcId": group.vpc,
        "EcsCount": members.count(),
        "AvailableInstanceAmount": 2000,
        "RuleCount": group.rules.len(),
        "GroupToGroupRuleCount": by_group,
        "ServiceManaged": group.service_managed,
        "ServiceID": 0,
        "ResourceGroupId": "",
        "CreationTime": stamp::minutes(group.created),
        "Tags": {"Tag": tags::ecs_list(&group.tags)},
    })
}

pub(super) fn join(world: &mut World, call: &Call) -> Answer {
    let group = group_here(world, call, call.params.required("SecurityGroupId")?)?;
    let (id, vpc) = (group.id.clone(), group.vpc.clone());
    let interface = member(world, call)?;
    let held = world.ecs.interfaces.get_mut(&interface).ok_or_else(no_such_interface)?;
    if held.vpc != vpc {
        return Err(ApiError::new(
            403,
            "InvalidSecurityGroupId.VPCMismatch",
            "The specified security group is not in the same VPC as the instance.",
        ));
    }
    if held.groups.contains(&id) {
        return Err(ApiError::new(
            403,
            "InvalidInstanceId.AlreadyExists",
            "The specified instance already exists in the specified security group.",
        ));
    }
    held.groups.push(id);
    done()
}

pub(super) fn leave(world: &mut World, call: &Call) -> Answer {
    let id = group_here(world, call, call.params.required("SecurityGroupId")?)?.id.clone();
    let interface = member(world, call)?;
    let held = world.ecs.interfaces.get_mut(&interface).ok_or_else(no_such_interface)?;
    if !held.groups.contains(&id) {
        return Err(ApiError::new(
            403,
            "InvalidSecurityGroupId.NotFound",
            "The instance is not in the specified security group.",
        ));
    }
    if held.groups.len() == 1 {
        return Err(ApiError::new(
            403,
            "InstanceLastSecurityGroup",
            "The instance is in only one security group, and cannot leave it.",
        ));
    }
    held.groups.retain(|held| *held != id);
    done()
}

/// The interface that joins or leaves: the one named, or the instance's primary one.
fn member(world: &World, call: &Call) -> Result<String, ApiError> {
    if let Some(id) = call.params.get("NetworkInterfaceId") {
        let here = world.ecs.interfaces.get(id).is_some_and(|interface| interface.region == call.region);
        return if here { Ok(id.to_owned()) } else { Err(no_such_interface()) };
    }
    super::lifecycle::instance_here(world, call).map(|instance| instance.interface.clone())
}

fn no_such_interface() -> ApiError {
    ApiError::not_found("InvalidEniId.NotFound", "The specified NetworkInterfaceId does not exist.")
}
