//! `albridge explain BINDING`: every instance that serves or should, grouped by the way that its packets take, and then the causes.

use std::collections::{BTreeMap, BTreeSet};

use onboarding::causes::{Causes, Effect};
use onboarding::ids::{InstanceId, SecurityGroupId, VSwitchId, VpcId};
use onboarding::topology::{Instance, InstanceStatus, Known};
use onboarding::words::counted;
use onboarding::{Binding, Store, Topology, desired};
use serde_json::json;
use stage::Host;

use crate::args::Shape;
use crate::causes::{self, About};
use crate::output::{CliError, Console, Exit, Line, Style, Table, Text, event};
use crate::plan::{self, Seen};
use crate::status::{Members, fault};
use crate::unread;

/// The most instances that a line names of those that can be served.
const SERVED: usize = 8;
/// The same of those that cannot.
const NOT_SERVED: usize = 24;

/// What decides about a way: instances that have it in common have the same hops.
type Way = (VpcId, VSwitchId, Vec<SecurityGroupId>);

/// Explains every instance of a binding.
pub(super) async fn explain(
    host: &Host,
    store: &Store,
    binding: &Binding,
    shape: Shape,
    console: Console,
) -> Result<Exit, CliError> {
    let seen = plan::see(host, store, &binding.name, false, About::State).await?;
    let states = States::of(&seen);
    let ways = ways(binding, &seen.topology);
    let mut shown = text(binding, &seen, &ways, &states, shape);
    if console.is_wide() {
        let members = Members::of(&binding.name, Some(binding.server_group.port), &host.settings().deployment, &seen);
        shown.extend(table(&ways, &members, &seen).lines(2, console.room()));
    }
    console.print(shown);
    let groups: Vec<_> = ways
        .iter()
        .map(|((vpc, vswitch, groups), instances)| {
            let of = |state: State| -> Vec<&InstanceId> {
                let ids = instances.iter().map(|instance| &instance.id);
                ids.filter(|id| states.at(id) == state).collect()
            };
            json!({"vpc": vpc, "vswitch": vswitch, "securityGroups": groups, "served": of(State::Served),
                   "inPart": of(State::InPart), "notHealthy": of(State::NotHealthy), "notKnown": of(State::NotKnown),
                   "notServed": of(State::NotServed)})
        })
        .collect();
    let fields = json!({"binding": binding.name, "ways": groups, "causes": seen.causes.causes,
                        "unread": seen.topology.unread});
    console.print_json(&event("ways", &fields));
    let is_known = seen.topology.unread.is_empty() && unlisted(binding, &seen.topology).is_empty();
    let exit = Exit::failed(!is_known).max(Exit::pending(!states.are_well() || !seen.causes.is_empty()));
    console.print_document(exit, || fields);
    let not_served = ways.values().flatten().filter(|instance| states.at(&instance.id) == State::NotServed).count();
    Ok(console.finish(exit, json!({"notServed": not_served})))
}

/// What becomes of each instance that a cause is about: the worst of it.
fn effects(causes: &Causes) -> BTreeMap<InstanceId, Effect> {
    let mut worst: BTreeMap<InstanceId, Effect> = BTreeMap::new();
    for kept in causes.causes.iter().flat_map(|cause| &cause.instances) {
        let effect = worst.entry(kept.id.clone()).or_insert_with(|| kept.effect.clone());
        if kept.effect < *effect {
            effect.clone_from(&kept.effect);
        }
    }
    worst
}

/// How an instance is served, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    NotServed,
    NotKnown,
    InPart,
    NotHealthy,
    Served,
}

/// How the instances of a binding are served.
struct States {
    /// Those that a cause is about.
    kept: BTreeMap<InstanceId, Effect>,
    /// All others.
    others: State,
}

impl States {
    fn of(seen: &Seen) -> Self {
        let others = match seen.topology.load_balancer.get() {
            // Nothing sends requests.
            Some(None) => State::NotServed,
            Some(Some(_)) if seen.topology.unread.is_empty() => State::Served,
            _ => State::NotKnown,
        };
        Self { kept: effects(&seen.causes), others }
    }

    fn at(&self, id: &InstanceId) -> State {
        self.kept.get(id).map_or(self.others, State::of)
    }

    fn are_well(&self) -> bool {
        self.kept.is_empty() && self.others == State::Served
    }
}

impl State {
    const fn of(effect: &Effect) -> Self {
        match effect {
            Effect::NotServed => Self::NotServed,
            Effect::NotKnown => Self::NotKnown,
            Effect::Ports(_) | Effect::InPart | Effect::SomePorts => Self::InPart,
            Effect::NotHealthy => Self::NotHealthy,
        }
    }

    /// In a word, and what is said of those that are not named.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NotServed => ("not served", "all of them not served"),
            Self::NotKnown => ("not known", "all of them not known to be served"),
            Self::InPart => ("in part", "all of them served in part"),
            Self::NotHealthy => ("not healthy", "all of them not healthy"),
            Self::Served => ("served", "none of them faulty"),
        }
    }
}

/// Every instance with what is known of it as a member.
fn table(ways: &BTreeMap<Way, Vec<&Instance>>, members: &Members, seen: &Seen) -> Table {
    let mut table =
        Table::new(&["instance", "name", "status", "vpc", "vswitch", "address", "weight", "health", "fault"]);
    for instance in ways.values().flatten() {
        let member = members.listed.iter().flatten().find(|member| Some(member.endpoint.address) == instance.address);
        let fault = fault(&seen.causes, &instance.id, (None, None));
        table.row(
            fault.is_some().then_some(Style::Bad),
            [
                instance.id.to_string(),
                instance.name.clone(),
                instance.status.to_string(),
                instance.vpc.to_string(),
                instance.vswitch.to_string(),
                instance.address.map_or_else(|| "none".to_owned(), |address| address.to_string()),
                member.map_or_else(|| "no member".to_owned(), |member| member.weight.to_string()),
                member.map_or_else(String::new, |member| member.health.to_string()),
                fault.map_or_else(String::new, |code| code.to_string()),
            ],
        );
    }
    table
}

fn ways<'t>(binding: &'t Binding, topology: &'t Topology) -> BTreeMap<Way, Vec<&'t Instance>> {
    let mut ways: BTreeMap<Way, Vec<&Instance>> = BTreeMap::new();
    let members: BTreeSet<_> = topology.servers.get().into_iter().flatten().map(|server| server.address).collect();
    let selected: BTreeSet<&InstanceId> = desired::selected(binding, topology).map(|(_, found)| &found.id).collect();
    for instance in topology.instances.values().filter_map(Known::get).flatten() {
        // Who serves and should not is one of them, too.
        let is_member = instance.address.is_some_and(|address| members.contains(&address));
        let should = instance.status == InstanceStatus::Running && selected.contains(&instance.id);
        if should || is_member {
            let way = (instance.vpc.clone(), instance.vswitch.clone(), instance.security_groups.clone());
            ways.entry(way).or_default().push(instance);
        }
    }
    ways
}

/// The backends' VPCs whose instances are not known, with why.
fn unlisted<'t>(binding: &'t Binding, topology: &'t Topology) -> BTreeMap<&'t VpcId, String> {
    let vpcs = binding.backends.iter().map(|backend| &backend.vpc);
    let why = |vpc| {
        let why = topology.instances.get(vpc)?.why_unknown()?;
        Some((vpc, unread::sentence(&topology.unread).unwrap_or_else(|| why.to_string())))
    };
    vpcs.filter_map(why).collect()
}

/// How many of those that are known can be served, and whose are not known.
fn headline(binding: &Binding, topology: &Topology, known: &str) -> String {
    let unlisted = unlisted(binding, topology);
    let Some(why) = unlisted.values().next() else { return format!("{}: {known}", binding.name) };
    if binding.backends.iter().all(|backend| unlisted.contains_key(&backend.vpc)) {
        return format!("{}: instances not known: {why}", binding.name);
    }
    let vpcs: Vec<&str> = unlisted.keys().map(|vpc| vpc.as_str()).collect();
    format!("{}: {known}; instances of {} not known: {why}", binding.name, vpcs.join(" and "))
}

fn text(binding: &Binding, seen: &Seen, ways: &BTreeMap<Way, Vec<&Instance>>, states: &States, shape: Shape) -> Text {
    let mut text = unread::lines(&seen.topology.unread, "", shape.all);
    let count: usize = ways.values().map(Vec::len).sum();
    let style = if states.are_well() { Style::Good } else { Style::Bad };
    let each = || ways.values().flatten().map(|instance| states.at(&instance.id));
    let served = each().filter(|state| !matches!(state, State::NotServed | State::NotKnown)).count();
    let also = |state: State| match each().filter(|found| *found == state).count() {
        0 => String::new(),
        some => format!(", {some} {}", state.words().0),
    };
    let known = format!(
        "{served} of {} can be served{}{}{}",
        counted(count, "instance"),
        also(State::NotKnown),
        also(State::InPart),
        also(State::NotHealthy)
    );
    text.line(Line::styled(style, headline(binding, &seen.topology, &known)));
    text.extend(causes::lines(&seen.causes, &seen.plan, "  ", shape.all));
    for ((vpc, vswitch, groups), instances) in ways {
        let groups: Vec<&str> = groups.iter().map(SecurityGroupId::as_str).collect();
        text.line(Line::new("  ").then_styled(Style::Strong, format!("{vswitch} of {vpc}, {}", groups.join(" and "))));
        for state in [State::NotServed, State::NotKnown, State::InPart, State::NotHealthy, State::Served] {
            let is_so = |instance: &&Instance| states.at(&instance.id) == state;
            let some: Vec<&Instance> = instances.iter().copied().filter(is_so).collect();
            let (style, most) = if state == State::Served { (Style::Good, SERVED) } else { (Style::Bad, NOT_SERVED) };
            if !some.is_empty() {
                let (word, more) = state.words();
                let names = names(&some, if shape.all { usize::MAX } else { most }, more);
                let line = Line::new("    ").then_styled(style, format!("{word:<11}"));
                text.line(line.then(format!(" {names}")).hanging(16));
            }
        }
    }
    text
}

/// `i-1, i-2, +4 more, none of them faulty`.
fn names(instances: &[&Instance], most: usize, more: &str) -> String {
    let named: Vec<&str> = instances.iter().take(most).map(|instance| instance.id.as_str()).collect();
    match instances.len().saturating_sub(most) {
        0 => named.join(", "),
        count => format!("{}, +{count} more, {more} (--all names them)", named.join(", ")),
    }
}
