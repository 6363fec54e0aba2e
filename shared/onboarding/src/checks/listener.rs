//! The listener on the binding's port, and whether its requests reach the binding's server group.

use crate::binding::Binding;
use crate::inputs::Inputs;
use crate::mark::Role;
use crate::reason::{Code, Reason};
use crate::topology::{Listener, LoadBalancer};

/// The listener on the binding's port.
pub(crate) fn on_the_port<'a>(binding: &Binding, listeners: &'a [Listener]) -> Option<&'a Listener> {
    let wish = &binding.listener;
    // QUIC uses UDP, all other protocols use TCP, so they do not conflict.
    let quic = |protocol: &str| protocol == "QUIC";
    listeners.iter().find(|have| have.port == wish.port && quic(&have.protocol) == quic(&wish.protocol))
}

/// Why a listener that others made cannot serve the binding.
pub(crate) fn forwards_elsewhere(listener: &Listener) -> Reason {
    let groups: Vec<_> = listener.server_groups.iter().map(ToString::to_string).collect();
    let groups = if groups.is_empty() { "no server group that it names".to_owned() } else { groups.join(", ") };
    let (id, port) = (&listener.id, listener.port);
    let message = format!("Listener {id} on port {port} was made by others and forwards to {groups}.");
    Reason::new(Code::ListenerForwardsElsewhere, id, message)
}

/// Why no request reaches the binding's group: a listener of others has the port, and neither it nor any other listener or
/// rule of the load balancer uses the group.
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
