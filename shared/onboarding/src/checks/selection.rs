//! The selection: a selector that matches no instance is reported, with instances that nearly match.
//!
//! Billed resources are then not created: the attachment waits, and shared resources wait unless another backend needs them
//! (`plan::obstacles`). `connectAhead` in the binding overrides this.

use std::collections::BTreeSet;

use crate::binding::Backend;
use crate::checks::finding::Finding;
use crate::checks::target::Target;
use crate::desired;
use crate::ids::InstanceId;
use crate::inputs::Inputs;
use crate::reason::{Code, Reason};
use crate::topology::{Instance, Known, LoadBalancer};

/// The most near misses in a message.
const NAMED: usize = 3;

pub(super) fn check(inputs: &Inputs<'_>, load_balancer: &LoadBalancer, findings: &mut Vec<Finding>) {
    let Inputs { binding, topology, .. } = *inputs;
    for backend in binding.backends.iter().filter(|backend| backend.vpc != load_balancer.vpc) {
        let Some(known) = topology.instances.get(&backend.vpc) else { continue };
        let attach = || vec![Target::Attach(backend.vpc.clone())];
        findings.extend(Finding::unread(&format!("the instances of {}", backend.vpc), known, attach()));
        let Some(instances) = known.get() else { continue };
        if desired::selected(binding, topology).any(|(of, _)| of.vpc == backend.vpc) {
            continue;
        }
        let tags: Vec<String> = backend.select.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let message = format!(
            "No instance of {} in {} has {}{}.",
            backend.vpc,
            backend.region,
            tags.join(" and "),
            near_misses(inputs, backend, instances)
        );
        let blocks = if binding.cen.connect_ahead { Vec::new() } else { attach() };
        findings.push(Finding::new(Reason::new(Code::NoneSelected, &backend.vpc, message), blocks));
    }
}

/// Near misses as the end of a sentence: different case, different value, or the same tags in another VPC.
fn near_misses(inputs: &Inputs<'_>, backend: &Backend, instances: &[Instance]) -> String {
    let mut misses: Vec<String> = instances
        .iter()
        .filter_map(|instance| Some(format!("{} has {}", instance.id, near(backend, instance)?)))
        .collect();
    let Inputs { binding, topology, .. } = *inputs;
    // What another backend of the binding selects is where it belongs.
    let selected: BTreeSet<&InstanceId> =
        desired::selected(binding, topology).map(|(_, instance)| &instance.id).collect();
    let elsewhere = topology.context.elsewhere.get(&backend.vpc).and_then(Known::get).into_iter().flatten();
    let elsewhere = elsewhere.filter(|found| !selected.contains(&found.instance));
    misses.extend(elsewhere.map(|found| format!("{} has them in {} ({})", found.instance, found.vpc, found.region)));
    if misses.is_empty() {
        return String::new();
    }
    let more = misses.len().saturating_sub(NAMED);
    misses.truncate(NAMED);
    let more = if more > 0 { format!(", and {more} more come near") } else { String::new() };
    format!(": {}{more}", misses.join(", "))
}

/// How an instance's tags nearly match: each selected key exists, but in a different case or with a different value.
fn near(backend: &Backend, instance: &Instance) -> Option<String> {
    let mut parts = Vec::new();
    for (key, value) in &backend.select.tags {
        let found = instance.tags.iter().find(|(have, _)| *have == key);
        let found = found.or_else(|| instance.tags.iter().find(|(have, _)| have.to_lowercase() == key.to_lowercase()));
        let (have, holds) = found?;
        if (have, holds) != (key, value) {
            parts.push(format!("{have}={holds}"));
        }
    }
    (!parts.is_empty()).then(|| parts.join(" and "))
}
