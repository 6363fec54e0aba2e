//! Step 5: the ALB VPC's system route table sends the backends' prefixes to the transit router.

use crate::change::StageName;
use crate::plan::{Inputs, Plan, routes};
use crate::wanted::{self, Wants};

const STAGE: StageName = StageName::VpcRoutes;

pub(super) fn plan(inputs: &Inputs<'_>, wants: &Wants, plan: &mut Plan) {
    let Inputs { binding, topology, .. } = *inputs;
    let Ok(load_balancer) = wanted::load_balancer(binding, topology) else { return };
    if topology.vpc(&load_balancer.vpc).is_none() {
        return plan.find(wanted::unread_vpc(topology, &load_balancer.vpc));
    }
    for backend in &binding.backends {
        if topology.vpc(&backend.vpc).is_none() {
            plan.find(wanted::unread_vpc(topology, &backend.vpc));
        }
    }
    for wish in wants.vpc_routes.iter().filter(|wish| wish.forward) {
        routes::plan(inputs, STAGE, wish, plan);
    }
}
