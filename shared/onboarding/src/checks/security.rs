//! Security groups: the quota of rules, and other instances in the group.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::finding::Finding;
use crate::checks::target::Target;
use crate::desired::{self, Desired};
use crate::ids::{InstanceId, SecurityGroupId};
use crate::inputs::Inputs;
use crate::ordered::Ordered;
use crate::reason::{Code, Reason};
use crate::topology::{RuleSource, SecurityGroup};

/// The most ingress rules of a group (cloud-apis.md section 11, the older and lower of two published numbers).
const RULES_PER_GROUP: usize = 200;

pub(super) fn check(inputs: &Inputs<'_>, desired: &Desired, findings: &mut Vec<Finding>) {
    let Inputs { binding, topology, .. } = *inputs;
    let wanted_instances: BTreeSet<&InstanceId> =
        desired::selected(binding, topology).map(|(_, instance)| &instance.id).ordered();
    let mut groups: BTreeMap<&SecurityGroupId, &SecurityGroup> = BTreeMap::new();
    for (_, instance) in desired::selected(binding, topology) {
        if let Some(group) = desired::group_for_rules(topology, instance) {
            groups.insert(&group.id, group);
        }
    }
    for (id, group) in groups {
        findings.extend(quota(inputs, desired, group));
        let all = topology.instances.values().filter_map(|known| known.get()).flatten();
        let others = all.filter(|one| one.security_groups.contains(id) && !wanted_instances.contains(&one.id));
        let others: BTreeSet<_> = others.map(|instance| &instance.id).ordered();
        if let Some(first) = others.first() {
            let more = match others.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let are = match others.len() {
                1 => "is no backend",
                _ => "are no backends",
            };
            let message = format!("{first}{more} in {id} {are} of {}.", binding.name);
            findings.push(Finding::new(Reason::new(Code::GroupShared, id, message), Vec::new()));
        }
    }
}

/// Whether the rules that the binding wants and the group lacks fit into the quota. An older rule of ours that will be
/// removed still counts.
fn quota(inputs: &Inputs<'_>, desired: &Desired, group: &SecurityGroup) -> Option<Finding> {
    let of_group = desired.rules.iter().filter(|(id, _)| id == &group.id);
    let missing = of_group
        .filter(|(_, wanted)| {
            let same = |have: &crate::topology::SecurityRule| {
                have.accept
                    && have.source == RuleSource::Cidr(wanted.source)
                    && have.ports == Some((wanted.port, wanted.port))
                    && (have.priority == wanted.priority || inputs.deployment.binding_of(&have.description).is_none())
            };
            !group.rules.iter().any(same)
        })
        .count();
    if missing == 0 || group.rules.len() + missing <= RULES_PER_GROUP {
        return None;
    }
    let message = format!(
        "{} has {} of {RULES_PER_GROUP} rules; {missing} more {} wanted.",
        group.id,
        group.rules.len(),
        crate::words::are(missing)
    );
    Some(Finding::new(Reason::new(Code::RuleQuota, &group.id, message), vec![Target::Rules(group.id.clone())]))
}
