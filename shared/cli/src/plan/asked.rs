//! Whether the instance that `--target` names is one that anybody knows.

use std::collections::BTreeSet;

use onboarding::ids::InstanceId;
use onboarding::{Binding, Deployment, Known, desired};

use super::seen::Seen;
use crate::focus::Focus;
use crate::output::CliError;

/// The most instances that an error names.
const NAMED: usize = 10;

/// Refuses an instance that none of these bindings knows, and names those that there are. Where instances could not be read, any may be
/// there.
pub(crate) fn check<'a>(
    focus: &Focus,
    deployment: &Deployment,
    seen: impl Iterator<Item = (&'a Binding, &'a Seen)>,
) -> Result<(), CliError> {
    let Focus::Instance(id) = focus else { return Ok(()) };
    let mut there: BTreeSet<&InstanceId> = BTreeSet::new();
    for (binding, Seen { topology, plan, .. }) in seen {
        let mut listed = topology.instances.values().filter_map(Known::get).flatten();
        let servers = topology.servers.get().into_iter().flatten();
        let mut marked = servers.filter_map(|server| deployment.read_member(&binding.name, &server.description));
        if topology.instances.values().any(|instances| instances.get().is_none())
            || listed.any(|instance| instance.id == *id)
            || marked.any(|(instance, _)| instance == *id)
            || plan.changes.iter().any(|change| focus.holds(change))
        {
            return Ok(());
        }
        there.extend(desired::selected(binding, topology).map(|(_, instance)| &instance.id));
    }
    let named: Vec<&str> = there.iter().take(NAMED).map(|id| id.as_str()).collect();
    let there = match (named.as_slice(), there.len() - named.len()) {
        ([], _) => "no instance has the tags of the bindings".to_owned(),
        (named, 0) => format!("those with the tags are {}", named.join(", ")),
        (named, more) => format!("those with the tags are {} and {more} more", named.join(", ")),
    };
    Err(CliError::Usage(format!("There is no instance {id}: {there}.")))
}
