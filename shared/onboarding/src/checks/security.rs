//! Security groups: room for more rules, and who else is let in.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::{Finding, Target};
use crate::ids::{InstanceId, SecurityGroupId};
use crate::plan::Inputs;
use crate::reason::{Code, Reason};
use crate::topology::{RuleSource, SecurityGroup};
use crate::wanted::{self, Wants};

/// Ingress rules that a group holds (cloud-apis.md section 11, the older and lower of two published numbers).
const RULES_PER_GROUP: usize = 200;

pub(super) fn check(inputs: &Inputs<'_>, wants: &Wants, findings: &mut Vec<Finding>) {
    let Inputs { binding, topology, .. } = *inputs;
    let wanted_instances: BTreeSet<&InstanceId> =
        wanted::selected(binding, topology).map(|(_, instance)| &instance.id).collect();
    let mut groups: BTreeMap<&SecurityGroupId, &SecurityGroup> = BTreeMap::new();
    for (_, instance) in wanted::selected(binding, topology) {
        if let Some(group) = wanted::group_for_rules(topology, instance) {
            groups.insert(&group.id, group);
        }
    }
    for (id, group) in groups {
        findings.extend(quota(inputs, wants, group));
        let all = topology.instances.values().filter_map(|known| known.get()).flatten();
        let others = all.filter(|one| one.security_groups.contains(id) && !wanted_instances.contains(&one.id));
        let others: BTreeSet<_> = others.map(|instance| &instance.id).collect();
        if let Some(first) = others.first() {
            let more = match others.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let message = format!("{first}{more} in {id} are no backends of {}.", binding.name);
            findings.push(Finding::new(Reason::new(Code::GroupShared, id, message), Vec::new()));
        }
    }
}

/// Rules that the binding wants and the group lacks, and the room for them. An older rule of ours that is on its way out
/// still takes its place.
fn quota(inputs: &Inputs<'_>, wants: &Wants, group: &SecurityGroup) -> Option<Finding> {
    let of_group = wants.rules.iter().filter(|(id, _)| id == &group.id);
    let missing = of_group
        .filter(|(_, wish)| {
            let same = |have: &crate::topology::SecurityRule| {
                have.accept
                    && have.source == RuleSource::Cidr(wish.source)
                    && have.ports == Some((wish.port, wish.port))
                    && (have.priority == wish.priority || inputs.deployment.binding_of(&have.description).is_none())
            };
            !group.rules.iter().any(same)
        })
        .count();
    if missing == 0 || group.rules.len() + missing <= RULES_PER_GROUP {
        return None;
    }
    let message =
        format!("{} has {} of {RULES_PER_GROUP} rules; {missing} more are wanted.", group.id, group.rules.len());
    Some(Finding::new(Reason::new(Code::RuleQuota, &group.id, message), vec![Target::Rules(group.id.clone())]))
}
