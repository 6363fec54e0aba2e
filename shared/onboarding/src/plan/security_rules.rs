//! Step 7: the backends' security groups accept the ALB's source prefixes on the service and health check ports.
//!
//! The rules of all security groups of an interface apply together: by priority, and at equal priority a drop wins
//! (cloud-apis.md, section 11).

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;

use crate::change::{Change, DesiredRule, StageName, Write};
use crate::desired::{self, Desired};
use crate::ids::SecurityGroupId;
use crate::inputs::Inputs;
use crate::plan::Plan;
use crate::reason::{Code, Reason};
use crate::topology::{Instance, RuleSource, SecurityGroup, SecurityRule, Topology, Unknown};

const STAGE: StageName = StageName::SecurityRules;

pub(super) fn plan(inputs: &Inputs<'_>, desired: &Desired, plan: &mut Plan) {
    let Inputs { binding, topology, .. } = *inputs;
    let mut missing: BTreeMap<SecurityGroupId, BTreeSet<DesiredRule>> = BTreeMap::new();
    let mut shadows = BTreeSet::new();
    for (backend, instance) in desired::selected(binding, topology) {
        let groups = match groups(topology, instance) {
            Ok(groups) => groups,
            Err(reason) => {
                plan.find(reason);
                continue;
            }
        };
        let Some(target) = desired::group_for_rules(topology, instance) else {
            let names: Vec<_> = groups.iter().map(|group| group.id.to_string()).collect();
            let what = format!(
                "{} in {} has only security groups that a service manages: {}.",
                instance.id,
                backend.vpc,
                names.join(", ")
            );
            plan.find(Reason::new(Code::GroupManaged, &instance.id, what));
            continue;
        };
        for (_, rule) in desired.rules.iter().filter(|(group, _)| group == &target.id) {
            let accepted = accepting_priority(inputs, &groups, rule);
            if let Some(drop) = shadow(topology, &groups, rule, accepted) {
                // A new rule has no effect while the drop exists, and would only hide the cause.
                shadows.insert(drop);
            } else if accepted.is_none() {
                missing.entry(target.id.clone()).or_default().insert(rule.clone());
            }
        }
    }
    for reason in shadows {
        plan.find(reason);
    }
    for (group, rules) in missing {
        let Some(known) = topology.security_group(&group) else { continue };
        let region = known.region.clone();
        let rules = rules.into_iter().collect();
        plan.changes.push(Change::new(STAGE, Write::AllowIngress { region, group, rules }));
    }
}

fn groups<'a>(topology: &'a Topology, instance: &Instance) -> Result<Vec<&'a SecurityGroup>, Reason> {
    let mut groups = Vec::new();
    for id in &instance.security_groups {
        let known = topology.security_groups.get(id);
        match known.and_then(|known| known.get()) {
            Some(Some(group)) => groups.push(group),
            Some(None) => {
                return Err(Reason::new(Code::GroupMissing, id, format!("Security group {id} does not exist.")));
            }
            None => {
                let why = Unknown::of(known).unwrap_or_default();
                return Err(why.reason(id, format!("Security group {id} could not be read: {why}.")));
            }
        }
    }
    Ok(groups)
}

/// The first drop rule that takes precedence over the accepting rule, or over the rule to be added.
fn shadow(
    topology: &Topology,
    groups: &[&SecurityGroup],
    wanted: &DesiredRule,
    accepted: Option<u8>,
) -> Option<Reason> {
    let before = accepted.unwrap_or(wanted.priority);
    let rules = groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
    let mut drops = rules.filter(|(_, rule)| !rule.accept && rule.priority <= before);
    let (group, rule) = drops.find(|(_, rule)| touches(topology, rule, wanted))?;
    let message = format!(
        "Rule {} of {} drops {} to port {}, at priority {}.",
        rule.id, group.id, wanted.source, wanted.port, rule.priority
    );
    Some(Reason::new(Code::RuleShadowed, &rule.id, message))
}

/// The best priority at which one rule accepts the whole source prefix. Of our own rules only an exact match counts: a
/// wider one, or one with another priority, may be about to be removed, and must not prevent its replacement.
fn accepting_priority(inputs: &Inputs<'_>, groups: &[&SecurityGroup], wanted: &DesiredRule) -> Option<u8> {
    let rules = groups.iter().flat_map(|group| &group.rules);
    let accepting = rules.filter(|rule| rule.accept && applies(rule, wanted));
    let counts = |rule: &&SecurityRule| {
        inputs.deployment.binding_of(&rule.description).is_none()
            || (rule.source == RuleSource::Cidr(wanted.source)
                && rule.ports == Some((wanted.port, wanted.port))
                && rule.priority == wanted.priority)
    };
    let covers =
        |rule: &&SecurityRule| prefixes(inputs.topology, rule).iter().any(|prefix| prefix.contains(&wanted.source));
    accepting.filter(counts).filter(covers).map(|rule| rule.priority).min()
}

fn touches(topology: &Topology, rule: &SecurityRule, wanted: &DesiredRule) -> bool {
    let overlaps = |prefix: &Ipv4Net| prefix.contains(&wanted.source) || wanted.source.contains(prefix);
    applies(rule, wanted) && prefixes(topology, rule).iter().any(overlaps)
}

fn applies(rule: &SecurityRule, wanted: &DesiredRule) -> bool {
    let protocol = rule.protocol.eq_ignore_ascii_case("TCP") || rule.protocol.eq_ignore_ascii_case("ALL");
    protocol && rule.ports.is_none_or(|(first, last)| (first..=last).contains(&wanted.port))
}

fn prefixes<'a>(topology: &'a Topology, rule: &'a SecurityRule) -> &'a [Ipv4Net] {
    match &rule.source {
        RuleSource::Cidr(prefix) => std::slice::from_ref(prefix),
        RuleSource::PrefixList(id) => {
            topology.prefix_lists.get(id).and_then(|list| list.get()).map_or(&[], Vec::as_slice)
        }
        RuleSource::Group(_) | RuleSource::Other(_) => &[],
    }
}
