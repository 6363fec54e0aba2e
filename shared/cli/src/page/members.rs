//! The members of a binding and who should be one, each with its health and its first fault, the faulty ones first.

use std::collections::{BTreeMap, BTreeSet};

use onboarding::causes::{InstanceFault, Mend};
use onboarding::desired;
use onboarding::ids::InstanceId;
use onboarding::mark::MemberState;
use onboarding::topology::{Endpoint, Instance, InstanceStatus, Known};
use onboarding::words::counted;
use onboarding::{Deployment, Topology};
use reachability::Wish;

use super::html::{Html, tag};
use super::look::Sight;
use super::parts::{self, alarm, code, link, sentence, signed, table};
use super::place::Place;
use crate::status::{Look, Member, MemberHealth, Members};

/// Rows of members without a fault before the rest is folded.
const SHOWN: usize = 30;

/// A member, or an instance that should be one.
struct Row<'a> {
    id: Option<&'a InstanceId>,
    name: &'a str,
    /// Where it is served, or would be.
    endpoint: Option<Endpoint>,
    weight: Option<u32>,
    instance: Option<&'a Instance>,
    fault: Option<&'a InstanceFault>,
    health: Health,
}

/// What the load balancer says of a member, in the order in which members are shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    /// With its status and reason.
    Ill(String),
    /// It serves, and it is not known how.
    NotKnown,
    /// It is no member.
    Outside(String),
    /// It leaves.
    Leaves(&'static str),
    /// Nobody checks it.
    Unchecked,
    /// It is healthy.
    Well,
}

/// `2 of 3 healthy`, or that it is not known.
pub(super) fn summary(found: &Look) -> String {
    let members = &found.members;
    match (&members.listed, &members.unknown) {
        (Some(listed), None) => Members::healthy(listed),
        (Some(listed), Some(_)) if !listed.is_empty() => format!("{}, health not known", listed.len()),
        _ => "not known".to_owned(),
    }
}

/// Instances in the order of the table.
pub(super) fn in_order(deployment: &Deployment, sight: &Sight, found: &Look) -> Vec<InstanceId> {
    let faults = faults(deployment, sight, found);
    rows(sight, found, &faults).into_iter().filter_map(|row| row.instance).map(|instance| instance.id.clone()).collect()
}

/// The instance whose way is drawn if nobody asks for one: the first with a fault, else the first member.
pub(super) fn first(deployment: &Deployment, sight: &Sight, found: &Look) -> Option<InstanceId> {
    let faults = faults(deployment, sight, found);
    let rows = rows(sight, found, &faults);
    let mut shown = rows.iter().filter(|row| row.fault.is_some() || row.weight.is_some());
    shown.find_map(|row| row.instance).map(|instance| instance.id.clone())
}

fn faults(deployment: &Deployment, sight: &Sight, found: &Look) -> Vec<InstanceFault> {
    reachability::faults(&found.seen.topology, Wish { deployment, binding: &sight.binding })
}

/// The table.
pub(super) fn html(deployment: &Deployment, sight: &Sight, found: &Look, place: Place) -> Html {
    let faults = faults(deployment, sight, found);
    let members = rows(sight, found, &faults);
    let mut html = Html::default();
    if let Some(unknown) = found.members.unknown.as_ref().filter(|unknown| unknown.failed) {
        html.push(alarm("Members, or their health, are not known:", tag("p").add(unknown.why.as_str())));
    }
    if members.is_empty() {
        html.push(tag("p").add("No instance with the binding's tags was seen, and no member."));
        return html;
    }
    let faulty = members.iter().filter(|row| row.fault.is_some() || row.health <= Health::NotKnown).count();
    // A fault that many have is told once.
    let before = [None].into_iter().chain(members.iter().map(|row| row.fault.map(|fault| &fault.reason)));
    let told = members
        .iter()
        .zip(before)
        .map(|(row, before)| before.is_some() && row.fault.map(|fault| &fault.reason) == before);
    let mut rows: Vec<parts::Row> = members.iter().zip(told).map(|(row, told)| one(sight, row, told, place)).collect();
    let rest = rows.split_off(rows.len().min(faulty.max(SHOWN)));
    let name = &sight.binding.name;
    let headings = ["State", "Instance", "Address", "Weight", "Where", "First fault"];
    html.push(table(&format!("members-{name}"), "Members and instances with the tags", &headings, rows));
    if !rest.is_empty() {
        let more = format!("{} more, none of them faulty", rest.len());
        let folded = table(&format!("more-members-{name}"), &more, &headings, rest);
        html.push(tag("details").set("id", format!("fold-members-{name}")).add(tag("summary").add(more)).add(folded));
    }
    html
}

fn rows<'a>(sight: &'a Sight, found: &'a Look, faults: &'a [InstanceFault]) -> Vec<Row<'a>> {
    let binding = &sight.binding;
    let topology = &found.seen.topology;
    let instances = || topology.instances.values().filter_map(Known::get).flatten();
    let by_id: BTreeMap<&InstanceId, &Instance> = instances().map(|instance| (&instance.id, instance)).collect();
    let own = faults.iter().rev().filter(|fault| fault.address.is_none());
    let faults: BTreeMap<&InstanceId, &InstanceFault> =
        own.filter_map(|fault| Some((fault.instance.as_ref()?, fault))).collect();
    let listed = || found.members.listed.iter().flatten();
    let mut rows: Vec<Row<'a>> = listed()
        .map(|member| Row {
            id: member.instance.as_ref(),
            name: &member.name,
            endpoint: Some(member.endpoint),
            weight: Some(member.weight),
            instance: member.instance.as_ref().and_then(|id| by_id.get(id).copied()),
            fault: member.instance.as_ref().and_then(|id| faults.get(id).copied()),
            health: Health::of(member),
        })
        .collect();
    let members: BTreeSet<&InstanceId> = listed().filter_map(|member| member.instance.as_ref()).collect();
    let outside = desired::selected(binding, topology).map(|(_, instance)| instance);
    rows.extend(outside.filter(|instance| !members.contains(&instance.id)).map(|instance| {
        let health = match (&instance.status, &found.members.listed) {
            (_, None) => Health::NotKnown,
            (InstanceStatus::Running, _) => Health::Outside("not a member".to_owned()),
            (status, _) => Health::Outside(format!("{}, not a member", status.as_str().to_lowercase())),
        };
        Row {
            id: Some(&instance.id),
            name: &instance.name,
            endpoint: instance.address.map(|address| Endpoint { address, port: binding.server_group.port }),
            weight: None,
            instance: Some(instance),
            fault: faults.get(&instance.id).copied(),
            health,
        }
    }));
    rows.sort_by_cached_key(|row| (row.fault.is_none(), row.health.clone(), row.id.cloned(), row.endpoint));
    rows
}

impl Health {
    fn of(member: &Member) -> Self {
        match (member.state, &member.health) {
            (Some(MemberState::Draining(_)), _) => Self::Leaves("drains"),
            (Some(MemberState::Released(_)), _) => Self::Leaves("released"),
            (_, MemberHealth::Ill { status, reason }) => {
                let status = status.to_lowercase();
                Self::Ill(if reason.is_empty() { status } else { format!("{status}, {reason}") })
            }
            (_, MemberHealth::Unknown) => Self::NotKnown,
            (_, MemberHealth::Unchecked) => Self::Unchecked,
            (_, MemberHealth::Healthy) => Self::Well,
        }
    }
}

fn one(sight: &Sight, row: &Row<'_>, told: bool, place: Place) -> parts::Row {
    let state = match &row.health {
        Health::Ill(why) => signed("mark bad", "✕", why),
        Health::NotKnown => signed("mark warn", "?", "not known"),
        Health::Outside(what) if row.fault.is_some() => signed("mark bad", "✕", what),
        Health::Outside(what) => signed("mark busy", "–", what),
        Health::Leaves(how) => signed("mark busy", "…", how),
        Health::Unchecked if row.fault.is_some() => signed("mark bad", "✕", "not checked"),
        Health::Unchecked => signed("mark busy", "–", "not checked"),
        // A way that is broken comes before what the health checks have not seen yet.
        Health::Well if row.fault.is_some() => signed("mark bad", "✕", "healthy so far"),
        Health::Well => signed("mark good", "✓", "healthy"),
    };
    let instance = match row.id.map(InstanceId::as_str) {
        None => Html::from("of no instance that was seen"),
        Some(id) => {
            let way = place.way(&sight.binding.name, id).filter(|_| row.instance.is_some());
            let shown = match way {
                Some(way) => Html::from(link(&way, id).set("title", format!("the way to {id}"))),
                None => Html::from(id),
            };
            let name = Some(row.name).filter(|name| !name.is_empty() && *name != id);
            name.map_or_else(|| shown.clone(), |name| shown.clone().add(" ").add(tag("span").class("soft").add(name)))
        }
    };
    let address = row.endpoint.map_or_else(|| "no address".to_owned(), |endpoint| endpoint.to_string());
    let wanted = sight.binding.server_group.weight;
    let weight = match row.weight {
        None => Html::from("–"),
        Some(weight) if weight != wanted && !matches!(row.health, Health::Leaves(_)) => {
            Html::from(weight.to_string()).add(tag("span").class("soft").add(format!(", wanted {wanted}")))
        }
        Some(weight) => Html::from(weight.to_string()),
    };
    let at = row.instance.map_or_else(String::new, |instance| format!("{} in {}", instance.vswitch, instance.vpc));
    parts::row([state.into(), instance, address.into(), weight, at.into(), fault(row, told)])
}

fn fault(row: &Row<'_>, told: bool) -> Html {
    let Some(InstanceFault { reason, mend, .. }) = row.fault else { return Html::from("none") };
    if told {
        return Html::from(code(reason.code.as_str())).add(tag("span").class("soft").add(" as above"));
    }
    let told = Html::from(code(reason.code.as_str())).add(" ").add(sentence(&reason.message));
    match mend {
        Mend::Change { write } => told.add(tag("p").class("do").add(format!("It takes this change: {write}."))),
        Mend::Person { task } => told.add(tag("p").class("do").add("Do: ").add(sentence(task))),
        Mend::Removal { .. } => told.add(tag("p").class("do").add("It leaves the server group.")),
        Mend::Time { what } => told.add(tag("p").class("do").add(sentence(what))),
    }
}

/// `3 instances` that the binding's tags select.
pub(super) fn selected(sight: &Sight, topology: &Topology) -> String {
    counted(desired::selected(&sight.binding, topology).count(), "instance")
}
