//! The bandwidth of inter-region connections (`cloud-apis.md` section 8).
//!
//! Sufficient means two things. The plan has enough free bandwidth for all connections still to be created and for the
//! increases of our own ones. A connection of others has at least the bandwidth in the binding. A value that the API does
//! not state is not compared. Nothing is measured.

use crate::binding::Bandwidth;
use crate::checks::{Finding, Target, no_cen, regions};
use crate::ids::{AttachmentId, BandwidthPackageId, Region};
use crate::inputs::Inputs;
use crate::reason::{Code, Reason};
use crate::topology::{BandwidthPackage, BusinessStatus};

/// Most Mbit/s of a connection paid by traffic that does not cross the border of the Chinese mainland.
const BY_TRAFFIC: u32 = 1000;
/// Most Mbit/s of one that does.
const BY_TRAFFIC_ABROAD: u32 = 100;

pub(super) fn check(inputs: &Inputs<'_>, findings: &mut Vec<Finding>) {
    let Inputs { binding, topology, .. } = *inputs;
    // While it is not known which connections exist, none is planned.
    if topology.peer_attachments.get().is_none() {
        return;
    }
    let from = &binding.alb.region;
    let mut reserved = 0;
    for to in binding.remote_regions() {
        let spec = binding.cen.bandwidth.as_ref();
        match (topology.peer_attachment(from, to), spec) {
            (Some(peer), Some(spec)) => {
                findings.extend(locked(inputs, spec, &peer.id));
                let Some(have) = peer.bandwidth.filter(|have| *have < spec.mbps) else { continue };
                if inputs.deployment.owns_tag(peer.mark.as_deref()) && peer.bandwidth_package == spec.package {
                    // The plan increases it.
                    findings.extend(border(inputs, spec, to));
                    if let Some(id) = &spec.package {
                        package(inputs, id, to, spec.mbps - have, &mut reserved, findings);
                    }
                    continue;
                }
                let message = format!("Connection {} ({from} - {to}) has {have} of {} Mbit/s.", peer.id, spec.mbps);
                findings.push(Finding::new(Reason::new(Code::Bandwidth, &peer.id, message), Vec::new()));
            }
            (Some(_), None) => {}
            (None, None) => {
                let message = format!("The binding states no bandwidth for the connection {from} - {to}.");
                let reason = Reason::new(Code::Bandwidth, &binding.cen.id, message);
                findings.push(Finding::new(reason, vec![Target::Connect(to.clone())]));
            }
            (None, Some(spec)) => {
                findings.extend(border(inputs, spec, to));
                if let Some(id) = &spec.package {
                    package(inputs, id, to, spec.mbps, &mut reserved, findings);
                }
            }
        }
    }
}

/// A connection that takes from a plan which is locked, for its bill say: it carries next to nothing.
fn locked(inputs: &Inputs<'_>, spec: &Bandwidth, peer: &AttachmentId) -> Option<Finding> {
    let plan = inputs.topology.bandwidth_package.get()?.as_ref()?;
    let takes = spec.package.as_ref() == Some(&plan.id) && plan.business_status != BusinessStatus::Normal;
    let message = || format!("Bandwidth plan {} is {}, and {peer} takes from it.", plan.id, plan.business_status);
    takes.then(|| Finding::new(Reason::new(Code::BandwidthLocked, &plan.id, message()), Vec::new()))
}

/// A new or increased connection across the border of the mainland: reported, and blocked above the most that is sold by
/// traffic.
fn border(inputs: &Inputs<'_>, spec: &Bandwidth, to: &Region) -> Option<Finding> {
    let from = &inputs.binding.alb.region;
    let crosses = match (regions::area(from), regions::area(to)) {
        (Some(one), Some(other)) => one != other && [one, other].contains(&regions::MAINLAND),
        _ => false,
    };
    let most = if crosses { BY_TRAFFIC_ABROAD } else { BY_TRAFFIC };
    if spec.package.is_none() && spec.mbps > most {
        let code = if crosses { Code::CrossBorder } else { Code::Bandwidth };
        let message =
            format!("The connection {from} - {to}, paid by traffic, can have {most} of {} Mbit/s.", spec.mbps);
        return Some(Finding::new(Reason::new(code, to, message), vec![Target::Connect(to.clone())]));
    }
    let message = || format!("The connection {from} - {to} crosses the border of the Chinese mainland.");
    crosses.then(|| Finding::new(Reason::new(Code::CrossBorder, to, message()), Vec::new()))
}

/// Checks the plan from which a connection takes `wanted` Mbit/s more. `reserved` is what earlier connections of this
/// binding take.
fn package(
    inputs: &Inputs<'_>,
    id: &BandwidthPackageId,
    to: &Region,
    wanted: u32,
    reserved: &mut u32,
    findings: &mut Vec<Finding>,
) {
    let Inputs { binding, topology, .. } = *inputs;
    let blocks = || vec![Target::Connect(to.clone())];
    let Some(found) = topology.bandwidth_package.get() else {
        let what = format!("bandwidth plan {id}");
        findings.extend(Finding::unread(&what, &topology.bandwidth_package, blocks()));
        return;
    };
    let mut fault = |code, message: String| findings.push(Finding::new(Reason::new(code, id, message), blocks()));
    let Some(plan) = found else { return fault(Code::Bandwidth, format!("There is no bandwidth plan {id}.")) };
    if !plan.associated {
        if no_cen(inputs).is_some() {
            return; // nothing can be associated with what is not there
        }
        return fault(Code::Bandwidth, format!("Bandwidth plan {id} is not associated with {}.", binding.cen.id));
    }
    if plan.business_status != BusinessStatus::Normal {
        return fault(Code::BandwidthLocked, format!("Bandwidth plan {id} is {}.", plan.business_status));
    }
    if let Some((one, other)) = other_areas(plan, &binding.alb.region, to) {
        let (a, b) = &plan.areas;
        return fault(
            Code::BandwidthSpan,
            format!("Bandwidth plan {id} joins {a} and {b}, and {one} and {other} are needed."),
        );
    }
    let taken = plan.used.saturating_add(*reserved);
    if taken.saturating_add(wanted) > plan.bandwidth {
        let left = plan.bandwidth.saturating_sub(taken);
        let message = format!("Bandwidth plan {id} has {left} of {} Mbit/s left; {wanted} are wanted.", plan.bandwidth);
        return fault(Code::Bandwidth, message);
    }
    *reserved = reserved.saturating_add(wanted);
}

/// The areas that are needed, if the plan connects others. Areas that are not known count as no fault.
fn other_areas(plan: &BandwidthPackage, from: &Region, to: &Region) -> Option<(&'static str, &'static str)> {
    let (one, other) = (regions::area(from)?, regions::area(to)?);
    // Listings spell the areas with different case; a plan within one area names it twice.
    let word = |area: &str| area.to_ascii_lowercase();
    let (a, b) = (word(&plan.areas.0), word(&plan.areas.1));
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let mut have = [a, b];
    let mut need = [word(one), word(other)];
    have.sort_unstable();
    need.sort_unstable();
    (have != need).then_some((one, other))
}
