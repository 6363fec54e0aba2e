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
//! The three run side by side, and so do the calls inside each of them where one does not need another's answer. Every
//! listing is read to its end. A call that fails makes its part [`Known::Failed`] with the call's name, the cloud's code
//! and its message: what could not be read is never taken for absent.

mod backend;
mod cen;
mod cen_table;
mod elsewhere;
mod front;
mod left_zones;
mod network;
mod parse;
mod released;
mod security;
mod siblings;
mod surroundings;
mod untagged;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use onboarding::topology::{Known, Topology};
use onboarding::{Binding, Deployment, FailedCalls};
use openapi::{Error, ErrorKind};

use crate::cloud::Cloud;
use crate::needs::Needs;
use crate::unread;

/// What the readers share.
pub(crate) struct Reader<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) binding: &'a Binding,
    /// Every binding of the store, this one among them.
    pub(crate) store: &'a [Binding],
    pub(crate) deployment: &'a Deployment,
    pub(crate) needs: Needs,
    /// A call failed in a way that may pass by itself.
    failing: AtomicBool,
    /// Every call that failed.
    failed: Mutex<FailedCalls>,
}

impl Reader<'_> {
    /// The text of an unknown part.
    fn because(&self, error: &Error) -> String {
        let passes = error.kind != ErrorKind::Refused || error.is_throttled() || error.status.is_some_and(|s| s >= 500);
        if passes && error.kind != ErrorKind::Local {
            self.failing.store(true, Ordering::Relaxed);
        }
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).add(unread::failed_call(error));
        // The action, code and message, without the request's id: a text that differed at each reading would make every
        // plan differ from the last.
        // Sentences go on after it, so it brings no full stop.
        format!("{}: {} {}", error.action, error.code, error.message.trim_end_matches('.'))
    }

    /// A fact, or why it is not known.
    fn known<T>(&self, read: Result<T, Error>) -> Known<T> {
        match read {
            Ok(fact) => Known::Known(fact),
            Err(error) => Known::Failed(self.because(&error)),
        }
    }

    /// A thing asked for by its id: there, not there, or not known.
    fn known_or_absent<T>(&self, read: Result<T, Error>) -> Known<Option<T>> {
        match read {
            Ok(fact) => Known::Known(Some(fact)),
            Err(error) if error.is_not_found() => Known::Known(None),
            Err(error) => Known::Failed(self.because(&error)),
        }
    }
}

/// A topology, and whether some of it is unknown for a failure that may pass by itself.
pub(crate) struct Observation {
    pub(crate) topology: Topology,
    pub(crate) failing: bool,
}

/// Reads the parts of `binding`'s topology that `needs` names. What cannot be read is unknown, so this does not fail.
pub async fn observe(cloud: &Cloud, binding: &Binding, deployment: &Deployment, needs: Needs) -> Topology {
    observe_noting(cloud, binding, std::slice::from_ref(binding), deployment, needs).await.topology
}

/// The same, with a note of whether a failure may pass by itself.
pub(crate) async fn observe_noting(
    cloud: &Cloud,
    binding: &Binding,
    store: &[Binding],
    deployment: &Deployment,
    needs: Needs,
) -> Observation {
    let reader =
        Reader { cloud, binding, store, deployment, needs, failing: AtomicBool::new(false), failed: Mutex::default() };
    let mut topology = Topology::default();
    let (front, cen, backends) = tokio::join!(biased;
        front::read(&reader),
        cen::read(&reader),
        join_all(binding.backends.iter().map(|backend| backend::read(&reader, backend)))
    );
    front.put(&mut topology);
    cen.put(&mut topology);
    let interfaces = backends.into_iter().map(|backend| backend.put(&mut topology)).collect();
    keep_own_attachments(&mut topology);
    keep_own_connections(&mut topology, binding);
    topology.surroundings.elsewhere = elsewhere::read(&reader, &topology).await;
    if needs.has(Needs::WANTS) {
        left_zones::settle(&reader, &mut topology).await;
    }
    if needs.has(Needs::MEMBERS) {
        released::read(&reader, &interfaces, &topology).await.put(&mut topology);
    }
    topology.unread = reader.failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    Observation { topology, failing: reader.failing.into_inner() }
}

/// Connections with regions that the binding does not name are nothing that its packets meet.
fn keep_own_connections(topology: &mut Topology, binding: &Binding) {
    let regions = binding.regions();
    if let Some(peers) = topology.peer_attachments.get_mut() {
        let (own, others) = std::mem::take(peers)
            .into_iter()
            .partition(|peer| regions.contains(&&peer.regions.0) && regions.contains(&&peer.regions.1));
        *peers = own;
        topology.surroundings.foreign_peers = others;
    }
}

/// A region's transit router may serve VPCs of others: only those of the binding's VPCs are its topology. The others count
/// against its quota.
fn keep_own_attachments(topology: &mut Topology) {
    let mut vpcs: BTreeSet<_> = topology.vpcs.keys().cloned().collect();
    vpcs.extend(topology.alb().map(|alb| alb.vpc.clone()));
    if let Some(attachments) = topology.vpc_attachments.get_mut() {
        for attachment in attachments.iter() {
            *topology.surroundings.attachments.entry(attachment.region.clone()).or_default() += 1;
        }
        let (own, others) = std::mem::take(attachments).into_iter().partition(|found| vpcs.contains(&found.vpc));
        *attachments = own;
        topology.surroundings.strangers = others;
    }
}
