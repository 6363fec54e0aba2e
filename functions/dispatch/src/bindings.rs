//! Which bindings an event concerns: the cloud says, never the event.

use std::collections::BTreeSet;

use onboarding::Binding;
use onboarding::ids::{BindingName, InstanceId, Region};
use openapi::ecs;
use stage::{Cloud, Failure, Invocation, Side, store};

/// The bindings of the VPCs that these instances are in. One that cannot be read (deleted, say) concerns every binding of
/// its region, or of all regions where the event names none.
pub(crate) async fn of_instances(
    invocation: &Invocation<'_>,
    region: Option<&Region>,
    ids: &BTreeSet<InstanceId>,
) -> Result<Vec<BindingName>, Failure> {
    let store = store::load(invocation.host, &invocation.client()).await?;
    let here = |binding: &&Binding| {
        region.is_none_or(|region| binding.backends.iter().any(|backend| &backend.region == region))
    };
    let mut concerned = Vec::new();
    for binding in store.bindings.iter().filter(here) {
        let cloud = Cloud::new(invocation.client(), binding, "");
        for backend in binding.backends.iter().filter(|backend| region.is_none_or(|region| &backend.region == region)) {
            if is_concerned(&cloud, &backend.region, &backend.vpc, ids).await {
                concerned.push(binding.name.clone());
                break;
            }
        }
    }
    Ok(concerned)
}

/// Whether one of the instances is in the VPC, or cannot be read.
async fn is_concerned(
    cloud: &Cloud,
    region: &Region,
    vpc: &onboarding::ids::VpcId,
    ids: &BTreeSet<InstanceId>,
) -> bool {
    let Ok(client) = cloud.client_for(Side::Backend(vpc)).await else { return true };
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    for ids in ids.chunks(100) {
        let describe = ecs::DescribeInstances { instance_ids: ids.to_vec(), ..Default::default() };
        let Ok(found) = client.list(region.as_str(), describe).await else { return true };
        let in_vpc = found.iter().any(|instance| instance.vpc_attributes.vpc_id == vpc.as_str());
        if in_vpc || found.len() < ids.len() {
            return true;
        }
    }
    false
}

/// The bindings with backends in a region.
pub(crate) async fn of_region(invocation: &Invocation<'_>, region: &Region) -> Result<Vec<BindingName>, Failure> {
    let store = store::load(invocation.host, &invocation.client()).await?;
    let here = |binding: &&Binding| binding.backends.iter().any(|backend| &backend.region == region);
    Ok(store.bindings.iter().filter(here).map(|binding| binding.name.clone()).collect())
}
