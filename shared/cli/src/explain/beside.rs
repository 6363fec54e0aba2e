//! What else concerns an instance: causes of its binding that are no faults of its own way, and what keeps a way from being looked at.

use onboarding::causes::{Cause, Causes, InstanceFault, Kept, NextRun, key};
use onboarding::inputs::Verdict;
use onboarding::topology::{Instance, Known, Topology};
use onboarding::{Binding, Deployment, Plan, Reason, Store};
use serde_json::json;

use super::diagnosis::{self, Diagnosis};
use crate::args::Shape;
use crate::causes::{self, About};
use crate::output::{Console, Exit, Line, Style, Text, event};

/// The causes of the binding that concern the instance, or everything, and that its own faults do not say.
pub(super) fn of(store: &Store, diagnosis: &Diagnosis) -> Causes {
    let Diagnosis { deployment, binding, topology, plan, .. } = diagnosis;
    let mut causes = causes::of(store, binding, deployment, topology, plan, About::State, NextRun::NotAsked);
    let said = said(diagnosis);
    // One cause may stand for what several instances have.
    let is_said =
        |cause: &Cause| cause.apart().iter().any(|each| said.iter().any(|said| key(said) == key(&each.reason)));
    causes.causes.retain(|cause| concerns(cause, &diagnosis.instance, binding, topology) && !is_said(cause));
    causes
}

/// What the faults of the instance say: themselves, and what they follow from.
fn said(diagnosis: &Diagnosis) -> Vec<Reason> {
    let faults: Vec<_> = diagnosis::faults(&diagnosis.explanation)
        .into_iter()
        .chain(diagnosis::consequence(&diagnosis.explanation))
        .collect();
    let told: Vec<InstanceFault> = faults.iter().filter_map(|fault| diagnosis.told(fault)).collect();
    let roots = Causes::of_faults(&diagnosis.binding, &diagnosis.plan, &told, &NextRun::NotAsked);
    faults.into_iter().map(|fault| fault.reason.clone()).chain(roots.into_iter().map(|root| root.reason)).collect()
}

/// Whether a cause is about the instance at the address that is asked about, or about no instance in particular.
fn concerns(cause: &Cause, instance: &Instance, binding: &Binding, topology: &Topology) -> bool {
    let listed = topology.instances.values().filter_map(Known::get).flatten();
    let primary = listed.into_iter().find(|listed| listed.id == instance.id).and_then(|listed| listed.address);
    let is_it = |kept: &Kept| {
        kept.id == instance.id
            && kept.address.or(primary) == instance.address
            && kept.port.is_none_or(|port| binding.server_group.ports().contains(&port))
    };
    cause.instances.is_empty() || cause.instances.iter().any(is_it)
}

/// The lines about them, below those of the instance.
pub(super) fn text(diagnosis: &Diagnosis, causes: &Causes, shape: Shape) -> Text {
    let mut text = Text::default();
    if !causes.is_empty() {
        text.line("");
        text.line(Line::new("  ").then_styled(Style::Strong, format!("also wrong with {}", diagnosis.binding.name)));
        text.extend(causes::lines(causes, &diagnosis.plan, "  ", shape.all));
    }
    text
}

/// An instance that no way leads to, because there is no load balancer.
pub(super) struct NoWay {
    pub(super) binding: Binding,
    pub(super) topology: Topology,
    pub(super) plan: Plan,
    pub(super) instance: Instance,
    /// That there is none.
    pub(super) reason: Reason,
}

impl NoWay {
    pub(super) fn show(&self, store: &Store, deployment: &Deployment, shape: Shape, console: Console) -> Exit {
        let Self { binding, topology, plan, instance, .. } = self;
        let mut causes = causes::of(store, binding, deployment, topology, plan, About::State, NextRun::NotAsked);
        causes.causes.retain(|cause| concerns(cause, instance, binding, topology));
        let named = diagnosis::named(instance, binding);
        let mut text = Text::from(Line::styled(Style::Bad, format!("{}: {named} is not reachable", binding.name)));
        text.extend(causes::lines(&causes, plan, "  ", shape.all));
        console.print(text);
        let fields = json!({
            "binding": binding.name, "instance": instance.id, "address": instance.address,
            "port": binding.server_group.port, "unread": topology.unread, "causes": causes.causes
        });
        console.print_json(&event("explanation", &fields));
        console.print_document(Exit::Pending, || fields);
        console.finish(Exit::Pending, json!({"verdict": Verdict::Unreachable(self.reason.clone())}))
    }
}
