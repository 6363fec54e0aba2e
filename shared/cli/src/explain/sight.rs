//! What one explanation is made from, and the sentences about it as a whole.

use onboarding::ids::VpcId;
use onboarding::plan::Verdict;
use onboarding::topology::{Instance, Topology};
use onboarding::{Binding, Deployment, Plan};
use reachability::{Explanation, Fault};

use crate::output::Tone;

/// An instance, what was seen around it, and what became of packets for it.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    /// Whose marks count as ours.
    pub(crate) deployment: Deployment,
    /// For whom it is explained.
    pub(crate) binding: Binding,
    /// What was seen.
    pub(crate) topology: Topology,
    /// What would be changed.
    pub(crate) plan: Plan,
    /// Whom packets are for, at the address asked about.
    pub(crate) instance: Instance,
    /// Whether the binding's tags select it.
    pub(crate) selected: bool,
    /// What became of them.
    pub(crate) explanation: Explanation,
}

impl Sight {
    /// Where packets come from.
    pub(crate) fn balancer_vpc(&self) -> Option<&VpcId> {
        self.topology.alb().map(|load_balancer| &load_balancer.vpc)
    }

    /// Address and port, as far as there are any.
    pub(crate) fn endpoint(&self) -> String {
        let port = self.binding.server_group.port;
        self.instance.address.map_or_else(|| "no address".to_owned(), |address| format!("{address}:{port}"))
    }
}

/// What is to be said first.
pub(crate) fn headline(sight: &Sight) -> String {
    let (_, word) = verdict(&sight.explanation.served);
    let name = if sight.instance.name.is_empty() || sight.instance.name == sight.instance.id.as_str() {
        String::new()
    } else {
        format!(", {}", sight.instance.name)
    };
    format!("{}: {} ({}{name}) is {word}", sight.binding.name, sight.instance.id, sight.endpoint())
}

/// The faults, in the order in which packets meet them, each once.
pub(crate) fn faults(explanation: &Explanation) -> Vec<&Fault> {
    let ways = explanation.front.iter().chain([&explanation.forward, &explanation.back]);
    let mut faults: Vec<&Fault> = Vec::new();
    for fault in ways.filter_map(|way| way.fault.as_ref()) {
        if !faults.iter().any(|seen| seen.reason == fault.reason) {
            faults.push(fault);
        }
    }
    faults
}

pub(super) const fn verdict(verdict: &Verdict) -> (Tone, &'static str) {
    match verdict {
        Verdict::Reachable => (Tone::Good, "reachable"),
        Verdict::Unreachable(_) => (Tone::Bad, "not reachable"),
        Verdict::Ambiguous(_) => (Tone::Bad, "reachable from some of the ALB's addresses only"),
        Verdict::Undetermined(_) => (Tone::Bad, "not to be told"),
    }
}
