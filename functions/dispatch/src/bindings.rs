//! Which bindings an event concerns: decided by the state of the cloud, not by the event.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding::Binding;
use onboarding::ids::{InstanceId, Region, VpcId};
use onboarding::store::Store;
use openapi::ecs;
use stage::{Cloud, Invocation, Side};

/// The bindings of the store that an event from these accounts and this region may concern: those with backends in the
/// region, if each account is ours or one whose role the binding assumes. If our own account is unknown, every account
/// counts.
pub(crate) fn within<'s>(
    store: &'s Store,
    region: Option<&Region>,
    accounts: &BTreeSet<String>,
    ours: &str,
) -> Vec<&'s Binding> {
    let knows = |binding: &Binding, account: &String| {
        ours.is_empty() || account == ours || accounts_of(binding).any(|known| known == account)
    };
    let concerned = |binding: &&Binding| {
        let here = region.is_none_or(|region| binding.backends.iter().any(|backend| &backend.region == region));
        here && accounts.iter().all(|account| knows(binding, account))
    };
    store.bindings.iter().filter(concerned).collect()
}

/// The accounts whose roles a binding assumes: `acs:ram::<account>:role/<name>`.
fn accounts_of(binding: &Binding) -> impl Iterator<Item = &str> {
    let roles = binding.backends.iter().map(|backend| &backend.assume_role).chain([&binding.alb.assume_role]);
    roles.flatten().filter_map(|role| role.arn.split(':').nth(3))
}

/// Whether one of the instances is in a VPC of the binding. Also true if an instance does not exist (it may be deleted), or
/// if it cannot be read in time.
pub(crate) async fn holds(
    invocation: &Invocation<'_>,
    binding: &Binding,
    region: Option<&Region>,
    ids: &BTreeSet<InstanceId>,
) -> bool {
    let cloud = Cloud::new(invocation.client(), binding, "");
    let clock = invocation.host.clock();
    // The other half is for starting the execution.
    let limit: Duration = clock.until(invocation.budget_end()) / 2;
    let reading = async {
        for backend in binding.backends.iter().filter(|backend| region.is_none_or(|region| &backend.region == region)) {
            if is_in(&cloud, &backend.region, &backend.vpc, ids).await {
                return true;
            }
        }
        false
    };
    clock.timeout(limit, reading).await.unwrap_or_else(|_| {
        tracing::warn!(binding = %binding.name, "the instances were not read in time, so the binding counts as concerned");
        true
    })
}

/// Whether one of the instances is in the VPC, does not exist, or cannot be read.
async fn is_in(cloud: &Cloud, region: &Region, vpc: &VpcId, ids: &BTreeSet<InstanceId>) -> bool {
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
