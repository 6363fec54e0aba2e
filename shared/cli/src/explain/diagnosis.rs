//! The diagnosis of one instance: the inputs, the result, and its headline.

use onboarding::causes::{Cause, InstanceFault, Mend, NextRun, Root};
use onboarding::ids::VpcId;
use onboarding::inputs::Verdict;
use onboarding::topology::{Instance, Topology};
use onboarding::{Binding, Causes, Change, Code, Deployment, Plan};
use reachability::{Explanation, Fault, Wish};

use crate::output::Style;

/// An instance, the topology around it, and the explanation of its path.
#[derive(Debug, Clone)]
pub(crate) struct Diagnosis {
    /// Whose marks count as ours.
    pub(crate) deployment: Deployment,
    /// The binding that it is explained for.
    pub(crate) binding: Binding,
    /// The topology that was read.
    pub(crate) topology: Topology,
    /// The plan of the binding.
    pub(crate) plan: Plan,
    /// The instance, at the address in question.
    pub(crate) instance: Instance,
    /// Whether the binding's tags select it.
    pub(crate) selected: bool,
    /// The explanation of its path.
    pub(crate) explanation: Explanation,
}

impl Diagnosis {
    /// The VPC of the load balancer.
    pub(crate) fn balancer_vpc(&self) -> Option<&VpcId> {
        self.topology.alb().map(|load_balancer| &load_balancer.vpc)
    }

    /// Address and port of the instance.
    pub(crate) fn endpoint(&self) -> String {
        endpoint(&self.instance, &self.binding)
    }
}

impl Diagnosis {
    /// A fault as `status` tells it, with what mends it there.
    pub(super) fn told(&self, fault: &Fault) -> Option<InstanceFault> {
        let wish = Wish { deployment: &self.deployment, binding: &self.binding };
        let is_it = |told: &InstanceFault| {
            told.reason == fault.reason
                && told.instance.as_ref() == Some(&self.instance.id)
                && (told.address.is_none() || told.address == self.instance.address)
        };
        reachability::faults(&self.topology, wish).into_iter().find(is_it)
    }

    /// What a fault follows from that no open change of the plan mends; nothing if it is a cause itself.
    pub(super) fn root(&self, fault: &InstanceFault) -> Option<Root> {
        let Mend::Change { write } = &fault.mend else { return None };
        if self.plan.mender(write).is_some_and(Change::is_open) {
            return None;
        }
        let causes = Causes::of_faults(&self.binding, &self.plan, std::slice::from_ref(fault), &NextRun::NotAsked);
        let mut roots = causes.into_iter().filter(|cause| cause.reason.code != fault.reason.code);
        roots.next().map(|Cause { reason, remedy, .. }| Root { reason, remedy })
    }
}

/// The first line: the verdict.
pub(crate) fn headline(diagnosis: &Diagnosis) -> String {
    let Diagnosis { binding, instance, explanation, .. } = diagnosis;
    format!("{}: {} is {}", binding.name, named(instance, binding), word(explanation))
}

/// `i-ecs1 (192.168.7.10:80, ECS1)`.
pub(super) fn named(instance: &Instance, binding: &Binding) -> String {
    let name = if instance.name.is_empty() || instance.name == instance.id.as_str() {
        String::new()
    } else {
        format!(", {}", instance.name)
    };
    format!("{} ({}{name})", instance.id, endpoint(instance, binding))
}

/// Address and port of an instance.
fn endpoint(instance: &Instance, binding: &Binding) -> String {
    let port = binding.server_group.port;
    instance.address.map_or_else(|| "no address".to_owned(), |address| format!("{address}:{port}"))
}

/// The faults, each once: those of the way first, in the order in which packets meet them, because a member's fault follows from them.
pub(crate) fn faults(explanation: &Explanation) -> Vec<&Fault> {
    let ways = [&explanation.forward, &explanation.back].into_iter().chain(&explanation.also);
    let mut faults: Vec<&Fault> = Vec::new();
    for fault in ways.filter_map(|way| way.fault.as_ref()) {
        if !faults.iter().any(|seen| seen.reason == fault.reason) {
            faults.push(fault);
        }
    }
    faults.extend(front(explanation).filter(|fault| !follows(explanation, fault)));
    faults
}

/// A member's fault that follows from one of the way.
pub(super) fn consequence(explanation: &Explanation) -> Option<&Fault> {
    front(explanation).filter(|fault| follows(explanation, fault))
}

fn front(explanation: &Explanation) -> Option<&Fault> {
    explanation.front.as_ref()?.fault.as_ref()
}

/// While the way has a fault, an instance is not registered, and a member is not healthy: neither is a cause.
fn follows(explanation: &Explanation, fault: &Fault) -> bool {
    explanation.verdict != Verdict::Reachable && matches!(fault.reason.code, Code::Unhealthy | Code::NotMember)
}

/// What is so of requests for the instance, in words.
fn word(explanation: &Explanation) -> String {
    // A member's health follows from a fault of its way, which is what the line is about.
    let is_health = consequence(explanation).is_some_and(|fault| fault.reason.code == Code::Unhealthy);
    match if is_health { &explanation.verdict } else { &explanation.served } {
        Verdict::Ambiguous(_) if !explanation.lost_ports.is_empty() => {
            let ports: Vec<String> = explanation.lost_ports.iter().map(ToString::to_string).collect();
            format!("not reachable on port {}", ports.join(" and "))
        }
        // Its way is open, and the load balancer sends to it if it finds nobody healthy.
        Verdict::Unreachable(reason) if reason.code == Code::Unhealthy => "reachable, but not healthy".to_owned(),
        served => verdict(explanation, served).1.to_owned(),
    }
}

pub(super) const fn verdict(explanation: &Explanation, verdict: &Verdict) -> (Style, &'static str) {
    match verdict {
        Verdict::Ambiguous(_) if explanation.some_ports => (Style::Bad, "reachable from some of the ALB's ports only"),
        Verdict::Reachable => (Style::Good, "reachable"),
        Verdict::Unreachable(_) => (Style::Bad, "not reachable"),
        Verdict::Ambiguous(_) => (Style::Bad, "reachable from some of the ALB's addresses only"),
        Verdict::Undetermined(_) => (Style::Bad, "not known to be reachable"),
    }
}
