//! The ALB's own view of the members: whose health is not decided yet, and who is unhealthy.

use onboarding::mark::MemberState;
use onboarding::topology::{HealthStatus, InstanceStatus, ListenerStatus, Topology};
use onboarding::{Code, Reason, desired};
use stage::Session;

/// The health of a binding's members.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// The number of this binding's members.
    pub(crate) members: usize,
    /// Health not decided yet.
    pub(crate) converging: Vec<String>,
    /// Decided as not healthy.
    pub(crate) unhealthy: Vec<Reason>,
}

pub(crate) fn of(session: &Session<'_>, topology: &Topology) -> Health {
    let binding = session.binding();
    let mut health = Health::default();
    let Some(unhealthy) = topology.unhealthy.get() else { return health };
    let running = |id: &onboarding::ids::InstanceId| {
        desired::selected(binding, topology)
            .any(|(_, instance)| &instance.id == id && instance.status == InstanceStatus::Running)
    };
    // Behind a stopped listener no health check runs, so there is nothing to wait for.
    let mut listeners =
        topology.listeners.get().into_iter().flatten().filter(|found| found.port == binding.listener.port);
    let stopped = listeners.any(|listener| listener.status == ListenerStatus::Stopped);
    for server in topology.servers.get().into_iter().flatten() {
        let Some((instance, state)) = session.deployment().read_member(&binding.name, &server.description) else {
            continue;
        };
        health.members += 1;
        let Some(view) = unhealthy.get(&server.endpoint()) else { continue };
        if state != MemberState::Serving || !running(&instance) {
            continue; // a stopped or leaving member is expected to be out of service
        }
        if view.status == HealthStatus::Initial && !stopped {
            health.converging.push(format!("the health of {instance} is not decided yet"));
        } else {
            let why = if view.reason.is_empty() { String::new() } else { format!(" ({})", view.reason) };
            let message = format!("{instance} at {} is {}{why}.", server.endpoint(), view.status);
            health.unhealthy.push(Reason::new(Code::Unhealthy, &instance, message));
        }
    }
    health
}
