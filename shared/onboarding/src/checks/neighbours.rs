//! The limits of classic ALBs that depend on other load balancers of the region (`procedure.md`, "Precautions";
//! `cloud-apis.md` section 10). They do not apply to upgraded ALBs.
//!
//! "One VPC per region and CEN instance" and "no shared transit router" are one check, because a CEN instance has one
//! transit router per region.

use crate::checks::finding::Finding;
use crate::checks::target::Target;
use crate::desired;
use crate::ids::{BindingName, VpcId};
use crate::inputs::Inputs;
use crate::reason::{Code, Reason};
use crate::topology::context::{AlbVpc, Sibling};
use crate::topology::{Generation, LoadBalancer};

pub(super) fn check(inputs: &Inputs<'_>, load_balancer: &LoadBalancer, findings: &mut Vec<Finding>) {
    if desired::generation(inputs.binding, load_balancer) == Generation::Upgraded {
        return;
    }
    let known = &inputs.topology.context.alb_vpcs;
    findings.extend(Finding::unread("the other server groups of the ALB's region", known, vec![Target::Paths]));
    for (vpc, other) in known.get().into_iter().flatten().filter(|(vpc, _)| **vpc != load_balancer.vpc) {
        if siblings(inputs).all(|sibling| &sibling.vpc != vpc) {
            findings.extend(second_vpc(inputs, vpc, other));
        }
        findings.extend(shared_backends(inputs, vpc, other));
    }
    for (name, known) in &inputs.topology.context.siblings {
        findings.extend(Finding::unread(&format!("the load balancer of binding {name}"), known, vec![Target::Paths]));
        let Some(Some(sibling)) = known.get() else { continue };
        findings.extend(of_the_store(inputs, load_balancer, name, sibling));
    }
}

/// Classic load balancers of other bindings in the store with the same region and CEN instance.
fn siblings<'a>(inputs: &Inputs<'a>) -> impl Iterator<Item = &'a Sibling> + use<'a> {
    let all = inputs.topology.context.siblings.values().filter_map(|known| known.get()?.as_ref());
    all.filter(|sibling| sibling.generation == Generation::Classic)
}

/// Two bindings of the store with classic load balancers in two VPCs both want remote servers, and only one may have them.
/// Both must choose the same one: the binding whose VPC already has remote servers, else the one with routes in the transit
/// router's tables, else the first in the store.
fn of_the_store(
    inputs: &Inputs<'_>,
    load_balancer: &LoadBalancer,
    name: &BindingName,
    sibling: &Sibling,
) -> Option<Finding> {
    if sibling.generation != Generation::Classic || sibling.vpc == load_balancer.vpc {
        return None;
    }
    let (mine, theirs) =
        (progress(inputs, &inputs.binding.name, &load_balancer.vpc), progress(inputs, name, &sibling.vpc));
    let yields = mine < theirs || (mine == theirs && sibling.earlier);
    let message = format!(
        "Binding {name} has its load balancer in {}, another VPC of {}, and the same CEN instance {}; one VPC of a region can \
         have remote servers, and {name} comes first.",
        sibling.vpc, load_balancer.region, inputs.binding.cen.id
    );
    yields.then(|| Finding::new(Reason::new(Code::SecondAlbVpc, &sibling.vpc, message), vec![Target::Paths]))
}

/// The progress of a binding: 2 with remote servers in its ALB's VPC, 1 with routes to that VPC, else 0. Both bindings
/// compute it from the same listings.
fn progress(inputs: &Inputs<'_>, name: &BindingName, vpc: &VpcId) -> u8 {
    let Inputs { binding, topology, deployment, .. } = *inputs;
    if topology.context.alb_vpcs.get().is_some_and(|vpcs| vpcs.contains_key(vpc)) {
        return 2;
    }
    let router = topology.transit_router(&binding.alb.region);
    let mut routes = router.into_iter().flat_map(|router| router.tables.values()).flat_map(|table| &table.routes);
    u8::from(routes.any(|route| !route.propagated && deployment.binding_of(&route.description).as_ref() == Some(name)))
}

fn second_vpc(inputs: &Inputs<'_>, vpc: &VpcId, other: &AlbVpc) -> Option<Finding> {
    let cen = &inputs.binding.cen.id;
    let group = other.groups.first().filter(|_| other.cens.contains(cen))?;
    let message = format!("{vpc} is attached to {cen}, and its ALBs have remote servers already ({group}).");
    Some(Finding::new(Reason::new(Code::SecondAlbVpc, vpc, message), vec![Target::Paths]))
}

/// Backends that both reach: this binding through its CEN instance, the other VPC through another one.
fn shared_backends(inputs: &Inputs<'_>, vpc: &VpcId, other: &AlbVpc) -> Vec<Finding> {
    let Inputs { binding, topology, .. } = *inputs;
    let mut findings = Vec::new();
    for backend in &binding.backends {
        let Some(theirs) = topology.context.cens.get(&backend.vpc) else { continue };
        let Some(cen) = theirs.intersection(&other.cens).find(|cen| **cen != binding.cen.id) else { continue };
        let selected = desired::selected(binding, topology).filter(|(of, _)| of.vpc == backend.vpc);
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
