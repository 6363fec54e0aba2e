//! Associations and propagations: the "advanced settings" of the console.
//!
//! Packets from an attachment are looked up in the table that it is associated with. Packets from any other attachment of
//! the same transit router must find a route to it too. So each attachment propagates into every table that another attachment
//! of the binding is, or will be, associated with.

use std::collections::BTreeSet;

use crate::change::{Change, Consent, StageName, Write};
use crate::desired::{self, table_for};
use crate::ids::{Region, RouteTableId};
use crate::inputs::Inputs;
use crate::ordered::Ordered;
use crate::plan::{Awaited, Plan, lane};
use crate::reason::{Code, Reason};
use crate::topology::TransitRouter;
use crate::topology::{AttachmentRef, LinkStatus};

/// Plans the association and the propagations that `attachment` lacks on `router`. `ours`: the deployment created the
/// attachment, so additions to it need no approval.
pub(super) fn plan(
    inputs: &Inputs<'_>,
    stage: StageName,
    router: &TransitRouter,
    attachment: &AttachmentRef,
    ours: bool,
    plan: &mut Plan,
) {
    if router.tables.is_empty() {
        return; // the tables were not read: every transit router has one
    }
    let consent = if ours { Consent::Run } else { Consent::Person };
    let Some(own) = table_for(inputs.topology, router, attachment) else {
        let message = format!("Transit router {} has no system route table.", router.id);
        return plan.find(Reason::new(Code::NotAssociated, &router.id, message));
    };
    let id = inputs.topology.resolve(attachment);
    let region = || router.region.clone();
    match id.and_then(|id| router.table_of(id).and_then(|table| table.associations.get(id))) {
        None => {
            let associate = Write::Associate { region: region(), table: own.clone(), attachment: attachment.clone() };
            plan.changes.push(Change::new(stage, associate).with_consent(consent));
        }
        Some(status) if *status != LinkStatus::Active => {
            let awaited = Awaited::Association { region: region() };
            plan.wait(stage, lane::CEN, awaited, format!("the association of {attachment} is {status}"));
        }
        Some(_) => {}
    }
    for table in tables(inputs, router, attachment) {
        match id.and_then(|id| router.tables.get(&table)?.propagations.get(id)) {
            None => {
                let propagate = Write::Propagate { region: region(), table, attachment: attachment.clone() };
                plan.changes.push(Change::new(stage, propagate).with_consent(consent));
            }
            Some(status) if *status != LinkStatus::Active => {
                let awaited = Awaited::Propagation { region: region() };
                let what = format!("the propagation of {attachment} into {table} is {status}");
                plan.wait(stage, lane::CEN, awaited, what);
            }
            Some(_) => {}
        }
    }
}

/// All tables of a transit router in which packets of this binding to an attachment are looked up: what comes from it does not go back.
fn tables(inputs: &Inputs<'_>, router: &TransitRouter, to: &AttachmentRef) -> BTreeSet<RouteTableId> {
    attachments(inputs, &router.region)
        .iter()
        .filter(|from| *from != to)
        .filter_map(|attachment| table_for(inputs.topology, router, attachment))
        .ordered()
}

/// The attachments of this binding to the transit router of a region.
fn attachments(inputs: &Inputs<'_>, region: &Region) -> Vec<AttachmentRef> {
    let Inputs { binding, topology, .. } = *inputs;
    let home = &binding.alb.region;
    let mut all = Vec::new();
    if region == home {
        if let Ok(load_balancer) = desired::load_balancer(binding, topology) {
            all.push(AttachmentRef::Vpc { vpc: load_balancer.vpc.clone() });
        }
        let remote = binding.remote_regions();
        all.extend(remote.into_iter().map(|to| AttachmentRef::Peer { from: home.clone(), to: to.clone() }));
    } else {
        all.push(AttachmentRef::Peer { from: home.clone(), to: region.clone() });
    }
    let here = binding.backends.iter().filter(|backend| &backend.region == region);
    all.extend(here.map(|backend| AttachmentRef::Vpc { vpc: backend.vpc.clone() }));
    all
}
