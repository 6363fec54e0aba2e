//! The load balancer: its state, generation and region, and its server group.

use crate::checks::listener;
use crate::checks::{Finding, Target, regions};
use crate::desired;
use crate::inputs::Inputs;
use crate::mark::Role;
use crate::reason::{Code, Reason};
use crate::topology::{Generation, LoadBalancer};

/// Final states in which it does not serve. Other states are transient.
const AT_REST: [&str; 2] = ["Inactive", "CreateFailed"];

pub(super) fn check(inputs: &Inputs<'_>, load_balancer: &LoadBalancer, findings: &mut Vec<Finding>) {
    // While the groups are unread, it is not known whether the binding's group exists and a listener forwards to it.
    let groups = &inputs.topology.server_groups;
    findings.extend(Finding::unread("the server groups", groups, vec![Target::Listener, Target::Members]));
    findings.extend(not_ready(load_balancer));
    findings.extend(generation(inputs, load_balancer));
    findings.extend(region(inputs, load_balancer));
    findings.extend(cross_zone(inputs));
    findings.extend(listener::unheard(inputs, load_balancer).map(|reason| Finding::new(reason, vec![Target::Members])));
}

/// Listeners and members are refused while it is locked or in a final state (cloud-apis.md section 5). In any other state
/// than `Active`, the planners block a new server group and listener.
fn not_ready(load_balancer: &LoadBalancer) -> Option<Finding> {
    let id = &load_balancer.id;
    let message = match load_balancer.locks.first() {
        Some(lock) => format!("Load balancer {id} is locked: {lock}."),
        None if AT_REST.contains(&load_balancer.status.as_str()) => {
            format!("Load balancer {id} is {}.", load_balancer.status)
        }
        None => return None,
    };
    Some(Finding::new(Reason::new(Code::AlbNotReady, id, message), vec![Target::Listener, Target::Members]))
}

fn generation(inputs: &Inputs<'_>, load_balancer: &LoadBalancer) -> Option<Finding> {
    let upgraded = load_balancer.zones.iter().any(|zone| !zone.local_addresses.is_empty());
    let differs = upgraded && inputs.binding.alb.generation == Some(Generation::Classic);
    let message = || {
        format!(
            "The binding takes {} for a non-upgraded ALB, and it has local addresses, as upgraded ones do.",
            load_balancer.id
        )
    };
    differs.then(|| Finding::new(Reason::new(Code::GenerationDiffers, &load_balancer.id, message()), Vec::new()))
}

fn region(inputs: &Inputs<'_>, load_balancer: &LoadBalancer) -> Option<Finding> {
    let classic = desired::generation(inputs.binding, load_balancer) == Generation::Classic;
    let remote = !inputs.binding.remote_regions().is_empty();
    if !classic || !remote || regions::offers_remote_backends(&load_balancer.region) {
        return None;
    }
    let message = format!(
        "{} is a non-upgraded ALB in {}, where those cannot have servers of other regions.",
        load_balancer.id, load_balancer.region
    );
    Some(Finding::new(Reason::new(Code::RegionUnsupported, &load_balancer.region, message), vec![Target::Paths]))
}

/// "Cannot be false with Remote IP" (cloud-apis.md section 4).
fn cross_zone(inputs: &Inputs<'_>) -> Option<Finding> {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let mark = deployment.tag(&binding.name, Role::ServerGroup);
    let group = topology.server_group(&mark, &binding.server_group.name).filter(|group| !group.cross_zone)?;
    let message = format!("Server group {} has cross-zone forwarding off.", group.id);
    Some(Finding::new(Reason::new(Code::CrossZoneOff, &group.id, message), vec![Target::Members]))
}
