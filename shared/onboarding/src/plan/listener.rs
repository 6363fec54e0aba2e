//! Step 2: a listener of the ALB forwards to the server group.

use crate::change::{Change, StageName, Write};
use crate::checks::listener::{forwards_elsewhere, on_the_port};
use crate::desired;
use crate::inputs::Inputs;
use crate::mark::Role;
use crate::plan::{Awaited, Plan, lane, server_group};
use crate::reason::{Code, Reason};
use crate::topology::ListenerStatus;

const STAGE: StageName = StageName::Listener;

pub(super) fn plan(inputs: &Inputs<'_>, plan: &mut Plan) {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let Ok(load_balancer) = desired::load_balancer(binding, topology) else { return };
    let Some(listeners) = topology.listeners.get() else {
        return plan.unread("the listeners", topology.listeners.why_unknown());
    };
    let spec = &binding.listener;
    let Some(listener) = on_the_port(binding, listeners) else {
        let create = Write::CreateListener { protocol: spec.protocol.clone(), port: spec.port };
        let mut change = server_group::unless_not_ready(Change::new(STAGE, create), load_balancer);
        if spec.protocol != "HTTP" {
            let message =
                format!("There is no {} listener on port {}, and it needs a certificate.", spec.protocol, spec.port);
            change = change.blocked_by(Reason::new(Code::ListenerProtocol, &load_balancer.id, message));
        }
        return plan.changes.push(change);
    };
    if topology.server_groups.get().is_none() {
        return; // whether it forwards as wanted is not known, and the checks report it
    }
    let group = topology.server_group(&deployment.tag(&binding.name, Role::ServerGroup), &binding.server_group.name);
    if group.is_some_and(|group| listener.server_groups.contains(&group.id)) {
        if listener.status == ListenerStatus::Stopped {
            let message = format!("Listener {} on port {} is stopped.", listener.id, listener.port);
            plan.find(Reason::new(Code::ListenerStopped, &listener.id, message));
        } else if listener.status != ListenerStatus::Running {
            let what = format!("listener {} is {}", listener.id, listener.status);
            plan.wait(STAGE, lane::LOAD_BALANCER, Awaited::Listener, what);
        }
    } else if listener.mark.as_deref() == Some(deployment.tag(&binding.name, Role::Listener).as_str()) {
        plan.changes.push(Change::new(STAGE, Write::ForwardListener { listener: listener.id.clone() }));
    } else {
        let reason = forwards_elsewhere(listener);
        if group.is_some_and(|group| group.load_balancers.contains(&load_balancer.id)) {
            // A rule of that listener, or another listener, forwards to the group, so requests reach it.
            return plan.find(reason);
        }
        let create = Write::CreateListener { protocol: spec.protocol.clone(), port: spec.port };
        plan.changes.push(Change::new(STAGE, create).blocked_by(reason));
    }
}
