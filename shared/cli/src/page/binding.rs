//! One binding: what is wrong first, then the drawing, the members, what differs, and the runs.

use jiff::Timestamp;
use onboarding::ids::InstanceId;
use onboarding::topology::{Instance, Known};
use onboarding::{Deployment, Topology, desired};

use super::html::{Html, Tag, tag};
use super::look::{Sight, Sights};
use super::parts::{alarm, causes, link, mark, section, time, unread};
use super::place::Place;
use super::{drift, members, runs};
use crate::explain::{self, Diagnosis};
use crate::graph::{self, Drawing};
use crate::plan::Seen;
use crate::status::{Look, Runs};

/// Columns of the table of hops.
const COLUMNS: usize = 120;
/// The most instances that are offered for a drawing, beside a list of all members.
const OFFERED: usize = 12;

/// The page, or section, of a binding. `instance`: whose way is drawn.
pub(super) fn page(look: &Sights, sight: &Sight, instance: Option<&str>, place: Place) -> Html {
    let name = &sight.binding.name;
    let title = Html::from(name.as_str()).add(" ").add(mark(sight.standing()));
    let (title, mut html) = match place {
        Place::Served => (tag("h1").add(title), Html::default()),
        Place::File => (tag("h2").class("binding").set("id", format!("binding-{name}")).add(title), Html::default()),
    };
    html.push(title);
    html.push(about(sight));
    match &sight.found {
        Err(why) => html.push(alarm("It could not be looked at:", tag("p").add(why.as_str()))),
        Ok(found) => html.push(found_page(look, sight, found, instance, place)),
    }
    html
}

/// What the binding is about, in a line.
fn about(sight: &Sight) -> Tag {
    let binding = &sight.binding;
    let alb = &binding.alb;
    let backends: Vec<String> =
        binding.backends.iter().map(|backend| format!("{} in {}", backend.vpc, backend.region)).collect();
    let group = &binding.server_group;
    tag("p").class("facts").add(format!(
        "{} in {}, listener {}:{}, to {} at {}:{}",
        alb.id,
        alb.region,
        binding.listener.protocol,
        binding.listener.port,
        backends.join(" and "),
        group.protocol,
        group.port
    ))
}

fn found_page(look: &Sights, sight: &Sight, found: &Look, instance: Option<&str>, place: Place) -> Html {
    let (name, seen) = (&sight.binding.name, &found.seen);
    let mut html = Html::default();
    if let Some((since, why)) = &sight.stale {
        let old = tag("p").add("What is shown is from ").add(time(*since)).add(".");
        html.push(alarm("The last reading failed:", Html::from(tag("p").add(why.as_str())).add(old)));
    }
    html.push(unread(&found.unread()));
    html.push(causes(&seen.causes, &seen.plan));
    html.push(summary(sight, found, look.at, place));
    html.push(section(
        &id(name.as_str(), "topology", place),
        "Topology",
        topology(look, sight, found, instance, place),
    ));
    let members = members::html(&look.deployment, sight, found, place);
    html.push(section(&format!("members-of-{name}"), "Members", members));
    html.push(section(&format!("drift-of-{name}"), "Drift", drift::html(sight, seen)));
    html.push(section(&format!("runs-of-{name}"), "Runs", history(look.at, sight, &found.runs, place)));
    html
}

/// At the server there is one of each on a page, and links lead to it by its short name.
fn id(binding: &str, section: &str, place: Place) -> String {
    match place {
        Place::Served => section.to_owned(),
        Place::File => format!("{section}-of-{binding}"),
    }
}

/// The numbers in a row.
fn summary(sight: &Sight, found: &Look, now: Timestamp, place: Place) -> Tag {
    let fact = |name: &str, value: Html| tag("div").add(tag("dt").add(name)).add(tag("dd").add(value));
    tag("dl")
        .class("numbers")
        .add(fact("Members", members::summary(found).into()))
        .add(fact("With the tags", members::selected(sight, &found.seen.topology).into()))
        .add(fact("Drift", drift::summary(&found.seen).into()))
        .add(fact("Last run", runs::last(sight, &found.runs, now, place)))
}

/// The drawing: the way to one instance if there is one, else of the binding alone.
fn topology(look: &Sights, sight: &Sight, found: &Look, instance: Option<&str>, place: Place) -> Html {
    let (name, seen) = (&sight.binding.name, &found.seen);
    let first = || members::first(&look.deployment, sight, found);
    let subject = instance.map(InstanceId::from).or_else(first);
    let mut html = Html::default();
    let diagnosis = match subject.as_ref().map(|id| diagnosis(&look.deployment, sight, seen, id)) {
        Some(Ok(diagnosis)) => Some(diagnosis),
        Some(Err(why)) if instance.is_some() => {
            html.push(alarm("There is no way to draw:", tag("p").add(why)));
            None
        }
        _ => None,
    };
    if place == Place::Served {
        html.push(offered(look, sight, found, diagnosis.as_ref().map(|diagnosis| &diagnosis.instance.id)));
    }
    let picture = match &diagnosis {
        Some(diagnosis) => graph::of_sight(diagnosis),
        None => graph::of_binding(&look.deployment, &sight.binding, &seen.topology, &seen.plan),
    };
    let drawing = Drawing::of(&picture, &format!("drawing-{name}"));
    let label = format!("The drawing of {name}");
    html.push(
        tag("div")
            .class("scroll drawing")
            .set("id", format!("canvas-{name}"))
            .set("tabindex", 0)
            .set("role", "region")
            .set("aria-label", label)
            .add(drawing),
    );
    if let Some(diagnosis) = &diagnosis {
        let hops = explain::ways(diagnosis, COLUMNS).render(false);
        let hops = tag("pre").add(hops.trim_start_matches('\n'));
        let summary = tag("summary").add("Hop by hop");
        html.push(
            tag("details").set("id", format!("hops-{name}")).add(summary).add(tag("div").class("scroll").add(hops)),
        );
    }
    html
}

/// What becomes of the packets to an instance.
fn diagnosis(deployment: &Deployment, sight: &Sight, seen: &Seen, id: &InstanceId) -> Result<Diagnosis, String> {
    let binding = &sight.binding;
    let found = instance(&seen.topology, id).ok_or_else(|| format!("No instance {id} was seen in its VPCs."))?;
    let selected = desired::selected(binding, &seen.topology).any(|(_, wanted)| wanted.id == *id);
    explain::judge(deployment, binding, seen.topology.clone(), seen.plan.clone(), found.clone(), selected)
        .map_err(|error| error.to_string())
}

fn instance<'t>(topology: &'t Topology, id: &InstanceId) -> Option<&'t Instance> {
    topology.instances.values().filter_map(Known::get).flatten().find(|instance| instance.id == *id)
}

/// Whose way may be drawn.
fn offered(look: &Sights, sight: &Sight, found: &Look, drawn: Option<&InstanceId>) -> Html {
    let name = &sight.binding.name;
    let ids = members::in_order(&look.deployment, sight, found);
    if ids.is_empty() {
        return Html::default();
    }
    let each = ids.iter().take(OFFERED).map(|id| {
        let item = tag("li");
        match Place::Served.way(name, id.as_str()).filter(|_| drawn != Some(id)) {
            Some(way) => item.add(link(&way, id.as_str())),
            None => item.add(tag("strong").set("aria-current", "true").add(id.as_str())),
        }
    });
    let more = ids.len().saturating_sub(OFFERED);
    let more = (more > 0).then(|| tag("li").class("soft").add(format!("{more} more in the table of members")));
    tag("div")
        .class("offered")
        .add(tag("span").class("soft").add("The way to"))
        .add(tag("ul").class("row").add(each.chain(more).collect::<Html>()))
        .into()
}

/// The runs, and what they repaired; in a file the timelines as well.
fn history(now: Timestamp, sight: &Sight, known: &Runs, place: Place) -> Html {
    let mut html = runs::list(sight, known, place);
    if let Runs::Read { latest, .. } = known
        && !latest.is_empty()
    {
        html.push(tag("h3").add("Repaired"));
        html.push(drift::repaired(sight, known, place));
        if place == Place::File {
            html.push(tag("h3").add("Timelines"));
            html.push(latest.iter().map(|run| runs::page(sight, run, now, place)).collect::<Html>());
        }
    }
    html
}
