//! The hops of a path as a table: kind, place, what decided, and what happens next. It fits the width of the terminal, or 100
//! columns if there is none.

use onboarding::binding::Provision;
use onboarding::causes::{Mend, Root};
use onboarding::ids::SecurityGroupId;
use onboarding::inputs::Verdict;
use onboarding::reason::Reason;
use onboarding::topology::Topology;
use onboarding::{Change, unread::Cause};
use reachability::{Hop, Path, Remedy, Task};

use super::cells::cells;
use super::diagnosis::{self, Diagnosis, verdict};
use super::grid::{INDENT, Row, lines};
use crate::output::{Line, Style, Text, visible};
use crate::plan;

/// Up to this many similar rows are shown one by one; more are summarized.
const ALIKE: usize = 2;

/// The tables of both directions.
pub(crate) fn ways(diagnosis: &Diagnosis, width: usize) -> Text {
    let explanation = &diagnosis.explanation;
    let balancer = &diagnosis.binding.alb.id;
    let mut text = Text::default();
    let mut passed = 0;
    if let Some(front) = &explanation.front {
        passed = front.hops.len();
        // Without a hop there is only the fault, which is printed below.
        if passed > 0 {
            let title = format!("request: {balancer} to its member {}", diagnosis.endpoint());
            way(&mut text, diagnosis, &title, front, 0, width);
        }
    }
    let title = format!("forward: {balancer} to {}", explanation.forward.destination);
    way(&mut text, diagnosis, &title, &explanation.forward, passed, width);
    let title = format!("return: {} to {}", diagnosis.instance.id, explanation.back.destination);
    way(&mut text, diagnosis, &title, &explanation.back, 0, width);
    text
}

fn way(text: &mut Text, diagnosis: &Diagnosis, title: &str, path: &Path, passed: usize, width: usize) {
    section(text, Style::Strong, title);
    let mut rows = rows(&diagnosis.topology, path, passed);
    if rows.is_empty() {
        return text.line(format!("{:INDENT$}no hop is known", ""));
    }
    let heading = ["hop", "where", "decided by", "then"].map(str::to_owned);
    rows.insert(0, Row { number: "#".to_owned(), cells: heading, style: Some(Style::Faint) });
    table(text, &rows, width);
}

/// The verdict for each source prefix, where they differ, or in any case.
pub(super) fn sources(diagnosis: &Diagnosis, width: usize, always: bool) -> Text {
    let sources = &diagnosis.explanation.sources;
    let mut text = Text::default();
    let open = sources.iter().filter(|source| source.verdict == Verdict::Reachable).count();
    if !always && (open == 0 || open == sources.len()) {
        return text;
    }
    section(&mut text, Style::Strong, "by source");
    let row = |source: &reachability::SourceVerdict| {
        let (_, word) = verdict(&diagnosis.explanation, &source.verdict);
        let (code, message) = match &source.verdict {
            Verdict::Reachable => (String::new(), String::new()),
            Verdict::Unreachable(why) | Verdict::Ambiguous(why) | Verdict::Undetermined(why) => {
                (why.code.to_string(), visible(&why.message))
            }
        };
        let style = (source.verdict != Verdict::Reachable).then_some(Style::Bad);
        Row { number: String::new(), cells: [source.source.to_string(), word.to_owned(), code, message], style }
    };
    table(&mut text, &sources.iter().map(row).collect::<Vec<_>>(), width);
    text
}

/// Every fault with its cause and its one remedy. What follows from a fault of the way comes last, in a line.
pub(super) fn faults(diagnosis: &Diagnosis) -> Text {
    let mut text = Text::default();
    let paragraph = |text: &mut Text, words: &str| {
        text.line(Line::new(format!("{:INDENT$}{words}", "")).hanging(INDENT).flowing());
    };
    let (mut roots, mut follow): (Vec<Root>, Vec<&Reason>) = (Vec::new(), Vec::new());
    for fault in diagnosis::faults(&diagnosis.explanation) {
        let told = diagnosis.told(fault);
        if let Some(root) = told.as_ref().and_then(|told| diagnosis.root(told)) {
            follow.push(&fault.reason);
            if !roots.contains(&root) {
                section(&mut text, Style::Bad, root.reason.code.as_str());
                paragraph(&mut text, &root.reason.message);
                paragraph(&mut text, &format!("do: {}", root.remedy));
                roots.push(root);
            }
            continue;
        }
        section(&mut text, Style::Bad, fault.reason.code.as_str());
        paragraph(&mut text, &fault.reason.message);
        let task = match told.map(|told| told.mend) {
            Some(Mend::Person { task }) => Some(task),
            _ => None,
        };
        match (&fault.remedy, task) {
            (Remedy::Operator(Task::LetRead { .. }), _) if let Some(remedy) = reread(diagnosis, &fault.reason) => {
                paragraph(&mut text, &format!("do: {remedy}"));
            }
            (_, Some(task)) => paragraph(&mut text, &format!("do: {task}")),
            (Remedy::Albridge { change }, None) => text.extend(mend(diagnosis, change, &paragraph)),
            (Remedy::Operator(task), None) => paragraph(&mut text, &format!("do: {}", task.sentence())),
            (Remedy::Time { resource, status }, None) => {
                paragraph(&mut text, &format!("wait: {resource} is {status}"));
            }
        }
    }
    follow.extend(diagnosis::consequence(&diagnosis.explanation).map(|fault| &fault.reason));
    if !follow.is_empty() {
        text.line("");
    }
    for reason in follow {
        paragraph(&mut text, &format!("It follows: {} {}", reason.code, reason.message));
    }
    text
}

/// What has a fact read that was not, as the line about the failed call says it; nothing if albridge was not allowed to.
fn reread<'d>(diagnosis: &'d Diagnosis, reason: &'d Reason) -> Option<&'d str> {
    let groups = diagnosis.topology.unread.by_code();
    let named = groups.iter().find(|failures| reason.message.contains(failures.code));
    match named.or_else(|| groups.first()) {
        Some(failures) if failures.cause == Cause::Permission => None,
        Some(failures) => Some(failures.remedy()),
        None => Some(reason.remedy()),
    }
}

/// What a change that mends a fault needs: `apply`, or first what blocks it, or a person where the plan does not hold it.
fn mend(diagnosis: &Diagnosis, change: &Change, paragraph: &impl Fn(&mut Text, &str)) -> Text {
    let mut text = Text::default();
    let name = &diagnosis.binding.name;
    let planned = diagnosis.plan.mender(&change.write);
    let blocked = planned.map_or(&[][..], |planned| &planned.blocked);
    if planned.is_none() && !diagnosis.selected {
        let words = format!(
            "do: give {} the tags of {name}, or by hand: no plan makes this change for an instance that the tags do not select:",
            diagnosis.instance.id
        );
        paragraph(&mut text, &words);
    } else if planned.is_none() {
        let words =
            format!("do: by hand, because no plan of {name} makes this change (albridge status {name} says why):");
        paragraph(&mut text, &words);
    } else if diagnosis.binding.paused {
        paragraph(
            &mut text,
            &format!("do: take `paused` out of the bindings, then `albridge apply {name}`, which makes this change:"),
        );
    } else if blocked.is_empty() {
        paragraph(&mut text, &format!("do: `albridge apply {name}`, which makes this change:"));
    } else {
        for reason in blocked {
            paragraph(&mut text, &format!("first: {} {}", reason.code, reason.message));
            paragraph(&mut text, &format!("do: {}", reason.remedy()));
        }
        paragraph(&mut text, &format!("then: `albridge apply {name}` makes this change:"));
    }
    text.extend(plan::change(&diagnosis.topology, change, diagnosis.binding.provision == Provision::Approved));
    text
}

fn section(text: &mut Text, style: Style, title: &str) {
    text.line("");
    text.line(Line::new("  ").then_styled(style, title));
}

fn table(text: &mut Text, rows: &[Row], width: usize) {
    for (line, style) in lines(rows, width) {
        text.line(style.map_or_else(|| Line::new(&line), |style| Line::styled(style, &line)));
    }
}

/// The rows of a way; the hop where packets end is marked.
fn rows(topology: &Topology, path: &Path, passed: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let end = path.fault.as_ref().and_then(|fault| fault.hop);
    let mut at = 0;
    while let Some(hop) = path.hops.get(at) {
        let alike = path.hops.iter().skip(at).take_while(|other| is_alike(hop, other)).count();
        let first = passed + at + 1;
        let before = at.checked_sub(1).and_then(|before| path.hops.get(before));
        let mut cells = cells(topology, hop, before);
        if alike > ALIKE {
            let [_, _, by, then] = &mut cells;
            summarize(hop, alike, by, then);
            let number = format!("{first}-{}", first + alike - 1);
            rows.push(Row { number, cells, style: None });
            at += alike;
            continue;
        }
        let style = (end == Some(at)).then_some(Style::Bad);
        rows.push(Row { number: first.to_string(), cells, style });
        at += 1;
    }
    rows
}

/// Whether two hops differ only in the prefix that they accept.
fn is_alike(one: &Hop, other: &Hop) -> bool {
    match (one, other) {
        (
            Hop::SecurityGroup { groups, port, passes: true, .. },
            Hop::SecurityGroup { groups: also, port: same, passes: true, .. },
        ) => groups == also && port == same,
        (
            Hop::NetworkAcl { acl, direction, passes: true, .. },
            Hop::NetworkAcl { acl: also, direction: same, passes: true, .. },
        ) => acl == also && direction == same,
        _ => false,
    }
}

fn summarize(hop: &Hop, alike: usize, by: &mut String, then: &mut String) {
    match hop {
        Hop::SecurityGroup { groups, port, .. } => {
            let groups: Vec<&str> = groups.iter().map(SecurityGroupId::as_str).collect();
            *by = groups.join(", ");
            *then = format!("accept {alike} prefixes, {port}/tcp");
        }
        _ => *then = format!("pass {alike} prefixes"),
    }
}
