//! Members whose way is not judged: no instance that should serve has their address. What the load balancer says of them is all that is
//! known, and a status that counts them has to say so.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use onboarding::causes::{Effect, InstanceFault, Mend, Together};
use onboarding::ids::InstanceId;
use onboarding::mark::{MemberState, Role};
use onboarding::reason::{Code, Reason};
use onboarding::topology::{Endpoint, Health, HealthStatus, Instance, Known, Server, Topology};

use crate::fault::Task;
use crate::question::Wish;

/// The faults of members that are not among those that were `judged`.
pub(crate) fn faults(topology: &Topology, wish: Wish<'_>, judged: &BTreeSet<Endpoint>) -> Vec<InstanceFault> {
    let servers = topology.servers.get().into_iter().flatten();
    servers
        .filter(|server| !judged.contains(&server.endpoint()))
        .filter_map(|server| Member { topology, wish, server }.fault())
        .collect()
}

/// A member.
struct Member<'a> {
    topology: &'a Topology,
    wish: Wish<'a>,
    server: &'a Server,
}

impl Member<'_> {
    fn fault(&self) -> Option<InstanceFault> {
        let Self { topology, server, .. } = *self;
        let endpoint = server.endpoint();
        let owner = owner(topology, server.address);
        let other_port = (server.port != self.wish.binding.server_group.port).then_some(server.port);
        let (reason, mend, effect, together) = if matches!(server.status.as_str(), "Available" | "Configuring") {
            let health = topology.unhealthy.get()?.get(&endpoint).filter(|health| !health.is_unchecked())?;
            let (mend, together) = self.mend(health)?;
            (self.ill(owner, health, &mend), mend, Effect::NotHealthy, together)
        } else {
            let message = format!("Member {endpoint} is {}.", server.status);
            let mend = Mend::Time { what: format!("Wait: {endpoint} is {}.", server.status) };
            (Reason::new(Code::StillPending, endpoint, message), mend, Effect::NotServed, None)
        };
        // Who is gone is told by the address of the member that is left.
        let gone = self.mark().filter(|_| owner.is_none() && matches!(mend, Mend::Removal { .. })).map(|(id, _)| id);
        let is_primary = owner.is_some_and(|owner| owner.address == Some(server.address) && other_port.is_none());
        let address = (!is_primary && (owner.is_some() || gone.is_some())).then_some(server.address);
        Some(InstanceFault {
            instance: owner.map(|owner| owner.id.clone()).or(gone),
            name: owner.map(|owner| owner.name.clone()).unwrap_or_default(),
            is_member: true,
            address,
            port: other_port,
            reason,
            table: None,
            effect,
            mend,
            together: together.map(Box::new),
        })
    }

    /// Whose it is by its mark, and in which state.
    fn mark(&self) -> Option<(InstanceId, MemberState)> {
        let Wish { binding, deployment } = self.wish;
        deployment.read_member(&binding.name, &self.server.description)
    }

    fn ill(&self, owner: Option<&Instance>, health: &Health, mend: &Mend) -> Reason {
        let endpoint = self.server.endpoint();
        let mark = self.mark();
        let of = owner.map(|owner| format!(" of {}", owner.id)).unwrap_or_default();
        let by = match &mark {
            Some((instance, _)) if owner.is_some_and(|owner| owner.id == *instance) => String::new(),
            Some((instance, _)) => format!(", registered for {instance},"),
            None => ", which others registered,".to_owned(),
        };
        let why = if health.reason.is_empty() { String::new() } else { format!(" ({})", health.reason) };
        let behind = match (mark, mend) {
            (Some((instance, _)), Mend::Removal { .. }) if self.topology.released.contains(&instance) => {
                let message = format!("{instance} is released, and its member {endpoint} is still registered.");
                return Reason::new(Code::NotRunning, instance, message);
            }
            (Some((instance, _)), Mend::Removal { .. }) if owner.is_none() => {
                format!(": {instance} has another address now")
            }
            _ if owner.is_none() => "; no instance that was seen has its address".to_owned(),
            _ => String::new(),
        };
        let message = format!("Member {endpoint}{of}{by} is {}{why}{behind}.", health.status);
        Reason::new(Code::Unhealthy, endpoint, message)
    }

    /// What mends it, and all that have the same; nothing of a leaver, of which the plan says when it goes.
    fn mend(&self, health: &Health) -> Option<(Mend, Option<Together>)> {
        let Self { topology, server, wish: Wish { binding, deployment } } = *self;
        let mark = self.mark();
        if matches!(mark, Some((_, MemberState::Draining(_) | MemberState::Released(_)))) {
            return None;
        }
        let endpoint = server.endpoint();
        if health.status == HealthStatus::Initial {
            return Some((Mend::Time { what: format!("Wait: {endpoint} is {}.", health.status) }, None));
        }
        // One of ours that is not where the binding wants it.
        let mut seen = instances(topology);
        let goes = |id: &InstanceId| topology.released.contains(id) || seen.any(|instance| instance.id == *id);
        if mark.as_ref().map(|(instance, _)| instance).is_some_and(goes) {
            return Some((Mend::Removal { address: server.address, port: server.port }, None));
        }
        let tag = deployment.tag(&binding.name, Role::ServerGroup);
        let group = topology.server_group(&tag, &binding.server_group.name)?.id.clone();
        let task = Task::RepairMember { group, member: endpoint };
        Some((Mend::Person { task: task.sentence() }, task.for_all()))
    }
}

/// The instance that has an address, whether the binding selects it or not.
fn owner(topology: &Topology, address: Ipv4Addr) -> Option<&Instance> {
    instances(topology).find(|instance| {
        instance.address == Some(address)
            || instance.interfaces.iter().any(|interface| interface.addresses.contains(&address))
    })
}

fn instances(topology: &Topology) -> impl Iterator<Item = &Instance> {
    topology.instances.values().filter_map(Known::get).flatten()
}
