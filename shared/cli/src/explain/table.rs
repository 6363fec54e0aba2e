//! The hops of a way as a table: what, where, by what it was decided, and where to next. It fits the terminal, and 100
//! columns where there is none.

use onboarding::ids::SecurityGroupId;
use onboarding::plan::Verdict;
use onboarding::topology::Topology;
use reachability::{Hop, Path, Remedy};

use super::cells::cells;
use super::grid::{INDENT, Row, lines};
use super::sight::{self, Sight, verdict};
use crate::output::{Line, Text, Tone, visible, wrap};
use crate::plan;

/// Rows alike that are still shown one by one.
const ALIKE: usize = 2;

/// Both ways.
pub(crate) fn ways(sight: &Sight, width: usize) -> Text {
    let explanation = &sight.explanation;
    let balancer = &sight.binding.alb.id;
    let mut text = Text::default();
    let mut passed = 0;
    if let Some(front) = &explanation.front {
        passed = front.hops.len();
        // Without a hop there is only the fault, which is told below.
        if passed > 0 {
            let title = format!("request: {balancer} to its member {}", sight.endpoint());
            way(&mut text, sight, &title, front, 0, width);
        }
    }
    let title = format!("forward: {balancer} to {}", explanation.forward.destination);
    way(&mut text, sight, &title, &explanation.forward, passed, width);
    let title = format!("return: {} to {}", sight.instance.id, explanation.back.destination);
    way(&mut text, sight, &title, &explanation.back, 0, width);
    text
}

fn way(text: &mut Text, sight: &Sight, title: &str, path: &Path, passed: usize, width: usize) {
    section(text, Tone::Strong, title);
    let mut rows = rows(&sight.topology, path, passed);
    if rows.is_empty() {
        return text.line(format!("{:INDENT$}no hop is known", ""));
    }
    let heading = ["hop", "where", "decided by", "then"].map(str::to_owned);
    rows.insert(0, Row { number: "#".to_owned(), cells: heading, tone: Some(Tone::Faint) });
    table(text, &rows, width);
}

/// The verdict for each source prefix, where they differ.
pub(super) fn sources(sight: &Sight, width: usize) -> Text {
    let sources = &sight.explanation.sources;
    let mut text = Text::default();
    let open = sources.iter().filter(|source| source.verdict == Verdict::Reachable).count();
    if open == 0 || open == sources.len() {
        return text;
    }
    section(&mut text, Tone::Strong, "by source");
    let row = |source: &reachability::SourceVerdict| {
        let (_, word) = verdict(&source.verdict);
        let (code, message) = match &source.verdict {
            Verdict::Reachable => (String::new(), String::new()),
            Verdict::Unreachable(why) | Verdict::Ambiguous(why) | Verdict::Undetermined(why) => {
                (why.code.to_string(), visible(&why.message))
            }
        };
        let tone = (source.verdict != Verdict::Reachable).then_some(Tone::Bad);
        Row { number: String::new(), cells: [source.source.to_string(), word.to_owned(), code, message], tone }
    };
    table(&mut text, &sources.iter().map(row).collect::<Vec<_>>(), width);
    text
}

/// Every fault with its cause, its remedy, and the change that mends it.
pub(super) fn faults(sight: &Sight, width: usize) -> Text {
    let most = width - INDENT;
    let mut text = Text::default();
    let paragraph = |text: &mut Text, words: &str| {
        for line in wrap(&visible(words), most) {
            text.line(format!("{:INDENT$}{line}", ""));
        }
    };
    for fault in sight::faults(&sight.explanation) {
        section(&mut text, Tone::Bad, fault.reason.code.as_str());
        paragraph(&mut text, &fault.reason.message);
        paragraph(&mut text, fault.reason.code.remedy());
        match &fault.remedy {
            Remedy::Albridge { change } => text.extend(plan::change(change)),
            Remedy::Operator(task) => paragraph(&mut text, &format!("by hand: {task}")),
            Remedy::Time { resource, status } => paragraph(&mut text, &format!("wait: {resource} is {status}")),
        }
    }
    text
}

fn section(text: &mut Text, tone: Tone, title: &str) {
    text.line("");
    text.line(Line::new("  ").then_toned(tone, title));
}

fn table(text: &mut Text, rows: &[Row], width: usize) {
    for (line, tone) in lines(rows, width) {
        text.line(tone.map_or_else(|| Line::new(&line), |tone| Line::toned(tone, &line)));
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
            rows.push(Row { number, cells, tone: None });
            at += alike;
            continue;
        }
        let tone = (end == Some(at)).then_some(Tone::Bad);
        rows.push(Row { number: first.to_string(), cells, tone });
        at += 1;
    }
    rows
}

/// Whether two hops differ only in the prefix that was let pass.
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
