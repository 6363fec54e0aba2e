//! Step 6: the way back. The backend VPC's routes to the ALB's source prefixes; for a non-upgraded ALB also the transit
//! router's static route to the ALB's VPC, in the table where the backends' packets are looked up.

use crate::change::{Change, StageName, Write};
use crate::plan::{Inputs, Plan, lane, routes};
use crate::reason::{Code, Reason};
use crate::wanted::{self, TransitRouteWish, Wants};

const STAGE: StageName = StageName::BackToOrigin;

pub(super) fn plan(inputs: &Inputs<'_>, wants: &Wants, plan: &mut Plan) {
    let Inputs { binding, topology, .. } = *inputs;
    if wanted::load_balancer(binding, topology).is_err() {
        return;
    }
    if let Err(reason) = wanted::sources(binding, topology) {
        return plan.find(reason);
    }
    for wish in wants.vpc_routes.iter().filter(|wish| !wish.forward) {
        routes::plan(inputs, STAGE, wish, plan);
    }
    for wish in &wants.transit_routes {
        transit_route(inputs, wish, plan);
    }
}

fn transit_route(inputs: &Inputs<'_>, wish: &TransitRouteWish, plan: &mut Plan) {
    let topology = inputs.topology;
    if topology.vpc_attachments.get().is_none() {
        return plan.unread("the VPC attachments", topology.vpc_attachments.why_unknown());
    }
    let Some(router) = topology.transit_router(&wish.region) else { return };
    let Some(table) = router.tables.get(&wish.table) else { return };
    let ours = topology.resolve(&wish.attachment);
    let add = Change::new(
        STAGE,
        Write::AddTransitRoute {
            region: wish.region.clone(),
            table: wish.table.clone(),
            destination: wish.destination,
            attachment: wish.attachment.clone(),
        },
    );
    let have = table.routes.iter().find(|route| route.destination == wish.destination && !route.learned);
    match have {
        None => plan.changes.push(add),
        Some(route) if ours.is_none() || route.next_hop.as_ref() != ours => {
            let leads = route.next_hop.as_ref().map_or("a black hole".to_owned(), ToString::to_string);
            let message = format!("{} of {} already leads to {leads}.", wish.destination, table.id);
            plan.changes.push(add.blocked_by(Reason::new(Code::RouteConflict, &table.id, message)));
        }
        Some(route) if route.status != "Active" => {
            plan.wait(STAGE, lane::CEN, format!("route {} of {} is {}", wish.destination, table.id, route.status));
        }
        Some(_) => {}
    }
}
