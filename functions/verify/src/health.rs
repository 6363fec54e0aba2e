//! The ALB's own view of the members: whose health is not decided yet, and who is unhealthy.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding::causes::{InstanceFault, Mend};
use onboarding::ids::InstanceId;
use onboarding::mark::{MemberState, Role};
use onboarding::topology::{Endpoint, Health as View, HealthStatus, InstanceStatus, ListenerStatus, Topology};
use onboarding::{Code, Reason, desired};
use stage::Session;

/// Reasons that a way gives on which packets get lost (cloud-apis.md, section 12).
const LOST: [&str; 3] = ["CONNECT_TIMEOUT", "SEND_REQUEST_TIMEOUT", "RECV_RESPONSE_TIMEOUT"];
/// How much later than it was decided a member's health may be seen.
const LATE: Duration = Duration::from_secs(1);

/// The health of a binding's members.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// The number of this binding's members.
    pub(crate) members: usize,
    /// Health not decided yet.
    pub(crate) converging: Vec<String>,
    /// Decided as not healthy.
    pub(crate) unhealthy: Vec<Ill>,
}

/// A member that is not healthy.
#[derive(Debug)]
pub(crate) struct Ill {
    /// Whose address it is.
    pub(crate) instance: InstanceId,
    /// Where it serves.
    pub(crate) endpoint: Endpoint,
    /// What is said of it.
    pub(crate) reason: Reason,
    /// Whether packets got lost, which they may not do any more.
    pub(crate) is_of_the_way: bool,
}

impl Ill {
    fn of(instance: InstanceId, endpoint: Endpoint, view: &View) -> Self {
        let why = if view.reason.is_empty() { String::new() } else { format!(" ({})", view.reason) };
        let message = format!("{instance} at {endpoint} is {}{why}.", view.status);
        let reason = Reason::new(Code::Unhealthy, &instance, message);
        let is_of_the_way = LOST.contains(&view.reason.as_str());
        Self { instance, endpoint, reason, is_of_the_way }
    }

    /// Whether a fault is of the way to this member.
    pub(crate) fn is_of(&self, fault: &InstanceFault) -> bool {
        fault.instance.as_ref() == Some(&self.instance)
            && fault.address.is_none_or(|address| address == self.endpoint.address)
    }
}

/// Whether a fault is of a way, or hides what the load balancer sees for another reason.
pub(crate) fn is_of_a_way(fault: &InstanceFault) -> bool {
    fault.reason.code != Code::Unhealthy
}

/// What is still being learned of their ways, each once.
pub(crate) fn learning<'f>(unhealthy: &[Ill], faults: &'f [InstanceFault]) -> BTreeSet<&'f str> {
    let is_ill = |fault: &&InstanceFault| unhealthy.iter().any(|ill| ill.is_of(fault));
    let passing = faults.iter().filter(|fault| is_of_a_way(fault) && matches!(fault.mend, Mend::Time { .. }));
    passing.filter(is_ill).map(|fault| fault.reason.message.trim_end_matches('.')).collect()
}

/// Those whose packets got lost on a way that has no fault now: their check is the fault that is left.
pub(crate) fn recovering<'a>(unhealthy: &'a [Ill], faults: &[InstanceFault]) -> Vec<&'a Ill> {
    let is_open = |ill: &Ill| {
        let mut own = faults.iter().filter(|fault| ill.is_of(fault)).peekable();
        own.peek().is_some() && own.all(|fault| !is_of_a_way(fault))
    };
    unhealthy.iter().filter(|ill| ill.is_of_the_way && is_open(ill)).collect()
}

/// How long a member takes to be found healthy after its way was mended, as its check is set: the check that is under way fails, and
/// then so many in a row have to succeed.
pub(crate) fn recovery(session: &Session<'_>, topology: &Topology) -> Duration {
    let binding = session.binding();
    let tag = session.deployment().tag(&binding.name, Role::ServerGroup);
    let group = topology.server_group(&tag, &binding.server_group.name);
    let (interval, timeout, times) = group.map(|group| &group.settings.health_check).map_or_else(
        || {
            let check = &binding.server_group.health_check;
            (check.interval, check.timeout, check.healthy_threshold)
        },
        |check| (check.interval, check.timeout, check.healthy_threshold),
    );
    let seconds = u64::from(interval) * u64::from(times) + u64::from(timeout);
    Duration::from_secs(seconds) + LATE
}

pub(crate) fn of(session: &Session<'_>, topology: &Topology) -> Health {
    let binding = session.binding();
    let mut health = Health::default();
    let Some(unhealthy) = topology.unhealthy.get() else { return health };
    let running = |id: &InstanceId| {
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
        if state != MemberState::Serving || !running(&instance) || view.is_unchecked() {
            continue; // a stopped or leaving member is expected to be out of service, and without a check nobody knows
        }
        if view.status != HealthStatus::Initial {
            health.unhealthy.push(Ill::of(instance, server.endpoint(), view));
        } else if !stopped {
            health.converging.push(format!("the health of {instance} is not decided yet"));
        }
    }
    health
}
