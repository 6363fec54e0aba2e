//! Step 5: routes in the system table of the ALB's VPC, from the backends' prefixes to the transit router.

use crate::change::StageName;
use crate::desired::{self, Desired};
use crate::inputs::Inputs;
use crate::plan::{Plan, routes};

const STAGE: StageName = StageName::VpcRoutes;

pub(super) fn plan(inputs: &Inputs<'_>, desired: &Desired, plan: &mut Plan) {
    let Inputs { binding, topology, .. } = *inputs;
    let Ok(load_balancer) = desired::load_balancer(binding, topology) else { return };
    if topology.vpc(&load_balancer.vpc).is_none() {
        return plan.find(desired::unread_vpc(topology, &load_balancer.vpc));
    }
    for backend in &binding.backends {
        if topology.vpc(&backend.vpc).is_none() {
            plan.find(desired::unread_vpc(topology, &backend.vpc));
        }
    }
    for wanted in desired.vpc_routes.iter().filter(|wanted| wanted.forward) {
        routes::plan(inputs, STAGE, wanted, plan);
    }
}
