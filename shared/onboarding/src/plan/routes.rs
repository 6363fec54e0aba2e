//! The one rule for all VPC routes, forward or return: existing, conflicting, impossible, or to be added.

use ipnet::Ipv4Net;

use crate::change::{Change, StageName, Write};
use crate::checks;
use crate::desired::DesiredVpcRoute;
use crate::inputs::Inputs;
use crate::limits::ROUTES_PER_TABLE;
use crate::plan::{Awaited, Plan, lane, vpc_attachments};
use crate::reason::{Code, Reason};
use crate::topology::AttachmentRef;
use crate::topology::{NextHop, Vpc, VpcRoute, VpcRouteStatus, VpcRouteTable, VpcRouteType};

pub(super) fn plan(inputs: &Inputs<'_>, stage: StageName, wanted: &DesiredVpcRoute, plan: &mut Plan) {
    let Some(vpc) = inputs.topology.vpc(&wanted.vpc) else { return };
    let Some(table) = vpc.tables.get(&wanted.table) else { return };
    if inputs.topology.vpc_attachments.get().is_none() {
        // It is not known whether an existing route leads to our attachment.
        return plan.unread("the VPC attachments", inputs.topology.vpc_attachments.why_unknown());
    }
    if inputs.topology.peer_attachments.get().is_none() {
        return plan.unread("the inter-region connections", inputs.topology.peer_attachments.why_unknown());
    }
    let attachment = AttachmentRef::Vpc { vpc: wanted.vpc.clone() };
    let ours = inputs.topology.resolve(&attachment);
    let leads_to_us = |hop: &NextHop| matches!(hop, NextHop::Attachment(id) if Some(id) == ours);
    let add = || {
        Change::new(
            stage,
            Write::AddVpcRoute {
                region: wanted.region.clone(),
                vpc: wanted.vpc.clone(),
                table: wanted.table.clone(),
                destination: wanted.destination,
            },
        )
    };
    if let Some(route) = table.routes.iter().find(|route| route.destination == wanted.destination) {
        if !leads_to_us(&route.next_hop) {
            let message =
                format!("{} of {} ({}) already leads to {}.", wanted.destination, vpc.id, table.id, route.next_hop);
            let reason = Reason::new(Code::RouteConflict, &route.id, message);
            let because = matches!(route.next_hop, NextHop::Attachment(_)).then(|| unseen(inputs, wanted));
            plan.changes.push(add().blocked_by(reason.because(because.into_iter().flatten())));
        } else if route.status != VpcRouteStatus::Available {
            plan.wait(
                stage,
                lane::vpc(&vpc.id),
                Awaited::VpcRoute { region: wanted.region.clone() },
                format!("route {} of {} is {}", wanted.destination, vpc.id, route.status),
            );
        }
        return;
    }
    // A wider route made by others is sufficient. A wider route of ours may be about to be removed, and must not prevent
    // its replacement.
    let foreign = |route: &VpcRoute| inputs.deployment.binding_of(&route.description).is_none();
    let does_the_job =
        |route: &VpcRoute| leads_to_us(&route.next_hop) && route.status == VpcRouteStatus::Available && foreign(route);
    if covering(table, wanted.destination).is_some_and(does_the_job) {
        return;
    }
    let mut change = add();
    if let Some(reason) = impossible(vpc, wanted.destination) {
        change = change.blocked_by(reason);
    }
    let there = table.routes.iter().filter(|route| route.kind == VpcRouteType::Custom).count();
    if there + planned(plan, wanted) >= ROUTES_PER_TABLE {
        let message = format!(
            "{} of {} has {there} of {ROUTES_PER_TABLE} custom routes, so {} does not fit.",
            table.id, vpc.id, wanted.destination
        );
        change = change.blocked_by(Reason::new(Code::RouteQuota, &table.id, message));
    }
    plan.changes.push(change);
}

/// Why the VPC's own attachment could not be looked for, if it is not known: a route that leads to an attachment may well be right then, and
/// who removed it would cut off what serves.
fn unseen(inputs: &Inputs<'_>, wanted: &DesiredVpcRoute) -> Option<Reason> {
    let is_known = inputs.topology.vpc_attachment(&wanted.vpc).is_some();
    let why =
        || vpc_attachments::router(inputs, &wanted.region).err().or_else(|| checks::elsewhere(inputs, &wanted.vpc));
    if is_known { None } else { why() }
}

/// The routes that the plan already adds to the same table.
fn planned(plan: &Plan, wanted: &DesiredVpcRoute) -> usize {
    let same = |change: &&Change| {
        matches!(&change.write, Write::AddVpcRoute { table, .. } if table == &wanted.table) && change.is_open()
    };
    plan.changes.iter().filter(same).count()
}

/// The route with the longest prefix that contains this one.
fn covering(table: &VpcRouteTable, prefix: Ipv4Net) -> Option<&VpcRoute> {
    let containing = table.routes.iter().filter(|route| route.destination.contains(&prefix));
    containing.max_by_key(|route| route.destination.prefix_len())
}

/// Destinations that the VPC API refuses (cloud-apis.md, section 9).
fn impossible(vpc: &Vpc, destination: Ipv4Net) -> Option<Reason> {
    let inside = vpc.vswitches.values().find(|vswitch| vswitch.cidr.contains(&destination));
    if let Some(vswitch) = inside {
        let message = format!("{destination} lies in {} ({}) of {}.", vswitch.id, vswitch.cidr, vpc.id);
        return Some(Reason::new(Code::RouteImpossible, &vpc.id, message));
    }
    let service = Ipv4Net::new_assert(std::net::Ipv4Addr::new(100, 64, 0, 0), 10);
    (destination.prefix_len() <= 11 && service.contains(&destination)).then(|| {
        Reason::new(
            Code::RouteImpossible,
            &vpc.id,
            format!("{destination} cannot be a route: the cloud's own services use it."),
        )
    })
}
