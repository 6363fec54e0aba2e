//! `albridge explain BINDING`: every instance that serves or should, grouped by the way that its packets take, and then the causes.

use std::collections::{BTreeMap, BTreeSet};

use onboarding::ids::{InstanceId, SecurityGroupId, VSwitchId, VpcId};
use onboarding::topology::{Instance, InstanceStatus};
use onboarding::words::counted;
use onboarding::{Binding, Store, Topology, desired};
use serde_json::json;
use stage::Host;

use crate::causes::{self, About};
use crate::output::{CliError, Console, Exit, Line, Style, Text};
use crate::plan::{self, Seen};
use crate::unread;

/// The most instances that one line names.
const NAMED: usize = 8;

/// What decides about a way: instances that have it in common have the same hops.
type Way = (VpcId, VSwitchId, Vec<SecurityGroupId>);

/// Explains every instance of a binding.
pub(super) async fn explain(host: &Host, store: &Store, binding: &Binding, console: Console) -> Result<Exit, CliError> {
    let seen = plan::see(host, store, &binding.name, false, About::State).await?;
    let kept: BTreeSet<InstanceId> =
        seen.causes.causes.iter().flat_map(|cause| &cause.instances).map(|kept| kept.id.clone()).collect();
    let ways = ways(binding, &seen.topology);
    console.print(text(binding, &seen, &ways, &kept));
    let groups: Vec<_> = ways
        .iter()
        .map(|((vpc, vswitch, groups), instances)| {
            let (not, served): (Vec<&InstanceId>, Vec<&InstanceId>) =
                instances.iter().map(|instance| &instance.id).partition(|id| kept.contains(*id));
            json!({"vpc": vpc, "vswitch": vswitch, "securityGroups": groups, "served": served, "notServed": not})
        })
        .collect();
    console.print_json(&json!({"event": "ways", "binding": binding.name, "ways": groups, "causes": seen.causes.causes,
                         "unread": seen.topology.unread}));
    let exit = if seen.topology.unread.is_empty() { Exit::pending(!kept.is_empty()) } else { Exit::Failed };
    Ok(console.finish(exit, json!({"notServed": kept.len()})))
}

fn ways<'t>(binding: &'t Binding, topology: &'t Topology) -> BTreeMap<Way, Vec<&'t Instance>> {
    let mut ways: BTreeMap<Way, Vec<&Instance>> = BTreeMap::new();
    let members: BTreeSet<_> = topology.servers.get().into_iter().flatten().map(|server| server.address).collect();
    for (_, instance) in desired::selected(binding, topology) {
        let is_member = instance.address.is_some_and(|address| members.contains(&address));
        if instance.status == InstanceStatus::Running || is_member {
            let way = (instance.vpc.clone(), instance.vswitch.clone(), instance.security_groups.clone());
            ways.entry(way).or_default().push(instance);
        }
    }
    ways
}

fn text(binding: &Binding, seen: &Seen, ways: &BTreeMap<Way, Vec<&Instance>>, kept: &BTreeSet<InstanceId>) -> Text {
    let mut text = unread::lines(&seen.topology.unread, "");
    let count: usize = ways.values().map(Vec::len).sum();
    let style = if kept.is_empty() { Style::Good } else { Style::Bad };
    let served = count.saturating_sub(kept.len());
    text.line(Line::styled(
        style,
        format!("{}: {served} of {} can be served", binding.name, counted(count, "instance")),
    ));
    text.extend(causes::lines(&seen.causes, &seen.plan, "  "));
    for ((vpc, vswitch, groups), instances) in ways {
        let groups: Vec<&str> = groups.iter().map(SecurityGroupId::as_str).collect();
        text.line(Line::new("  ").then_styled(Style::Strong, format!("{vswitch} of {vpc}, {}", groups.join(" and "))));
        let (not, served): (Vec<&Instance>, Vec<&Instance>) =
            instances.iter().copied().partition(|instance| kept.contains(&instance.id));
        for (word, style, some) in [("not served", Style::Bad, not), ("served", Style::Good, served)] {
            if !some.is_empty() {
                text.line(
                    Line::new("    ").then_styled(style, format!("{word:<10}")).then(format!("  {}", names(&some))),
                );
            }
        }
    }
    text
}

/// `i-1, i-2 and 4 more`.
fn names(instances: &[&Instance]) -> String {
    let named: Vec<&str> = instances.iter().take(NAMED).map(|instance| instance.id.as_str()).collect();
    match instances.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
