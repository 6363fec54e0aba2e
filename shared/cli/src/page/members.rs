//! The members of a binding and who should be one, each with its health and its first fault, the faulty ones first.

use std::collections::BTreeMap;

use onboarding::causes::{InstanceFault, Mend};
use onboarding::desired;
use onboarding::ids::InstanceId;
use onboarding::mark::MemberState;
use onboarding::topology::{Endpoint, Instance, InstanceStatus, Known, Server};
use onboarding::words::counted;
use onboarding::{Deployment, Topology};
use reachability::Wish;

use super::html::{Html, tag};
use super::look::Sight;
use super::parts::{code, link, row, sentence, signed, table};
use super::place::Place;
use crate::plan::Seen;

/// Rows of members without a fault before the rest is folded.
const SHOWN: usize = 30;

/// A member, or an instance that should be one.
struct Member<'a> {
    instance: Option<&'a Instance>,
    /// Where it is served, or would be.
    endpoint: Option<Endpoint>,
    server: Option<&'a Server>,
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
    /// It is healthy.
    Well,
}

/// `2 of 3 healthy`, or why that is not known.
pub(super) fn summary(topology: &Topology) -> String {
    match (topology.servers.get(), topology.unhealthy.get()) {
        (Some(servers), Some(_)) if servers.is_empty() => "none".to_owned(),
        (Some(servers), Some(unhealthy)) => {
            let ill = servers.iter().filter(|server| unhealthy.contains_key(&server.endpoint())).count();
            format!("{} of {} healthy", servers.len() - ill, servers.len())
        }
        (Some(servers), None) if !servers.is_empty() => format!("{}, health not known", servers.len()),
        _ => "not known".to_owned(),
    }
}

/// Instances in the order of the table.
pub(super) fn in_order(deployment: &Deployment, sight: &Sight, seen: &Seen) -> Vec<InstanceId> {
    let faults = faults(deployment, sight, seen);
    let members = members(deployment, sight, &seen.topology, &faults);
    members.iter().filter_map(|member| member.instance).map(|instance| instance.id.clone()).collect()
}

/// The instance whose way is drawn if nobody asks for one: the first with a fault, else the first member.
pub(super) fn first(deployment: &Deployment, sight: &Sight, seen: &Seen) -> Option<InstanceId> {
    let faults = faults(deployment, sight, seen);
    let members = members(deployment, sight, &seen.topology, &faults);
    let mut shown = members.iter().filter(|member| member.fault.is_some() || member.server.is_some());
    shown.find_map(|member| member.instance).map(|instance| instance.id.clone())
}

fn faults(deployment: &Deployment, sight: &Sight, seen: &Seen) -> Vec<InstanceFault> {
    reachability::faults(&seen.topology, Wish { deployment, binding: &sight.binding })
}

/// The table.
pub(super) fn html(deployment: &Deployment, sight: &Sight, seen: &Seen, place: Place) -> Html {
    let faults = faults(deployment, sight, seen);
    let members = members(deployment, sight, &seen.topology, &faults);
    if members.is_empty() {
        let why = match seen.topology.servers.why_unknown() {
            Some(why) if seen.topology.servers.failure().is_some() => format!("The members could not be read: {why}."),
            _ => "No instance has the binding's tags, and nothing is registered.".to_owned(),
        };
        return tag("p").add(why).into();
    }
    let faulty = members.iter().filter(|member| member.fault.is_some() || member.health <= Health::NotKnown).count();
    let mut rows: Vec<_> = members.iter().map(|member| one(sight, member, place)).collect();
    let rest = rows.split_off(rows.len().min(faulty.max(SHOWN)));
    let name = &sight.binding.name;
    let headings = ["State", "Instance", "Address", "Weight", "Where", "First fault"];
    let mut html =
        Html::from(table(&format!("members-{name}"), "Members and instances with the tags", &headings, rows));
    if !rest.is_empty() {
        let more = format!("{} more, none of them faulty", rest.len());
        let folded = table(&format!("more-members-{name}"), &more, &headings, rest);
        html.push(tag("details").set("id", format!("fold-members-{name}")).add(tag("summary").add(more)).add(folded));
    }
    html
}

fn members<'a>(
    deployment: &Deployment,
    sight: &'a Sight,
    topology: &'a Topology,
    faults: &'a [InstanceFault],
) -> Vec<Member<'a>> {
    let binding = &sight.binding;
    let port = binding.server_group.port;
    let servers = || topology.servers.get().into_iter().flatten();
    let by_endpoint: BTreeMap<Endpoint, &Server> = servers().map(|server| (server.endpoint(), server)).collect();
    let instances = || topology.instances.values().filter_map(Known::get).flatten();
    let mut members: Vec<Member<'a>> = Vec::new();
    for server in servers() {
        let marked = deployment.read_member(&binding.name, &server.description);
        let by_mark = marked.as_ref().and_then(|(id, _)| instances().find(|instance| instance.id == *id));
        let instance = instances().find(|instance| instance.at(server.address).is_some()).or(by_mark);
        let health = match (&marked, &topology.unhealthy) {
            (Some((_, MemberState::Draining(_))), _) => Health::Leaves("drains"),
            (Some((_, MemberState::Released(_))), _) => Health::Leaves("released"),
            (_, Known::Known(unhealthy)) => unhealthy.get(&server.endpoint()).map_or(Health::Well, |health| {
                Health::Ill(format!("{} {}", health.status, health.reason).trim().to_owned())
            }),
            _ => Health::NotKnown,
        };
        let fault = instance.and_then(|instance| fault_of(faults, &instance.id));
        members.push(Member { instance, endpoint: Some(server.endpoint()), server: Some(server), fault, health });
    }
    for (_, instance) in desired::selected(binding, topology) {
        let endpoint = instance.address.map(|address| Endpoint { address, port });
        let known = endpoint.is_some_and(|endpoint| by_endpoint.contains_key(&endpoint))
            || members.iter().any(|member| member.instance.is_some_and(|known| known.id == instance.id));
        if !known {
            let fault = fault_of(faults, &instance.id);
            let health = match (&instance.status, topology.servers.get()) {
                (_, None) => Health::NotKnown,
                (InstanceStatus::Running, _) => Health::Outside("not a member".to_owned()),
                (status, _) => Health::Outside(format!("{status}, not a member")),
            };
            members.push(Member { instance: Some(instance), endpoint, server: None, fault, health });
        }
    }
    let id = |member: &Member<'_>| member.instance.map(|instance| instance.id.clone());
    members.sort_by_cached_key(|member| (member.fault.is_none(), member.health.clone(), id(member), member.endpoint));
    members
}

fn fault_of<'a>(faults: &'a [InstanceFault], id: &InstanceId) -> Option<&'a InstanceFault> {
    faults.iter().find(|fault| fault.instance == *id)
}

fn one(sight: &Sight, member: &Member<'_>, place: Place) -> super::html::Tag {
    let state = match &member.health {
        Health::Ill(why) => signed("mark bad", "✕", &why.to_lowercase().replacen("unhealthy ", "unhealthy, ", 1)),
        Health::NotKnown => signed("mark warn", "?", "not known"),
        Health::Outside(what) if member.fault.is_some() => signed("mark bad", "✕", what),
        Health::Outside(what) => signed("mark busy", "–", what),
        Health::Leaves(how) => signed("mark busy", "…", how),
        // A way that is broken comes before what the health checks have not seen yet.
        Health::Well if member.fault.is_some() => signed("mark bad", "✕", "healthy so far"),
        Health::Well => signed("mark good", "✓", "healthy"),
    };
    let instance = match member.instance {
        None => Html::from("of no instance that was read"),
        Some(instance) => {
            let id = instance.id.as_str();
            let shown = match place.way(&sight.binding.name, id) {
                Some(way) => Html::from(link(&way, id).set("title", format!("the way to {id}"))),
                None => Html::from(id),
            };
            let name = if instance.name == id { "" } else { instance.name.as_str() };
            if name.is_empty() { shown } else { shown.add(" ").add(tag("span").class("soft").add(name)) }
        }
    };
    let address = member.endpoint.map_or_else(|| "no address".to_owned(), |endpoint| endpoint.to_string());
    let wanted = sight.binding.server_group.weight;
    let weight = match member.server {
        None => Html::from("–"),
        Some(server) if server.weight != wanted && !matches!(member.health, Health::Leaves(_)) => {
            Html::from(server.weight.to_string()).add(tag("span").class("soft").add(format!(", wanted {wanted}")))
        }
        Some(server) => Html::from(server.weight.to_string()),
    };
    let at = member.instance.map_or_else(String::new, |instance| format!("{} in {}", instance.vswitch, instance.vpc));
    row([state.into(), instance, address.into(), weight, at.into(), fault(member)])
}

fn fault(member: &Member<'_>) -> Html {
    let Some(InstanceFault { reason, mend, .. }) = member.fault else { return Html::from("none") };
    let told = Html::from(code(reason.code.as_str())).add(" ").add(sentence(&reason.message));
    match mend {
        Mend::Change { write } => told.add(tag("p").class("do").add(format!("A run makes it: {write}."))),
        Mend::Person { task } => told.add(tag("p").class("do").add("Do: ").add(sentence(task))),
        Mend::Time { what } => told.add(tag("p").class("do").add(sentence(what))),
    }
}

/// `3 instances` that the binding's tags select.
pub(super) fn selected(sight: &Sight, topology: &Topology) -> String {
    counted(desired::selected(&sight.binding, topology).count(), "instance")
}
