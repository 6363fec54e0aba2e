//! Observe: read a binding's part of the cloud into a [`Topology`].
//!
//! ```text
//!   front ── load balancer ─┬─ its VPC
//!            listeners ─────┼─ server groups ── members
//!                           └─ health
//!   cen ──── routers ── tables ── entries      backend (one per VPC) ─┬─ VPC
//!            attachments, connections                                 └─ instances ── groups ── prefix lists
//! ```
//!
//! The three run in parallel, and so do the calls inside each of them that do not depend on each other. Every listing is
//! read to its last page. A failed call makes its part [`Known::Failed`], with the call's name, the cloud's code and its
//! message. What could not be read never counts as absent.

mod backend;
mod cen;
mod cen_table;
mod elsewhere;
mod front;
mod left_zones;
mod neighbours;
mod network;
mod parse;
mod reader;
mod released;
mod security;
mod served;
mod siblings;
mod untagged;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use onboarding::ordered::Ordered;
use onboarding::topology::Topology;
use onboarding::{Binding, Deployment};

use crate::cloud::Cloud;
use crate::needs::Needs;
use reader::Reader;

pub(crate) use cen::{Attaching, is_attaching};
pub(crate) use served::served;

/// A topology, and whether part of it is unknown because of a transient failure.
pub(crate) struct Observation {
    pub(crate) topology: Topology,
    pub(crate) failing: bool,
}

/// Reads the parts of `binding`'s topology that `needs` names. A part that cannot be read is unknown, so this does not
/// fail.
pub async fn observe(cloud: &Cloud, binding: &Binding, deployment: &Deployment, needs: Needs) -> Topology {
    observe_noting(cloud, binding, std::slice::from_ref(binding), deployment, needs).await.topology
}

/// The same, and it also notes whether a failure is transient.
pub(crate) async fn observe_noting(
    cloud: &Cloud,
    binding: &Binding,
    store: &[Binding],
    deployment: &Deployment,
    needs: Needs,
) -> Observation {
    assemble(Reader::new(cloud, binding, store, deployment, needs)).await
}

/// What another binding wants. Of instances that it does not select, the id alone is kept: they are many where bindings share a
/// VPC, and all bindings are observed at once.
pub(crate) async fn observe_selected(
    cloud: &Cloud,
    binding: &Binding,
    deployment: &Deployment,
    needs: Needs,
) -> Topology {
    let mut reader = Reader::new(cloud, binding, std::slice::from_ref(binding), deployment, needs);
    reader.selected_only = true;
    assemble(reader).await.topology
}

async fn assemble(reader: Reader<'_>) -> Observation {
    let binding = reader.binding;
    let needs = reader.needs;
    let mut topology = Topology::default();
    let (front, cen, backends) = tokio::join!(biased;
        front::read(&reader),
        cen::read(&reader),
        join_all(binding.backends.iter().map(|backend| backend::read(&reader, backend)))
    );
    front.put(&mut topology);
    cen.put(&mut topology);
    let interfaces = backends.into_iter().map(|backend| backend.put(&mut topology)).collect();
    keep_own_attachments(&mut topology, binding);
    keep_own_connections(&mut topology, binding);
    let left = cen::attachments_beyond(&reader, &topology).await;
    topology.context.strangers.extend(left);
    topology.context.elsewhere = elsewhere::read(&reader, &topology).await;
    if needs.has(Needs::WANTS) {
        left_zones::settle(&reader, &mut topology).await;
    }
    if needs.has(Needs::MEMBERS) {
        released::read(&reader, &interfaces, &topology).await.put(&mut topology);
    }
    let (unread, failing) = reader.failures();
    topology.unread = unread;
    Observation { topology, failing }
}

/// Moves peer attachments with regions that the binding does not name out of the topology: they are not on its paths.
fn keep_own_connections(topology: &mut Topology, binding: &Binding) {
    let regions = binding.regions();
    if let Some(peers) = topology.peer_attachments.get_mut() {
        let (own, others) = std::mem::take(peers)
            .into_iter()
            .partition(|peer| regions.contains(&&peer.regions.0) && regions.contains(&&peer.regions.1));
        *peers = own;
        topology.context.foreign_peers = others;
    }
}

/// Keeps only the attachments of the binding's VPCs. The transit router of a region may also serve other VPCs, whose
/// attachments count against its quota.
fn keep_own_attachments(topology: &mut Topology, binding: &Binding) {
    let mut vpcs: BTreeSet<_> = binding.backends.iter().map(|backend| backend.vpc.clone()).ordered();
    vpcs.extend(topology.alb().map(|alb| alb.vpc.clone()));
    // Without a load balancer its server group may tell its VPC.
    vpcs.extend(topology.vpcs.keys().cloned());
    if let Some(attachments) = topology.vpc_attachments.get_mut() {
        for attachment in attachments.iter() {
            *topology.context.attachments.entry(attachment.region.clone()).or_default() += 1;
        }
        let (own, others) = std::mem::take(attachments).into_iter().partition(|found| vpcs.contains(&found.vpc));
        *attachments = own;
        topology.context.strangers = others;
    }
}
