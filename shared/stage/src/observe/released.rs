//! Proof that an instance is gone: two complete reads by its id, in the region where it lived, without it.
//!
//! A member's description names its instance but not its region. The member's address does: it lies in one of the
//! backend VPCs, since prefixes that a transit router joins do not overlap. A member whose address lies in none of them
//! (its backend was taken out of the binding, say) is not proven released; it leaves under the caps instead.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use onboarding::binding::Backend;
use onboarding::ids::{InstanceId, VpcId};
use onboarding::topology::{Known, Server, Topology};
use openapi::{Client, Error, ecs};

use super::Reader;
use crate::cloud::Side;

/// Ids in one DescribeInstances call (section 11).
const BATCH: usize = 100;

/// Instances that members of ours name and that are proven to be gone.
pub(super) async fn read(reader: &Reader<'_>, topology: &Topology) -> BTreeSet<InstanceId> {
    let mut suspects: BTreeMap<&VpcId, BTreeSet<InstanceId>> = BTreeMap::new();
    for server in topology.servers.get().into_iter().flatten() {
        let Some((id, _)) = reader.deployment.read_member(&reader.binding.name, &server.description) else { continue };
        let Some(backend) = home(reader, topology, server) else { continue };
        if is_absent(topology, backend, &id) {
            suspects.entry(&backend.vpc).or_default().insert(id);
        }
    }
    let backends = reader.binding.backends.iter();
    let reads = backends.filter_map(|backend| Some((backend, suspects.get(&backend.vpc)?))).map(|(backend, ids)| async {
        let ids: Vec<_> = ids.iter().cloned().collect();
        match gone(reader, backend, &ids).await {
            Ok(gone) => gone,
            // Not proven: the next run reads again.
            Err(error) => {
                tracing::warn!(binding = %reader.binding.name, error = %reader.because(&error), "released instances not proven");
                Vec::new()
            }
        }
    });
    join_all(reads).await.into_iter().flatten().collect()
}

/// The backend whose VPC the member's address lies in.
fn home<'a>(reader: &Reader<'a>, topology: &Topology, server: &Server) -> Option<&'a Backend> {
    reader.binding.backends.iter().find(|backend| {
        topology.vpc(&backend.vpc).is_some_and(|vpc| vpc.cidrs.iter().any(|cidr| cidr.contains(&server.address)))
    })
}

/// Whether a complete listing of its VPC lacks it. An instance never changes its region; its VPC it may.
fn is_absent(topology: &Topology, backend: &Backend, id: &InstanceId) -> bool {
    let listed = |instances: &Known<Vec<_>>| match instances {
        Known::Known(instances) => {
            Some(instances.iter().any(|instance: &onboarding::topology::Instance| &instance.id == id))
        }
        Known::Failed(_) | Known::NotAsked(_) => None,
    };
    topology.instances.get(&backend.vpc).and_then(listed) == Some(false)
        && !topology.instances.values().any(|instances| listed(instances) == Some(true))
}

async fn gone(reader: &Reader<'_>, backend: &Backend, ids: &[InstanceId]) -> Result<Vec<InstanceId>, Error> {
    let client = reader.cloud.client_for(Side::Backend(&backend.vpc)).await?;
    let first = present(&client, backend, ids).await?;
    let second = present(&client, backend, ids).await?;
    Ok(ids.iter().filter(|id| !first.contains(*id) && !second.contains(*id)).cloned().collect())
}

async fn present(client: &Client, backend: &Backend, ids: &[InstanceId]) -> Result<BTreeSet<InstanceId>, Error> {
    let mut present = BTreeSet::new();
    for ids in ids.chunks(BATCH) {
        let action = ecs::DescribeInstances {
            instance_ids: ids.iter().map(ToString::to_string).collect(),
            ..Default::default()
        };
        let found = client.list(backend.region.as_str(), action).await?;
        present.extend(found.into_iter().map(|instance| InstanceId::from(instance.instance_id)));
    }
    Ok(present)
}
