//! What other load balancers of the region do: the limits of classic ALBs (`procedure.md`, "Precautions"; `cloud-apis.md`
//! section 10). An upgraded ALB has none of them.
//!
//! "One VPC per region and CEN instance" and "no shared transit router" are one check: a CEN instance has one transit
//! router in a region.

use crate::checks::{Finding, Target};
use crate::ids::VpcId;
use crate::plan::Inputs;
use crate::reason::{Code, Reason};
use crate::surroundings::AlbVpc;
use crate::topology::{Generation, LoadBalancer};
use crate::wanted;

pub(super) fn check(inputs: &Inputs<'_>, load_balancer: &LoadBalancer, findings: &mut Vec<Finding>) {
    if wanted::generation(inputs.binding, load_balancer) == Generation::Upgraded {
        return;
    }
    let known = &inputs.topology.surroundings.alb_vpcs;
    findings.extend(Finding::unread("the other server groups of the ALB's region", known, vec![Target::Paths]));
    for (vpc, other) in known.get().into_iter().flatten() {
        findings.extend(second_vpc(inputs, vpc, other));
        findings.extend(shared_backends(inputs, vpc, other));
    }
}

fn second_vpc(inputs: &Inputs<'_>, vpc: &VpcId, other: &AlbVpc) -> Option<Finding> {
    let cen = &inputs.binding.cen.id;
    let group = other.groups.first().filter(|_| other.cens.contains(cen))?;
    let message = format!("{vpc} is attached to {cen}, and its ALBs have remote servers already ({group}).");
    Some(Finding::new(Reason::new(Code::SecondAlbVpc, vpc, message), vec![Target::Paths]))
}

/// Backends that both reach, this binding by its CEN instance and the other VPC by another one.
fn shared_backends(inputs: &Inputs<'_>, vpc: &VpcId, other: &AlbVpc) -> Vec<Finding> {
    let Inputs { binding, topology, .. } = *inputs;
    let mut findings = Vec::new();
    for backend in &binding.backends {
        let Some(theirs) = topology.surroundings.cens.get(&backend.vpc) else { continue };
        let Some(cen) = theirs.intersection(&other.cens).find(|cen| **cen != binding.cen.id) else { continue };
        let selected = wanted::selected(binding, topology).filter(|(of, _)| of.vpc == backend.vpc);
        let shared: Vec<_> = selected
            .filter_map(|(_, instance)| instance.address)
            .filter(|address| other.remote.contains(address))
            .collect();
        let Some(first) = shared.first() else { continue };
        let message = format!("The ALBs of {vpc} reach {first} of {} by {cen}.", backend.vpc);
        let targets = shared.iter().copied().map(Target::Member).collect();
        findings.push(Finding::new(Reason::new(Code::BackendShared, first, message), targets));
    }
    findings
}
