//! Teardown: what was made for a binding goes, in the reverse of the order in which it was made.
//!
//! ```text
//!   members: weight 0 ─ drained ─ removed ─┬─► listener ─► server group
//!                                          └─► rules, routes ─┐
//!                                                             ▼  only where it is asked for
//!                        associations, propagations ─► connection, attachments
//! ```
//!
//! A step begins when a reading shows that the one before it is done, so a teardown that was stopped anywhere goes on from
//! there. Ownership marks say what was made for the binding. What another binding of the store wants stays, and so does what
//! others made, or use: each is named. What could not be read blocks the removals that depend on it.

mod claims;
mod front;
mod links;
mod network;
mod step;

use crate::desired;
use crate::ids::VpcId;
use crate::inputs::Inputs;
use crate::plan::Plan;

use claims::Claims;
use step::{keep, waits_for};

/// The removals for `inputs.binding`, each blocked as long as an earlier step is not done. `others` are the other bindings of
/// the store that share its regions, each with its observed state. `attachments`: attachments and connections go, too.
#[must_use]
pub fn teardown(inputs: &Inputs<'_>, others: &[Inputs<'_>], attachments: bool) -> Plan {
    let mut plan = Plan::default();
    std::iter::once(inputs).chain(others).for_each(|each| plan.unread.extend(&each.topology.unread));
    if let (Some(None), true) = (inputs.topology.load_balancer.get(), lacks_home(inputs)) {
        let Inputs { deployment, binding, .. } = *inputs;
        let (id, mark) = (&binding.alb.id, deployment.description(&binding.name));
        let why = format!(
            "Load balancer {id} is gone, and no server group tells its VPC: routes described as {mark} may be left there."
        );
        keep(&mut plan, id, why);
    }
    let claims = Claims::of(others);
    let members = front::members(inputs, &mut plan);
    let listeners = front::listeners(inputs, members.as_ref(), &mut plan);
    let gone = inputs.topology.load_balancer.get().is_some_and(Option::is_none);
    if !gone {
        front::groups(inputs, members.as_ref().or(listeners.as_ref()), &mut plan);
    }
    let desired = desired::entries(inputs);
    let routes = network::entries(inputs, &desired, &claims, members.as_ref(), &mut plan);
    if attachments {
        let serves_others = !desired.of_others.routes.is_empty();
        links::take(inputs, serves_others, &claims, routes.as_ref(), &mut plan);
    } else {
        links::leave(inputs, &claims, &mut plan);
    }
    if gone {
        // Without a load balancer nothing but its server group tells its VPC, so that goes last.
        let rest = !plan.changes.is_empty() || !plan.pending.is_empty();
        let rest = rest.then(|| waits_for(inputs, "All others"));
        front::groups(inputs, members.as_ref().or(rest.as_ref()), &mut plan);
    }
    plan
}

/// Whether the load balancer's VPC is not known.
fn lacks_home(inputs: &Inputs<'_>) -> bool {
    let is_backend = |vpc: &VpcId| inputs.binding.backends.iter().any(|backend| &backend.vpc == vpc);
    inputs.topology.vpcs.keys().all(is_backend)
}
