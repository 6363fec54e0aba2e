//! The named checks: one for each precaution and prerequisite of the procedure that the planners do not handle themselves
//! (`procedure.md`; `cloud-apis.md` sections 7 to 11 and 15). Pure functions.
//!
//! A check evaluates facts and returns [`Finding`]s. Each finding names the changes that depend on it ([`Target`]), and
//! only those are blocked. A finding that blocks nothing in a plan is still reported with it. If a call for a fact failed,
//! the changes that depend on it are blocked with [`Code::Unread`](crate::Code::Unread). A fact that a stage did not ask for has no effect, so
//! every stage reads the facts that the checks of its own changes need.

mod alb;
mod attachments;
mod bandwidth;
mod finding;
pub(crate) mod listener;
mod members;
mod neighbours;
mod network;
mod orphans;
mod regions;
mod security;
mod selection;
mod target;

pub use finding::Finding;
pub use regions::area;
pub use target::Target;

pub(crate) use attachments::{elsewhere, no_cen};
pub(crate) use orphans::{left_by, orphans};
pub(crate) use selection::none_selected;

use crate::desired;
use crate::inputs::Inputs;

/// All checks of a binding. Without a load balancer there is nothing to check; the first planner reports it.
#[must_use]
pub fn check(inputs: &Inputs<'_>) -> Vec<Finding> {
    let Ok(load_balancer) = desired::load_balancer(inputs.binding, inputs.topology) else { return Vec::new() };
    let desired = desired::entries(inputs);
    let mut findings = Vec::new();
    alb::check(inputs, load_balancer, &mut findings);
    neighbours::check(inputs, load_balancer, &mut findings);
    network::check(inputs, load_balancer, &desired, &mut findings);
    attachments::check(inputs, load_balancer, &mut findings);
    bandwidth::check(inputs, &mut findings);
    security::check(inputs, &desired, &mut findings);
    members::check(inputs, load_balancer, &mut findings);
    selection::check(inputs, load_balancer, &mut findings);
    findings.extend(orphans(inputs).into_iter().map(|reason| Finding::new(reason, Vec::new())));
    findings
}
