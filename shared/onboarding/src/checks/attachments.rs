//! Prerequisites of attachments and connections: the CEN instance, the transit router service, its role and zones; and
//! other CEN instances that the VPCs are attached to.

use std::collections::BTreeSet;

use crate::binding::Backend;
use crate::checks::finding::Finding;
use crate::checks::target::Target;
use crate::ids::{BandwidthPackageId, Region, VpcId};
use crate::inputs::Inputs;
use crate::ordered::Ordered;

use crate::desired;
use crate::reason::{Code, Reason};
use crate::topology::AttachmentRef;
use crate::topology::{CenStatus, LoadBalancer, TransitRouter};

pub(super) fn check(inputs: &Inputs<'_>, load_balancer: &LoadBalancer, findings: &mut Vec<Finding>) {
    let Inputs { binding, topology, .. } = *inputs;
    let home = (&binding.alb.region, &load_balancer.vpc);
    let backends = binding.backends.iter().map(|backend| (&backend.region, &backend.vpc));
    let sides: Vec<_> = std::iter::once(home).chain(backends.filter(|(_, vpc)| *vpc != home.1)).collect();
    let attaching = || sides.iter().map(|(_, vpc)| Target::Attach((*vpc).clone()));
    let connecting = || binding.remote_regions().into_iter().cloned().map(Target::Connect);
    let context = &topology.context;

    let cen = &binding.cen.id;
    let both = || attaching().chain(connecting()).collect::<Vec<_>>();
    findings.extend(Finding::unread("the CEN instance", &context.cen, both()));
    let inactive = context.cen.get().and_then(Option::as_ref).filter(|status| **status != CenStatus::Active);
    let inactive =
        inactive.map(|status| Reason::new(Code::CenMissing, cen, format!("CEN instance {cen} is {status}.")));
    findings.extend(no_cen(inputs).or(inactive).map(|reason| Finding::new(reason, both())));

    let service = &topology.transit_router_service;
    findings.extend(Finding::unread("the transit-router service", service, attaching().collect()));
    if service.get() == Some(&false) {
        let message = "The transit-router service is not open for this account.";
        let reason = Reason::new(Code::TransitRouterServiceClosed, cen, message);
        findings.push(Finding::new(reason, attaching().collect()));
    }
    let role = &context.service_role;
    findings.extend(Finding::unread("CEN's service-linked role", role, attaching().collect()));
    if role.get() == Some(&false) {
        let message = "The service-linked role AliyunServiceRoleForCEN is missing.";
        let reason = Reason::new(Code::ServiceRoleMissing, "AliyunServiceRoleForCEN", message);
        findings.push(Finding::new(reason, attaching().collect()));
    }
    for (region, vpc) in &sides {
        if let Some(zones) = topology.transit_router_zones.get(*region) {
            let what = format!("the transit-router zones of {region}");
            findings.extend(Finding::unread(&what, zones, vec![Target::Attach((*vpc).clone())]));
        }
        findings
            .extend(elsewhere(inputs, vpc).map(|reason| Finding::new(reason, vec![Target::Attach((*vpc).clone())])));
        findings.extend(not_ready(inputs, home.1, AttachmentRef::Vpc { vpc: (*vpc).clone() }));
        adopted(inputs, region, &AttachmentRef::Vpc { vpc: (*vpc).clone() }, findings);
        findings.extend(zones(inputs, region, vpc));
        findings.extend(other_vswitches(inputs, vpc));
    }
    for region in binding.remote_regions() {
        let peer = AttachmentRef::Peer { from: binding.alb.region.clone(), to: region.clone() };
        adopted(inputs, region, &peer, findings);
        findings.extend(not_ready(inputs, home.1, peer));
        findings.extend(other_billing(inputs, region));
    }
    quota(inputs, &sides, findings);
}

/// That the CEN instance is not there, if that was read. Nothing of it is there then either.
pub(crate) fn no_cen(inputs: &Inputs<'_>) -> Option<Reason> {
    let cen = &inputs.binding.cen.id;
    let is_missing = inputs.topology.context.cen.get().is_some_and(Option::is_none);
    is_missing.then(|| Reason::new(Code::CenMissing, cen, format!("There is no CEN instance {cen}.")))
}

/// VPCs still to be attached, if the transit router is at its quota. Only a quota in the binding is checked: no number is
/// published (cloud-apis.md section 16), and the cloud refuses more.
fn quota(inputs: &Inputs<'_>, sides: &[(&Region, &VpcId)], findings: &mut Vec<Finding>) {
    let Inputs { binding, topology, .. } = *inputs;
    let Some(quota) = binding.cen.attachment_quota.and_then(|quota| usize::try_from(quota).ok()) else { return };
    if topology.vpc_attachments.get().is_none() {
        return; // nothing is planned then
    }
    let mut taken = topology.context.attachments.clone();
    for (region, vpc) in sides {
        if topology.vpc_attachment(vpc).is_some() {
            continue;
        }
        let count = taken.entry((*region).clone()).or_default();
        if *count >= quota {
            let router =
                topology.transit_router(region).map_or_else(|| region.to_string(), |found| found.id.to_string());
            let message = format!(
                "Transit router {router} in {region} has {count} VPC attachments of at most {quota}, so {vpc} is not attached."
            );
            let reason = Reason::new(Code::AttachmentQuota, router, message);
            findings.push(Finding::new(reason, vec![Target::Attach((*vpc).clone())]));
        } else {
            *count += 1;
        }
    }
}

/// An attachment that carries no traffic and will not become ready by itself, `Detaching` for example. It also blocks the
/// members that depend on it.
fn not_ready(inputs: &Inputs<'_>, home: &VpcId, reference: AttachmentRef) -> Option<Finding> {
    let Inputs { binding, topology, .. } = *inputs;
    let (id, status) = match &reference {
        AttachmentRef::Vpc { vpc } => topology.vpc_attachment(vpc).map(|found| (&found.id, &found.status))?,
        AttachmentRef::Peer { from, to } => {
            topology.peer_attachment(from, to).map(|found| (&found.id, &found.status))?
        }
    };
    if matches!(status.as_str(), "Attached" | "Attaching" | "Modifying") {
        return None;
    }
    let message = format!("{id}, {reference}, is {status}.");
    let behind = |backend: &Backend| match &reference {
        AttachmentRef::Vpc { vpc } => vpc == home || vpc == &backend.vpc,
        AttachmentRef::Peer { to, .. } => to == &backend.region,
    };
    let members = desired::selected(binding, topology).filter(|(backend, _)| behind(backend));
    let mut blocks: Vec<_> = members.filter_map(|(_, instance)| instance.address).map(Target::Member).collect();
    let reason = Reason::new(Code::AttachmentNotReady, id, message);
    blocks.push(Target::Using(reference));
    Some(Finding::new(reason, blocks))
}

/// An attachment with interfaces in only one of the region's zones: traffic of all zones of the VPC goes through that zone, and stops if it fails
/// (cloud-apis.md section 7). It works, and none is rebuilt, so it is only reported.
fn zones(inputs: &Inputs<'_>, region: &Region, vpc: &VpcId) -> Option<Finding> {
    let Inputs { topology, deployment, .. } = *inputs;
    let found = topology.vpc_attachment(vpc)?;
    let served = topology.transit_router_zones.get(region)?.get()?;
    let here: Vec<_> = found.zones.keys().map(ToString::to_string).collect();
    if here.is_empty() || here.len() > 1 || served.len() < 2 {
        return None; // a listing may leave the zones out
    }
    let message = format!(
        "{}, the attachment of {vpc}, has an interface in {} only, and transit routers of {region} have several zones.",
        found.id,
        here.join(", ")
    );
    // One of ours that has more vSwitches than the binding names is reported as well.
    let is_ours = deployment.owns_tag(found.mark.as_deref());
    let advice = is_ours.then(|| {
        format!(
            "Add a vSwitch of another zone to {} in the CEN console, and to attachmentVswitches in the binding: an attachment is not rebuilt.",
            found.id
        )
    });
    Some(Finding::new(Reason::new(Code::AttachmentZones, &found.id, message).advising(advice), Vec::new()))
}

/// An attachment of ours in other vSwitches than the binding names: it was made before the binding was changed. It works, and is not
/// rebuilt, because that would interrupt everything that passes it.
fn other_vswitches(inputs: &Inputs<'_>, vpc: &VpcId) -> Option<Finding> {
    let Inputs { binding, topology, deployment, .. } = *inputs;
    let found = topology.vpc_attachment(vpc).filter(|found| deployment.owns_tag(found.mark.as_deref()))?;
    let backend = binding.backends.iter().find(|backend| &backend.vpc == vpc);
    let named = backend.map_or(&binding.alb.attachment_vswitches, |backend| &backend.attachment_vswitches);
    let there: BTreeSet<_> = found.zones.values().ordered();
    if there.is_empty() || there == named.iter().collect() {
        return None; // a listing may leave the zones out
    }
    let list = |ids: &mut dyn Iterator<Item = String>| ids.collect::<Vec<_>>().join(", ");
    let message = format!(
        "{}, the attachment of {vpc}, is in {}, and the binding names {}.",
        found.id,
        list(&mut there.iter().map(ToString::to_string)),
        list(&mut named.iter().map(ToString::to_string))
    );
    Some(Finding::new(Reason::new(Code::AttachmentDiffers, &found.id, message), Vec::new()))
}

/// A connection of ours that is paid in another way than the binding says: changing that is a contract matter.
fn other_billing(inputs: &Inputs<'_>, region: &Region) -> Option<Finding> {
    let Inputs { binding, topology, deployment, .. } = *inputs;
    let peer = topology.peer_attachment(&binding.alb.region, region);
    let peer = peer.filter(|peer| deployment.owns_tag(peer.mark.as_deref()))?;
    let wanted = binding.cen.bandwidth.as_ref().filter(|wanted| wanted.package != peer.bandwidth_package)?;
    let words = |package: Option<&BandwidthPackageId>| {
        package.map_or_else(|| "by traffic".to_owned(), |id| format!("from plan {id}"))
    };
    let message = format!(
        "{}, the connection {} - {region}, is paid {}, and the binding says {}.",
        peer.id,
        binding.alb.region,
        words(peer.bandwidth_package.as_ref()),
        words(wanted.package.as_ref())
    );
    Some(Finding::new(Reason::new(Code::AttachmentDiffers, &peer.id, message), Vec::new()))
}

/// A VPC that is attached to another CEN instance and not yet to this one. The cloud may allow both, but the routes that
/// both publish into the VPC could conflict, so a person has to decide.
pub(crate) fn elsewhere(inputs: &Inputs<'_>, vpc: &VpcId) -> Option<Reason> {
    let Inputs { binding, topology, .. } = *inputs;
    let cens = topology.context.cens.get(vpc)?;
    let other = cens.iter().find(|cen| **cen != binding.cen.id).filter(|_| !cens.contains(&binding.cen.id))?;
    let message = format!("{vpc} is attached to {other}, and the binding names {}.", binding.cen.id);
    // Where there is no such CEN instance it is the name that is wrong.
    let is_gone = topology.context.cen.get().is_some_and(Option::is_none);
    let advice = is_gone.then(|| format!("Name {other} in cen.id, if that is the one that is meant."));
    Some(Reason::new(Code::VpcElsewhere, vpc, message).advising(advice))
}

/// An attachment made by others that lacks something. It is added only with a person's approval, because other traffic uses
/// the attachment too.
fn adopted(inputs: &Inputs<'_>, region: &Region, reference: &AttachmentRef, findings: &mut Vec<Finding>) {
    let Inputs { topology, deployment, .. } = *inputs;
    let Some(id) = topology.resolve(reference) else { return };
    let (mark, publishes) = match reference {
        AttachmentRef::Vpc { vpc } => (topology.vpc_attachment(vpc).and_then(|found| found.mark.as_deref()), true),
        AttachmentRef::Peer { from, to } => {
            let peer = topology.peer_attachment(from, to);
            (peer.and_then(|peer| peer.mark.as_deref()), peer.is_some_and(|peer| peer.auto_publish))
        }
    };
    if deployment.owns_tag(mark) {
        return;
    }
    let regions = match reference {
        AttachmentRef::Vpc { .. } => vec![region],
        AttachmentRef::Peer { from, to } => vec![from, to],
    };
    let routers = || regions.iter().filter_map(|region| topology.transit_router(region));
    let propagates = |router: &TransitRouter| {
        let own = router.table_of(id);
        own.is_some_and(|table| table.propagations.contains_key(id))
    };
    let mut missing = Vec::new();
    // A router of which the tables were not read says nothing; every one has a table.
    if routers().any(|router| !router.tables.is_empty() && router.table_of(id).is_none()) {
        missing.push("association");
    }
    if routers().any(|router| router.table_of(id).is_some() && !propagates(router)) {
        missing.push("propagation");
    }
    if !publishes {
        missing.push("route publishing");
    }
    if missing.is_empty() {
        return;
    }
    let message = format!("{id}, {reference}, was made by others and lacks {}.", missing.join(" and "));
    let blocks = if inputs.may_do_everything() { Vec::new() } else { vec![Target::Links(reference.clone())] };
    findings.push(Finding::new(Reason::new(Code::AdoptedIncomplete, id, message), blocks));
}
