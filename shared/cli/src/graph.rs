//! `albridge graph`: the topology of a binding as SVG, Mermaid or DOT, and over it the way of an instance's packets.
//!
//! ```text
//!   topology, plan ──► build ─► model::Picture ──► layout, trace ─► svg
//!   explanation ─────► ways ──────┘        └─────► outline ───────► mermaid, dot
//! ```

mod build;
mod dot;
mod layout;
mod leaves;
mod mermaid;
mod model;
mod outline;
mod svg;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod trace;
mod ways;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use onboarding::ids::BindingName;
use onboarding::{Binding, Deployment, FailedCalls, Plan, Store, Topology};
use serde_json::json;
use stage::Host;

use crate::args::{Format, GraphArgs};
use crate::environment::Environment;
use crate::explain::{Diagnosis, Subject, diagnose, faults, headline};
use crate::output::{CliError, Console, Exit};
use crate::plan;
use crate::target::{self, Access};
use crate::unread;

use build::Draft;
use ways::Trip;

pub(crate) use model::Picture;
pub(crate) use svg::{Drawing, STYLE};

/// Draws a binding.
pub(crate) async fn graph(args: &GraphArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let format = format(args)?;
    let host = target::host(&args.target, environment, Access::Read).await?;
    let store = target::store(&host).await?;
    let (binding, subject) = asked(&host, args, &store)?;
    let (picture, unread) = match &subject {
        Some(subject) => {
            let diagnosis = diagnose(&host, &store, binding.as_ref().map(BindingName::as_str), subject).await?;
            (of_sight(&diagnosis), diagnosis.topology.unread.clone())
        }
        None => {
            let name = only(&host, &store, binding)?;
            let missing = || CliError::Failed(format!("The bindings have no {name}."));
            let wanted = store.binding(name.as_str()).ok_or_else(missing)?;
            let (topology, plan) = plan::look(&host, &name, true).await?;
            (of_binding(&host.settings().deployment, wanted, &topology, &plan), plan.unread)
        }
    };
    let text = render(&picture, format);
    match &args.out {
        Some(file) => write(file, &text)?,
        None if console.is_for_people() => console.raw(text.trim_end()),
        None => {}
    }
    let shown = args.out.is_none().then_some(&text);
    console.print_json(
        &json!({"event": "graph", "format": format, "title": picture.title, "file": args.out, "unread": unread,
                         "text": shown}),
    );
    if !unread.is_empty() {
        console.note(unread::lines(&unread, "", false));
    }
    Ok(console.finish(Exit::failed(!unread.is_empty()), json!({})))
}

/// The picture with notes on what could not be read, before all others.
fn not_known(mut picture: Picture, unread: &FailedCalls) -> Picture {
    let notes = unread.by_code().iter().map(|failures| format!("? not known: could not read {failures}")).collect();
    picture.notes = [notes, picture.notes].concat();
    picture
}

/// The picture of a whole binding, without a way.
pub(crate) fn of_binding(deployment: &Deployment, binding: &Binding, topology: &Topology, plan: &Plan) -> Picture {
    let draft = Draft { deployment, binding, topology, plan, instance: None, marked: &BTreeSet::new() };
    not_known(draft.picture(), &plan.unread)
}

/// The picture of what was seen of one instance.
pub(crate) fn of_sight(diagnosis: &Diagnosis) -> Picture {
    let trip = diagnosis.balancer_vpc().map(|balancer| Trip {
        balancer,
        instance: &diagnosis.instance,
        explanation: &diagnosis.explanation,
    });
    let marked = trip.as_ref().map(Trip::tags).unwrap_or_default();
    let mut picture = Draft {
        deployment: &diagnosis.deployment,
        binding: &diagnosis.binding,
        topology: &diagnosis.topology,
        plan: &diagnosis.plan,
        instance: Some(&diagnosis.instance),
        marked: &marked,
    }
    .picture();
    picture.title = headline(diagnosis);
    for fault in faults(&diagnosis.explanation) {
        picture.notes.push(format!("✕ {} {}", fault.reason.code, fault.reason.message));
    }
    if let Some(trip) = trip {
        trip.draw(&mut picture);
    }
    not_known(picture, &diagnosis.topology.unread)
}

/// The picture as text.
fn render(picture: &Picture, format: Format) -> String {
    match format {
        Format::Svg => svg::render(picture),
        Format::Mermaid => mermaid::render(picture),
        Format::Dot => dot::render(picture),
    }
}

/// The format asked for, else the one that the file's name ends in, else SVG.
fn format(args: &GraphArgs) -> Result<Format, CliError> {
    let by_name = match args.out.as_deref().and_then(Path::extension).and_then(OsStr::to_str) {
        Some("svg") => Some(Format::Svg),
        Some("mmd" | "mermaid") => Some(Format::Mermaid),
        Some("dot" | "gv") => Some(Format::Dot),
        _ => None,
    };
    match (args.format, by_name, &args.out) {
        (Some(format), ..) | (None, Some(format), _) => Ok(format),
        (None, None, None) => Ok(Format::Svg),
        (None, None, Some(file)) => Err(CliError::Usage(format!(
            "The name {} tells no format: let it end in .svg, .mmd or .dot, or give --format.",
            file.display()
        ))),
    }
}

/// A single word is a binding if the store has one by this name, else an instance or an address.
fn asked(host: &Host, args: &GraphArgs, store: &Store) -> Result<(Option<BindingName>, Option<Subject>), CliError> {
    let named =
        |name: &str| -> Result<_, CliError> { Ok(target::bindings(host, store, Some(name))?.into_iter().next()) };
    match (&args.binding, &args.instance) {
        (None, _) => Ok((None, None)),
        (Some(name), Some(instance)) => Ok((named(name)?, Some(Subject::parse(instance)?))),
        (Some(word), None) if store.binding(word).is_some() => Ok((named(word)?, None)),
        (Some(word), None) => match Subject::parse(word)? {
            Subject::Instance(id) if !id.as_str().starts_with("i-") => Ok((named(word)?, None)),
            subject => Ok((None, Some(subject))),
        },
    }
}

/// The binding asked for, or the only one.
fn only(host: &Host, store: &Store, wanted: Option<BindingName>) -> Result<BindingName, CliError> {
    if let Some(name) = wanted {
        return Ok(name);
    }
    let names = target::some_bindings(host, store, None)?;
    match names.as_slice() {
        [name] => Ok(name.clone()),
        _ => {
            let names: Vec<_> = names.iter().map(BindingName::as_str).collect();
            Err(CliError::Usage(format!("Say which binding to draw; there are: {}.", names.join(", "))))
        }
    }
}

fn write(file: &Path, text: &str) -> Result<(), CliError> {
    std::fs::write(file, text)
        .map_err(|error| CliError::Failed(format!("{} cannot be written: {error}.", file.display())))
}
