//! The selection: a selector that matches no instance is reported, with instances that nearly match.
//!
//! Billed resources are then not created: the attachment waits, and shared resources wait unless another backend needs them
//! (`plan::obstacles`). `connectAhead` in the binding overrides this.

use std::collections::BTreeSet;

use crate::binding::Backend;
use crate::checks::finding::Finding;
use crate::checks::target::Target;
use crate::desired;
use crate::ids::{InstanceId, VpcId};
use crate::inputs::Inputs;
use crate::ordered::Ordered;
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
        let blocks = if binding.cen.connect_ahead { Vec::new() } else { attach() };
        let none = none_selected(inputs, &backend.vpc).map(|reason| Finding::new(reason, blocks));
        findings.extend(none.or_else(|| Some(Finding::new(lost(inputs, backend)?, Vec::new()))));
    }
}

/// That no instance of a VPC with backends has the tags. Members without them are named, and what keeps them.
pub(crate) fn none_selected(inputs: &Inputs<'_>, vpc: &VpcId) -> Option<Reason> {
    let Inputs { binding, topology, .. } = *inputs;
    let backend = binding.backends.iter().find(|backend| &backend.vpc == vpc)?;
    let instances = topology.instances.get(vpc)?.get()?;
    if desired::selected(binding, topology).any(|(of, _)| &of.vpc == vpc) {
        return None;
    }
    let (tags, members) = (tags(backend), leavers(inputs, backend));
    let misses = near_misses(inputs, backend, instances);
    let leave = named(&members).map(|named| format!(" So what serves there is to leave: {named}.")).unwrap_or_default();
    let message = format!("No instance of {vpc} in {} has {tags}{misses}.{leave}", backend.region);
    Some(Reason::new(Code::NoneSelected, vpc, message).advising(advice(&members, &tags)))
}

/// Members whose instances lack the tags that others of their VPC have: they leave, and nothing is wrong if that is meant.
fn lost(inputs: &Inputs<'_>, backend: &Backend) -> Option<Reason> {
    let (tags, members) = (tags(backend), leavers(inputs, backend));
    let named = named(&members)?;
    let mut misses: Vec<_> = members.iter().map(|instance| near(backend, instance)).collect();
    misses.dedup();
    let one = members.len() == 1;
    let has = match misses.as_slice() {
        [Some(near)] => format!("{} {near}, not {tags}", if one { "has" } else { "have" }),
        _ => format!("{} {tags}", if one { "lacks" } else { "lack" }),
    };
    let message = format!("{named} {has}: no run keeps a member without it.");
    Some(Reason::new(Code::NotSelected, &backend.vpc, message).advising(advice(&members, &tags)))
}

/// What to do about members that leave for their tags, if that is not meant.
fn advice(members: &[&Instance], tags: &str) -> Option<String> {
    let named = named(members)?;
    Some(format!("Unless that is meant, give {named} {tags} (TagResources), or correct select.tags in the binding."))
}

/// Members of this binding whose instances are in a backend's VPC, without its tags.
fn leavers<'a>(inputs: &Inputs<'a>, backend: &Backend) -> Vec<&'a Instance> {
    let Inputs { binding, topology, deployment, .. } = *inputs;
    let servers = topology.servers.get().into_iter().flatten();
    let members: BTreeSet<InstanceId> =
        servers.filter_map(|server| Some(deployment.read_member(&binding.name, &server.description)?.0)).ordered();
    let selects = |instance: &Instance| {
        let mut backends = binding.backends.iter().filter(|of| of.vpc == backend.vpc);
        backends.any(|of| of.select.matches(&instance.tags))
    };
    let instances = topology.instances.get(&backend.vpc).and_then(Known::get).into_iter().flatten();
    instances.filter(|instance| members.contains(&instance.id) && !selects(instance)).collect()
}

/// `i-1, i-2 and 3 more`; nothing if there are none.
fn named(instances: &[&Instance]) -> Option<String> {
    let first: Vec<&str> = instances.iter().take(NAMED).map(|instance| instance.id.as_str()).collect();
    let more = match instances.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!first.is_empty()).then(|| format!("{}{more}", first.join(", ")))
}

fn tags(backend: &Backend) -> String {
    let tags: Vec<String> = backend.select.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    tags.join(" and ")
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
        desired::selected(binding, topology).map(|(_, instance)| &instance.id).ordered();
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
