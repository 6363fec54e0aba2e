//! Composes the plans from the parts of the stages.

use crate::checks;
use crate::desired;
use crate::inputs::{Inputs, Verdicts};
use crate::plan::{
    Plan, back_to_origin, backend_servers, consent, listener, peer_attachment, security_rules, server_group,
    vpc_attachments, vpc_routes,
};

/// The plan of all stages before the members: server group, listener, attachments, routes, rules.
#[must_use]
pub fn network(inputs: &Inputs<'_>) -> Plan {
    let desired = desired::entries(inputs);
    let mut plan = Plan { unread: inputs.topology.unread.clone(), ..Plan::default() };
    server_group::plan(inputs, &mut plan);
    listener::plan(inputs, &mut plan);
    vpc_attachments::plan(inputs, &mut plan);
    peer_attachment::plan(inputs, &mut plan);
    vpc_routes::plan(inputs, &desired, &mut plan);
    back_to_origin::plan(inputs, &desired, &mut plan);
    security_rules::plan(inputs, &desired, &mut plan);
    consent::settle(inputs, checks::check(inputs), &mut plan);
    plan
}

/// Blocks a billed change if none of the selected instances of the backends that it serves is reachable in the projected
/// topology.
pub fn withhold(inputs: &Inputs<'_>, verdicts: &Verdicts, plan: &mut Plan) {
    consent::withhold(inputs, verdicts, plan);
}

/// The plan of the members, given the verdicts on each instance's path.
#[must_use]
pub fn members(inputs: &Inputs<'_>, verdicts: &Verdicts) -> Plan {
    let mut plan = Plan { unread: inputs.topology.unread.clone(), ..Plan::default() };
    let findings = checks::check(inputs);
    backend_servers::plan(inputs, verdicts, &findings, &mut plan);
    plan
}
