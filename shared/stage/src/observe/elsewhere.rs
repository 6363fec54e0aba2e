//! Searches other VPCs of the binding's regions for instances with the selected tags. Only if a selector matches no
//! instance in its VPC, with one listing per region: without a fault there are no extra calls. The drift check goes without:
//! its hints would cost two calls for each binding that has no instances yet.

use std::collections::BTreeMap;

use futures_util::future::{join_all, try_join_all};
use onboarding::binding::Backend;
use onboarding::ids::{Region, VpcId};
use onboarding::ordered::{Ordered, sort_few};
use onboarding::topology::context::Elsewhere;
use onboarding::topology::{Known, Topology};
use openapi::{Error, ecs};

use super::reader::Reader;
use crate::cloud::Side;
use crate::needs::Needs;
use crate::readings::Reads;

pub(super) async fn read(reader: &Reader<'_>, topology: &Topology) -> BTreeMap<VpcId, Known<Vec<Elsewhere>>> {
    // Whoever asks for what a run presupposes asks for hints, too: a plan, and the stage preflight.
    if !reader.needs.has(Needs::INSTANCES) || !reader.needs.has(Needs::PREREQUISITES) {
        return BTreeMap::new();
    }
    let nobody = |backend: &&Backend| {
        let instances = topology.instances.get(&backend.vpc).and_then(Known::get);
        instances.is_some_and(|all| !all.iter().any(|instance| backend.select.matches(&instance.tags)))
    };
    let searches = reader.binding.backends.iter().filter(nobody).map(|backend| async move {
        let found = match reader.cloud.reads_for(Side::Backend(&backend.vpc)).await {
            Ok(client) => search(reader, &client, backend).await,
            Err(error) => Err(error),
        };
        // This is only a hint, and nothing depends on it. So its failure does not count as a failed reading.
        let found = found
            .map_or_else(|error| Known::nothing_to_read(format!("{}: {}", error.action, error.code)), Known::Known);
        (backend.vpc.clone(), found)
    });
    join_all(searches).await.into_iter().ordered()
}

async fn search(reader: &Reader<'_>, client: &Reads, backend: &Backend) -> Result<Vec<Elsewhere>, Error> {
    let tag: Vec<ecs::Tag> = backend
        .select
        .tags
        .iter()
        .map(|(key, value)| ecs::Tag { key: key.clone(), value: Some(value.clone()) })
        .collect();
    let in_regions = reader.binding.regions().into_iter().map(|region| {
        let action = ecs::DescribeInstances { tag: tag.clone(), ..Default::default() };
        async move { Ok::<_, Error>((region, client.list(region.as_str(), action).await?)) }
    });
    let mut elsewhere = Vec::new();
    for (region, found) in try_join_all(in_regions).await? {
        elsewhere.extend(found.into_iter().filter_map(|instance| of(backend, region, instance)));
    }
    sort_few(&mut elsewhere, |a, b| a.instance < b.instance);
    Ok(elsewhere)
}

/// An instance outside of the backend's VPC. Its tags are checked again, because the filter was applied by the cloud.
fn of(backend: &Backend, region: &Region, found: ecs::Instance) -> Option<Elsewhere> {
    let tags = found.tags.into_iter().flatten().map(|tag| (tag.tag_key, tag.tag_value)).collect();
    let vpc = VpcId::from(found.vpc_attributes.vpc_id);
    (vpc != backend.vpc && backend.select.matches(&tags)).then(|| Elsewhere {
        instance: found.instance_id.into(),
        vpc,
        region: region.clone(),
    })
}
