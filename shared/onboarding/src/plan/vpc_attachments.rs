//! Step 3: attachments of both VPCs to the transit routers of their regions, associated and propagated.

use std::collections::BTreeSet;

use crate::change::{Change, Consent, StageName, Write};
use crate::checks;
use crate::desired;
use crate::ids::{Region, VSwitchId, VpcId, ZoneId};
use crate::inputs::Inputs;
use crate::plan::{Awaited, Plan, lane, links};
use crate::reason::{Code, Reason};
use crate::topology::AttachmentRef;
use crate::topology::{Known, Topology, TransitRouter, TransitRouterStatus, TransitRouterType, Unknown, Vpc};

const STAGE: StageName = StageName::VpcAttachments;

/// A VPC of the binding, and the vSwitches for the transit router's interfaces.
struct Side<'a> {
    region: &'a Region,
    vpc: &'a VpcId,
    vswitches: &'a [VSwitchId],
}

pub(super) fn plan(inputs: &Inputs<'_>, plan: &mut Plan) {
    let Inputs { binding, topology, .. } = *inputs;
    let Ok(load_balancer) = desired::load_balancer(binding, topology) else { return };
    let alb =
        Side { region: &binding.alb.region, vpc: &load_balancer.vpc, vswitches: &binding.alb.attachment_vswitches };
    let backends = binding.backends.iter().map(|backend| Side {
        region: &backend.region,
        vpc: &backend.vpc,
        vswitches: &backend.attachment_vswitches,
    });
    for side in std::iter::once(alb).chain(backends.filter(|side| side.vpc != &load_balancer.vpc)) {
        attach(inputs, &side, plan);
    }
}

fn attach(inputs: &Inputs<'_>, side: &Side<'_>, plan: &mut Plan) {
    let topology = inputs.topology;
    if topology.vpc_attachments.get().is_none() {
        return plan.unread("the VPC attachments", topology.vpc_attachments.why_unknown());
    }
    let router = match router(inputs, side.region) {
        Ok(router) => router,
        Err(reason) => return plan.find(reason),
    };
    if router.status != TransitRouterStatus::Active {
        let what = format!("transit router {} in {} is {}", router.id, side.region, router.status);
        plan.wait(STAGE, lane::CEN, Awaited::TransitRouter, what);
    }
    let reference = AttachmentRef::Vpc { vpc: side.vpc.clone() };
    let attachment = topology.vpc_attachment(side.vpc);
    match attachment {
        None => plan.changes.push(create(topology, side, router)),
        Some(attachment) if matches!(attachment.status.as_str(), "Attaching" | "Modifying") => {
            plan.wait(
                STAGE,
                lane::CEN,
                Awaited::VpcAttachment { region: side.region.clone() },
                format!("attachment {} of {} is {}", attachment.id, side.vpc, attachment.status),
            );
        }
        // Attached, or in a state that a check reports; that check blocks the changes that need it.
        Some(_) => {}
    }
    let ours = attachment.is_none_or(|attachment| inputs.deployment.owns_tag(attachment.mark.as_deref()));
    links::plan(inputs, STAGE, router, &reference, ours, plan);
}

/// The usable transit router of a region, or the reason why there is none.
pub(super) fn router<'a>(inputs: &Inputs<'a>, region: &Region) -> Result<&'a TransitRouter, Reason> {
    let topology = inputs.topology;
    let known = topology.transit_routers.get(region);
    if let Some(why) = Unknown::of(known) {
        return Err(why.reason(region, format!("The transit router of {region} could not be read: {why}.")));
    }
    let router = known.and_then(Known::get).and_then(Option::as_ref);
    let Some(router) = router else {
        let message = format!("There is no transit router of the CEN instance in {region}.");
        return Err(Reason::new(Code::TransitRouterMissing, region, message).because(checks::no_cen(inputs)));
    };
    if router.kind != TransitRouterType::Enterprise {
        let message = format!("Transit router {} in {region} is {} Edition.", router.id, router.kind);
        return Err(Reason::new(Code::TransitRouterBasic, &router.id, message));
    }
    if router.status != TransitRouterStatus::Active && router.status != TransitRouterStatus::Modifying {
        let message = format!("Transit router {} in {region} is {}.", router.id, router.status);
        return Err(Reason::new(Code::TransitRouterNotReady, &router.id, message));
    }
    Ok(router)
}

fn create(topology: &Topology, side: &Side<'_>, router: &TransitRouter) -> Change {
    let vpc = topology.vpc(side.vpc);
    let zones = vpc.map(|vpc| zones(vpc, side.vswitches)).unwrap_or_default();
    let attach = Write::AttachVpc { region: side.region.clone(), vpc: side.vpc.clone(), zones };
    let mut change = Change::new(STAGE, attach).with_consent(Consent::Person);
    match vpc {
        None => change = change.blocked_by(desired::unread_vpc(topology, side.vpc)),
        Some(vpc) => {
            for reason in vswitch_faults(topology, side, vpc, router) {
                change = change.blocked_by(reason);
            }
        }
    }
    change
}

fn zones(vpc: &Vpc, vswitches: &[VSwitchId]) -> Vec<(ZoneId, VSwitchId)> {
    vswitches
        .iter()
        .filter_map(|id| vpc.vswitches.get(id))
        .map(|vswitch| (vswitch.zone.clone(), vswitch.id.clone()))
        .collect()
}

fn vswitch_faults(topology: &Topology, side: &Side<'_>, vpc: &Vpc, router: &TransitRouter) -> Vec<Reason> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let served = topology.transit_router_zones.get(side.region).and_then(|zones| zones.get());
    for id in side.vswitches {
        let Some(vswitch) = vpc.vswitches.get(id) else {
            faults.push(Reason::new(Code::VSwitchMissing, id, format!("vSwitch {id} is not in {}.", vpc.id)));
            continue;
        };
        if !seen.insert(&vswitch.zone) {
            faults.push(Reason::new(Code::VSwitchZone, id, format!("{id} is the second vSwitch in {}.", vswitch.zone)));
        }
        if served.is_some_and(|zones| !zones.contains(&vswitch.zone)) {
            let zones = served.into_iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let message =
                format!("{id} is in {}, where {} has no interface: it can in {zones}.", vswitch.zone, router.id);
            faults.push(Reason::new(Code::VSwitchZone, id, message));
        }
        if vswitch.free_addresses == 0 {
            faults.push(Reason::new(Code::VSwitchFull, id, format!("vSwitch {id} has no free address.")));
        }
    }
    // One interface per zone, in two zones if the region has two or more (cloud-apis.md, section 7).
    // Two of one zone are named already.
    let each_its_own = seen.len() == side.vswitches.len();
    let all_there = side.vswitches.iter().all(|id| vpc.vswitches.contains_key(id));
    if seen.len() == 1 && each_its_own && all_there && served.is_some_and(|zones| zones.len() > 1) {
        let message = format!(
            "Only one zone is named for the attachment of {}: transit routers of {} have several.",
            vpc.id, side.region
        );
        faults.push(Reason::new(Code::VSwitchZone, &vpc.id, message));
    }
    faults
}
