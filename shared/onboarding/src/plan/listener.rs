//! Step 2: a listener of the ALB forwards to the server group.

use crate::binding::Binding;
use crate::change::{Change, StageName, Write};
use crate::mark::Role;
use crate::plan::{Inputs, Plan, lane, server_group};
use crate::reason::{Code, Reason};
use crate::topology::{Listener, LoadBalancer};
use crate::wanted;

const STAGE: StageName = StageName::Listener;

pub(super) fn plan(inputs: &Inputs<'_>, plan: &mut Plan) {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let Ok(load_balancer) = wanted::load_balancer(binding, topology) else { return };
    let Some(listeners) = topology.listeners.get() else {
        return plan.unread("the listeners", topology.listeners.why_unknown());
    };
    let wish = &binding.listener;
    let Some(listener) = on_the_port(binding, listeners) else {
        let create = Write::CreateListener { protocol: wish.protocol.clone(), port: wish.port };
        let mut change = server_group::unless_not_ready(Change::new(STAGE, create), load_balancer);
        if wish.protocol != "HTTP" {
            let message =
                format!("There is no {} listener on port {}, and it needs a certificate.", wish.protocol, wish.port);
            change = change.blocked_by(Reason::new(Code::ListenerProtocol, &load_balancer.id, message));
        }
        return plan.changes.push(change);
    };
    if topology.server_groups.get().is_none() {
        return; // whether it forwards as wished is not known, and the checks say why
    }
    let group = topology.server_group(&deployment.tag(&binding.name, Role::ServerGroup), &binding.server_group.name);
    if group.is_some_and(|group| listener.server_groups.contains(&group.id)) {
        if listener.status == "Stopped" {
            let message = format!("Listener {} on port {} is stopped.", listener.id, listener.port);
            plan.find(Reason::new(Code::ListenerStopped, &listener.id, message));
        } else if listener.status != "Running" {
            plan.wait(STAGE, lane::LOAD_BALANCER, format!("listener {} is {}", listener.id, listener.status));
        }
    } else if listener.mark.as_deref() == Some(deployment.tag(&binding.name, Role::Listener).as_str()) {
        plan.changes.push(Change::new(STAGE, Write::ForwardListener { listener: listener.id.clone() }));
    } else {
        let reason = forwards_elsewhere(listener);
        if group.is_some_and(|group| group.load_balancers.contains(&load_balancer.id)) {
            // A rule of that listener, or another listener, forwards to the group: requests do reach it.
            return plan.find(reason);
        }
        let create = Write::CreateListener { protocol: wish.protocol.clone(), port: wish.port };
        plan.changes.push(Change::new(STAGE, create).blocked_by(reason));
    }
}

/// The listener that has the binding's port.
fn on_the_port<'a>(binding: &Binding, listeners: &'a [Listener]) -> Option<&'a Listener> {
    let wish = &binding.listener;
    // QUIC listens on UDP, everything else on TCP: they do not collide.
    let quic = |protocol: &str| protocol == "QUIC";
    listeners.iter().find(|have| have.port == wish.port && quic(&have.protocol) == quic(&wish.protocol))
}

fn forwards_elsewhere(listener: &Listener) -> Reason {
    let groups: Vec<_> = listener.server_groups.iter().map(ToString::to_string).collect();
    let groups = if groups.is_empty() { "no server group that it names".to_owned() } else { groups.join(", ") };
    let (id, port) = (&listener.id, listener.port);
    let message = format!("Listener {id} on port {port} was made by others and forwards to {groups}.");
    Reason::new(Code::ListenerForwardsElsewhere, id, message)
}

/// Why no request reaches the binding's group, if the port belongs to a listener of others and nothing of the load balancer uses
/// the group.
pub(crate) fn unheard(inputs: &Inputs<'_>, load_balancer: &LoadBalancer) -> Option<Reason> {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let listener = on_the_port(binding, topology.listeners.get()?)?;
    let own = listener.mark.as_deref() == Some(deployment.tag(&binding.name, Role::Listener).as_str());
    topology.server_groups.get()?;
    let group = topology.server_group(&deployment.tag(&binding.name, Role::ServerGroup), &binding.server_group.name);
    let used = group.is_some_and(|group| {
        listener.server_groups.contains(&group.id) || group.load_balancers.contains(&load_balancer.id)
    });
    (!own && !used).then(|| forwards_elsewhere(listener))
}
