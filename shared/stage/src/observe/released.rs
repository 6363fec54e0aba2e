//! Proof that an instance is released: two complete readings by its id that do not contain it, in the region where it ran,
//! and a complete listing of its VPC's network interfaces in which none belongs to it.
//!
//! The interface listing must have rows: a caller without the permission gets an empty one (corrections.md, section 3). A
//! VPC with a transit router attachment always has some, because the transit router keeps interfaces in it. An interface
//! that holds the member's address for another instance, or for none, is no evidence that the instance still exists.
//!
//! The description of a member names its instance but not its region. The member's address tells it: it is in one of the
//! backend VPCs, because prefixes that a transit router connects do not overlap. A member whose address is in none of them
//! (its backend was removed from the binding, for example) is not proven released; it is drained under the removal caps
//! instead.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use onboarding::absence::{Unproven, contradictions};
use onboarding::binding::Backend;
use onboarding::ids::{InstanceId, VpcId};
use onboarding::topology::{Instances, Known, Server, Topology};
use openapi::{Error, ecs};

use super::backend::Interfaces;
use super::reader::Reader;
use crate::cloud::Side;
use crate::readings::Reads;

/// The most ids in one DescribeInstances call (section 11).
const BATCH: usize = 100;

/// What is known about instances that our members name and that no listing shows.
#[derive(Default)]
pub(super) struct Absent {
    released: BTreeSet<InstanceId>,
    unproven: BTreeMap<InstanceId, Unproven>,
}

impl Absent {
    pub(super) fn put(self, topology: &mut Topology) {
        topology.released = self.released;
        topology.unproven = self.unproven;
    }
}

/// Searches for proof. `interfaces` are the listings of the backend VPCs, each read together with its instances.
pub(super) async fn read(reader: &Reader<'_>, interfaces: &BTreeMap<VpcId, Interfaces>, topology: &Topology) -> Absent {
    let mut absent = Absent::default();
    let mut suspects: BTreeMap<&VpcId, BTreeSet<InstanceId>> = BTreeMap::new();
    for server in topology.servers.get().into_iter().flatten() {
        let Some((id, _)) = reader.deployment.read_member(&reader.binding.name, &server.description) else { continue };
        let Some(backend) = home(reader, topology, server) else { continue };
        if !is_absent(topology, backend, &id) {
            continue;
        }
        match contradiction(interfaces, &backend.vpc, &id) {
            Some(why) => {
                absent.unproven.insert(id, why);
            }
            None => {
                suspects.entry(&backend.vpc).or_default().insert(id);
            }
        }
    }
    let backends = reader.binding.backends.iter();
    let reads =
        backends.filter_map(|backend| Some((backend, suspects.get(&backend.vpc)?))).map(|(backend, ids)| async {
            let ids: Vec<_> = ids.iter().cloned().collect();
            (shown(reader, backend, &ids).await, ids)
        });
    for (shown, ids) in join_all(reads).await {
        match shown {
            Ok(mut shown) => {
                for id in ids {
                    match shown.remove(&id) {
                        Some(how) => drop(absent.unproven.insert(id, how)),
                        None => drop(absent.released.insert(id)),
                    }
                }
            }
            // Not proven; the next run reads again.
            Err(error) => {
                let why = reader.unknown_reason(&error);
                absent.unproven.extend(ids.into_iter().map(|id| (id, Unproven::Unread { why: why.clone() })));
            }
        }
    }
    for found in contradictions(&absent.unproven) {
        let are = if found.is_many() { "are" } else { "is" };
        reader.contradicted(found.action, format!("{} {are} not listed, but {}", found.named(), found.against));
    }
    absent
}

/// The backend whose VPC contains the member's address.
fn home<'a>(reader: &Reader<'a>, topology: &Topology, server: &Server) -> Option<&'a Backend> {
    reader.binding.backends.iter().find(|backend| {
        topology.vpc(&backend.vpc).is_some_and(|vpc| vpc.cidrs.iter().any(|cidr| cidr.contains(&server.address)))
    })
}

/// Whether a complete listing of its VPC does not contain the instance. An instance can move to another VPC, but not to
/// another region.
fn is_absent(topology: &Topology, backend: &Backend, id: &InstanceId) -> bool {
    let listed = |instances: &Known<Instances>| match instances {
        Known::Known(instances) => Some(instances.iter().any(|instance| &instance.id == id)),
        Known::Failed(_) | Known::NotAsked(_) => None,
    };
    topology.instances.get(&backend.vpc).and_then(listed) == Some(false)
        && !topology.instances.values().any(|instances| listed(instances) == Some(true))
}

/// What the interfaces say against the release of an instance.
fn contradiction(interfaces: &BTreeMap<VpcId, Interfaces>, home: &VpcId, id: &InstanceId) -> Option<Unproven> {
    if let Some(interface) = interfaces.values().find_map(|listing| listing.owners.get(id)) {
        return Some(Unproven::Interface { interface: interface.clone() });
    }
    let rows = interfaces.get(home).map_or(0, |listing| listing.rows);
    (rows == 0).then(|| Unproven::NoInterfaces { vpc: home.clone() })
}

/// Those of `ids` that at least one of two readings shows, and where. In another VPC counts only if both readings agree.
async fn shown(
    reader: &Reader<'_>,
    backend: &Backend,
    ids: &[InstanceId],
) -> Result<BTreeMap<InstanceId, Unproven>, Error> {
    let client = reader.cloud.reads_for(Side::Backend(&backend.vpc)).await?;
    let first = places(&client, backend, ids).await?;
    let second = places(&client, backend, ids).await?;
    let how = |id: &InstanceId, vpc: &VpcId| match vpc == &backend.vpc || first.get(id) != second.get(id) {
        true => Unproven::Shown,
        false => Unproven::Elsewhere { vpc: vpc.clone() },
    };
    Ok(first.iter().chain(&second).map(|(id, vpc)| (id.clone(), how(id, vpc))).collect())
}

/// The instances among `ids` that one reading shows, with their VPCs.
async fn places(client: &Reads, backend: &Backend, ids: &[InstanceId]) -> Result<BTreeMap<InstanceId, VpcId>, Error> {
    let mut places = BTreeMap::new();
    for ids in ids.chunks(BATCH) {
        let action = ecs::DescribeInstances {
            instance_ids: ids.iter().map(ToString::to_string).collect(),
            ..Default::default()
        };
        // The proof needs two independent readings, so this call bypasses the shared readings.
        let found = client.unshared().list(backend.region.as_str(), action).await?;
        places.extend(found.into_iter().map(|found| (found.instance_id.into(), found.vpc_attributes.vpc_id.into())));
    }
    Ok(places)
}
