//! What `apply` says after Ctrl-C: what is made, what nobody knows, what is left, and how to go on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use onboarding::ids::BindingName;
use onboarding::{Plan, StageName};
use openapi::Sent;
use serde_json::json;

use super::gate::Gate;
use crate::output::{Console, Line, Style, Text};
use crate::plan;

/// How far an apply is.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// The changes of the stages that have reported.
    pub(super) made: usize,
    /// The planned changes that these found done.
    pub(super) found: usize,
    /// The stage that runs.
    pub(super) stage: Option<StageName>,
    /// Those that have reported.
    pub(super) over: BTreeSet<StageName>,
}

/// Before the first call.
pub(super) fn before_anything(binding: &BindingName, console: Console) {
    console.print(Line::styled(Style::Strong, format!("{binding}: interrupted; nothing was changed")));
    console.print_json(&json!({"event": "interrupted", "binding": binding, "made": 0}));
}

/// On the way. Gives how many changes are left.
pub(super) fn on_the_way(
    binding: &BindingName,
    plan: &Plan,
    way: &Way,
    gate: &Gate,
    took: SignedDuration,
    console: Console,
) -> usize {
    let left = left(plan, way, gate.told().0.len());
    let place = way.stage.map_or_else(String::new, |stage| format!(" in {stage}"));
    let before = match way.made {
        0 => "nothing was made before that".to_owned(),
        made => format!("{} made before that", plan::changes(made)),
    };
    let heading = format!("{binding}: interrupted{place} after {}; {before}", lasted(took));
    let mut text = Text::from(Line::styled(Style::Strong, heading));
    let (made, unknown) = writes(gate, &mut text);
    let count: usize = left.values().sum();
    if count > 0 {
        let stages: Vec<String> = left.iter().map(|(stage, count)| format!("{stage} {count}")).collect();
        text.line(format!("  left: {} at most: {}", plan::changes(count), stages.join(", ")));
    }
    text.line(format!(
        "  Nothing else was begun, and what is made stays. To go on: `albridge apply {binding}`; to see what is left: \
         `albridge plan {binding}`."
    ));
    console.print(text);
    console.print_json(&json!({"event": "interrupted", "binding": binding, "stage": way.stage, "made": way.made,
                         "calls": made, "unknown": unknown, "left": left}));
    count
}

/// A line for each kind of write that was made, and for each of which nobody knows. Gives their names.
pub(crate) fn writes(gate: &Gate, text: &mut Text) -> (Vec<String>, Vec<String>) {
    let (made, unknown) = gate.told();
    for (call, count) in counted(&made) {
        let times = if count > 1 { format!(", {count} times") } else { String::new() };
        text.line(Line::new("  ").then_styled(Style::Good, "made").then(format!(": {call}{times}")));
    }
    for (call, _) in counted(&unknown) {
        let words = format!(": {call} was sent, and its answer is not known; the next look shows whether it was made");
        text.line(Line::new("  ").then_styled(Style::Bad, "not known").then(words));
    }
    let names = |calls: &[Sent]| -> Vec<String> { calls.iter().map(named).collect() };
    (names(&made), names(&unknown))
}

/// The open changes of the stages that have not reported; of the running one without the calls that it has made.
fn left(plan: &Plan, way: &Way, calls: usize) -> BTreeMap<StageName, usize> {
    let mut left: BTreeMap<StageName, usize> = BTreeMap::new();
    for change in plan.changes.iter().filter(|change| change.is_open() && !way.over.contains(&change.stage)) {
        *left.entry(change.stage).or_default() += 1;
    }
    if let Some(running) = way.stage.and_then(|stage| left.get_mut(&stage)) {
        *running = running.saturating_sub(calls);
    }
    left.retain(|_, count| *count > 0);
    left
}

fn counted(calls: &[Sent]) -> BTreeMap<String, usize> {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    calls.iter().for_each(|sent| *counted.entry(named(sent)).or_default() += 1);
    counted
}

fn named(sent: &Sent) -> String {
    format!("{} in {}", sent.action, sent.region)
}

/// `12 s`, or `1 min 12 s`.
pub(crate) fn lasted(took: SignedDuration) -> String {
    match took.as_secs() {
        seconds @ ..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}
