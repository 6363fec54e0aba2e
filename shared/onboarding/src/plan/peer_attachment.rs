//! Step 4: the inter-region connection with its bandwidth, associated and propagated on both sides, with route publishing
//! on.

use crate::binding::Binding;
use crate::change::{Change, Consent, StageName, Write};
use crate::desired;
use crate::ids::Region;
use crate::inputs::Inputs;
use crate::plan::{Awaited, Plan, lane, links, vpc_attachments};
use crate::topology::AttachmentRef;
use crate::topology::PeerAttachment;

const STAGE: StageName = StageName::PeerAttachment;

pub(super) fn plan(inputs: &Inputs<'_>, plan: &mut Plan) {
    if desired::load_balancer(inputs.binding, inputs.topology).is_err() {
        return; // no connection is paid for before the load balancer was seen
    }
    for region in inputs.binding.remote_regions() {
        connect(inputs, region, plan);
    }
}

fn connect(inputs: &Inputs<'_>, to: &Region, plan: &mut Plan) {
    let Inputs { binding, topology, deployment, .. } = *inputs;
    let from = &binding.alb.region;
    let (Ok(near), Ok(far)) = (vpc_attachments::router(inputs, from), vpc_attachments::router(inputs, to)) else {
        return; // the step before has already reported it
    };
    if topology.peer_attachments.get().is_none() {
        return plan.unread("the inter-region connections", topology.peer_attachments.why_unknown());
    }
    let reference = AttachmentRef::Peer { from: from.clone(), to: to.clone() };
    let peer = topology.peer_attachment(from, to);
    let ours = peer.is_none_or(|peer| deployment.owns_tag(peer.mark.as_deref()));
    match peer {
        None => plan.changes.push(create(inputs, to)),
        Some(peer) => {
            if matches!(peer.status.as_str(), "Attaching" | "Modifying") {
                let what = format!("connection {} ({from} - {to}) is {}", peer.id, peer.status);
                plan.wait(STAGE, lane::CEN, Awaited::Connection, what);
            }
            if let Some(mbps) = other_bandwidth(binding, peer).filter(|_| ours) {
                let set = Write::SetBandwidth { from: from.clone(), to: to.clone(), mbps };
                plan.changes.push(Change::new(STAGE, set).with_consent(Consent::Person));
            }
            if !peer.auto_publish {
                let publish = Write::PublishRoutes { from: from.clone(), to: to.clone() };
                let consent = if ours { Consent::Run } else { Consent::Person };
                plan.changes.push(Change::new(STAGE, publish).with_consent(consent));
            }
        }
    }
    for router in [near, far] {
        links::plan(inputs, STAGE, router, &reference, ours, plan);
    }
}

/// The bandwidth to set, if the connection has another one. A connection with another billing method than the binding's
/// stays as it is, because a change of billing is a contract matter.
fn other_bandwidth(binding: &Binding, peer: &PeerAttachment) -> Option<u32> {
    let spec = binding.cen.bandwidth.as_ref().filter(|spec| spec.package == peer.bandwidth_package)?;
    peer.bandwidth.filter(|have| *have != spec.mbps).map(|_| spec.mbps)
}

fn create(inputs: &Inputs<'_>, to: &Region) -> Change {
    let binding = inputs.binding;
    let from = &binding.alb.region;
    let spec = binding.cen.bandwidth.as_ref();
    let connect = Write::Connect {
        from: from.clone(),
        to: to.clone(),
        mbps: spec.map_or(0, |spec| spec.mbps),
        package: spec.and_then(|spec| spec.package.clone()),
    };
    Change::new(STAGE, connect).with_consent(Consent::Person)
}
