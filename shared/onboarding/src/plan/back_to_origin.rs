//! Step 6: the return routes. Routes in the backend VPC to the ALB's source prefixes; for a non-upgraded ALB also a static
//! route of the transit router to the ALB's VPC, in the table where the backends' packets are looked up.

use crate::change::{Change, StageName, Write};
use crate::desired::{self, Desired, DesiredTransitRoute};
use crate::inputs::Inputs;
use crate::plan::{Awaited, Plan, lane, routes};
use crate::reason::{Code, Reason};
use crate::topology::TransitRouteStatus;

const STAGE: StageName = StageName::BackToOrigin;

pub(super) fn plan(inputs: &Inputs<'_>, desired: &Desired, plan: &mut Plan) {
    let Inputs { binding, topology, .. } = *inputs;
    if desired::load_balancer(binding, topology).is_err() {
        return;
    }
    if let Err(reason) = desired::sources(binding, topology) {
        return plan.find(reason);
    }
    for wanted in desired.vpc_routes.iter().filter(|wanted| !wanted.forward) {
        routes::plan(inputs, STAGE, wanted, plan);
    }
    for wanted in &desired.transit_routes {
        transit_route(inputs, wanted, plan);
    }
}

fn transit_route(inputs: &Inputs<'_>, wanted: &DesiredTransitRoute, plan: &mut Plan) {
    let topology = inputs.topology;
    if topology.vpc_attachments.get().is_none() {
        return plan.unread("the VPC attachments", topology.vpc_attachments.why_unknown());
    }
    let Some(router) = topology.transit_router(&wanted.region) else { return };
    let Some(table) = router.tables.get(&wanted.table) else { return };
    let ours = topology.resolve(&wanted.attachment);
    let add = Change::new(
        STAGE,
        Write::AddTransitRoute {
            region: wanted.region.clone(),
            table: wanted.table.clone(),
            destination: wanted.destination,
            attachment: wanted.attachment.clone(),
        },
    );
    let have = table.routes.iter().find(|route| route.destination == wanted.destination && !route.propagated);
    match have {
        None => plan.changes.push(add),
        Some(route) if ours.is_none() || route.next_hop.as_ref() != ours => {
            let leads = route.next_hop.as_ref().map_or("a black hole".to_owned(), ToString::to_string);
            let message = format!("{} of {} already leads to {leads}.", wanted.destination, table.id);
            let resource = route.id.as_ref().map_or(table.id.as_str(), |id| id.as_str());
            plan.changes.push(add.blocked_by(Reason::new(Code::RouteConflict, resource, message)));
        }
        Some(route) if route.status != TransitRouteStatus::Active => {
            let what = format!("route {} of {} is {}", wanted.destination, table.id, route.status);
            plan.wait(STAGE, lane::CEN, Awaited::TransitRoute { region: wanted.region.clone() }, what);
        }
        Some(_) => {}
    }
}
