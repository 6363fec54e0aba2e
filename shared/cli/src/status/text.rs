//! A look for people: first what is not known, then the causes, and then runs, members and drift.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use onboarding::mark::MemberState;
use onboarding::words::counted;
use onboarding::{Change, Code, Reason};

use super::look::{Look, Member, MemberHealth, Members, RunSummary, Runs};
use super::view::View;
use crate::causes::{self, with_remedies};
use crate::output::{Line, Style, Table, Text};
use crate::plan;
use crate::unread::{self, PlanState};

/// Changes that are shown, of those that a run makes.
const CHANGES: usize = 3;
/// Reasons that only wait for a time and are shown.
const LATER: usize = 5;
/// Before what belongs to the line above.
const INDENT: usize = 11;

/// A binding.
pub(super) fn of(look: &Look, view: &View) -> Text {
    let (plan, causes) = (&look.seen.plan, &look.seen.causes);
    let mut text = Text::from(Line::styled(Style::Strong, look.binding.as_str()));
    text.extend(unread::lines(&look.unread(), "  ", view.all));
    if let Some(headline) = causes::headline(causes) {
        text.line(Line::new("  ").then_styled(Style::Bad, headline));
        text.extend(causes::lines(causes, plan, "  ", view.all));
    }
    runs(&mut text, look, view);
    members(&mut text, &look.members, view);
    drift(&mut text, look, view);
    text
}

/// Every binding that is shown, and how many are not.
pub(super) fn all(looks: &[Look], view: &View) -> Text {
    let mut text = Text::default();
    looks.iter().filter(|look| view.holds(look)).for_each(|look| text.extend(of(look, view)));
    if let Some(line) = hidden(looks, view) {
        text.line(line);
    }
    text
}

/// How many bindings are not shown.
pub(super) fn hidden(looks: &[Look], view: &View) -> Option<Line> {
    let hidden = looks.iter().filter(|look| !view.holds(look)).count();
    let words = match (hidden, looks.len() - hidden) {
        (0, _) => return None,
        (hidden, 0) => format!("{}, none of them faulty", counted(hidden, "binding")),
        (hidden, _) => format!("+{hidden} more, none of them faulty"),
    };
    Some(Line::styled(Style::Faint, words))
}

/// A line behind a label.
fn labelled(label: &str) -> Line {
    Line::new(format!("  {label:<8} ")).hanging(INDENT)
}

fn runs(text: &mut Text, look: &Look, view: &View) {
    let (latest, older, failing) = match &look.runs {
        Runs::NowhereToLook => {
            return text.line(labelled("runs").then("not known: give --home REGION, or set ALBRIDGE_HOME_REGION"));
        }
        Runs::Unread(why) => {
            return text.line(labelled("runs").then_styled(Style::Bad, "not known").then(format!(": {why}")));
        }
        Runs::Read { latest, .. } if latest.is_empty() => return text.line(labelled("runs").then("none")),
        Runs::Read { latest, older, failing } => (latest, *older, *failing),
    };
    if view.wide {
        let mut table = Table::new(&["run", "started", "took", "status", "trigger", "changes", "by stage", "blocked"]);
        for run in latest {
            table.row(is_bad(run).then_some(Style::Bad), cells(run));
        }
        text.line(labelled("runs").then(latest.len().to_string()));
        text.extend(table.lines(4, view.room));
    } else {
        for (number, run) in latest.iter().enumerate() {
            text.line(labelled(if number == 0 { "runs" } else { "" }).join(words(run)));
        }
    }
    if older > 0 {
        let too = match failing {
            0 => String::new(),
            1 => ", the last of them failed, too".to_owned(),
            failing => format!(", the last {failing} of them failed, too"),
        };
        text.line(labelled("").then(format!("+{older} older{too} (albridge history {})", look.binding)));
    }
}

fn is_bad(run: &RunSummary) -> bool {
    !run.is_open() && !run.is_good() && run.status != "Stopped"
}

/// How a run ended, in a word.
pub(crate) fn ending(run: &RunSummary) -> (Style, &str) {
    match run.status.as_str() {
        "Succeeded" if !run.failed.is_empty() => (Style::Bad, "ended"),
        "Succeeded" => (Style::Good, "succeeded"),
        "Stopped" => (Style::Faint, "stopped"),
        "Starting" | "Running" => (Style::Faint, "running"),
        "Failed" => (Style::Bad, "failed"),
        other => (Style::Bad, other),
    }
}

/// `; VpcRoutes gave up`, if a state did.
pub(crate) fn given_up(run: &RunSummary) -> String {
    if run.failed.is_empty() { String::new() } else { format!("; {} gave up", run.failed.join(", ")) }
}

/// When a run began, to the second.
pub(crate) fn began(run: &RunSummary) -> String {
    run.began().map_or_else(|| run.started.clone(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// How long it took.
pub(crate) fn took(run: &RunSummary) -> Option<String> {
    run.seconds().map(|seconds| format!("{} min {:02} s", seconds / 60, seconds % 60))
}

fn words(run: &RunSummary) -> Line {
    let (style, status) = ending(run);
    let mut words = String::new();
    if let Some(took) = took(run) {
        let _never = write!(words, " after {took}");
    }
    if run.changes() > 0 {
        let _never = write!(words, ", {}", plan::changes(run.changes()));
    }
    words.push_str(&given_up(run));
    if !run.causes.is_empty() {
        let _never = write!(words, "; blocked: {}", run.causes.join(", "));
    }
    Line::new(format!("{}  {:<20} ", began(run), run.name)).then_styled(style, status).then(words)
}

fn cells(run: &RunSummary) -> [String; 8] {
    let stages = run.stages.iter().filter(|stage| stage.changes > 0);
    let stages: Vec<String> = stages.map(|stage| format!("{} {}", stage.stage, stage.changes)).collect();
    [
        run.name.clone(),
        began(run),
        took(run).unwrap_or_default(),
        format!("{}{}", ending(run).1, given_up(run)),
        run.trigger.clone().unwrap_or_default(),
        run.changes().to_string(),
        stages.join(", "),
        run.causes.join(", "),
    ]
}

/// How many are healthy, and those that are not.
fn members(text: &mut Text, members: &Members, view: &View) {
    let listed = members.listed.as_deref();
    if let Some(unknown) = &members.unknown {
        // A call that failed has been named above.
        let words = if unknown.failed { String::new() } else { format!(": {}", unknown.why) };
        let registered = listed.filter(|listed| !listed.is_empty()).map(<[_]>::len);
        let known = registered.map_or_else(String::new, |count| format!("{count} registered, their health "));
        return text.line(labelled("members").then(known).then_styled(Style::Bad, "not known").then(words));
    }
    let listed = listed.unwrap_or_default();
    let ill = listed.iter().filter(|member| member.health.is_ill()).count();
    let style = if ill == 0 { Style::Good } else { Style::Bad };
    text.line(labelled("members").then_styled(style, Members::healthy(listed)));
    let shown = view.members(listed);
    if view.wide {
        let mut table = Table::new(&["instance", "name", "address", "weight", "mark", "health", "fault"]);
        for member in &shown.members {
            table.row(member.is_faulty().then_some(Style::Bad), row(member));
        }
        if !table.is_empty() {
            text.extend(table.lines(4, view.room));
        }
    } else {
        for member in &shown.members {
            text.line(labelled("").then(described(member)));
        }
    }
    if !shown.faulty.is_empty() {
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for member in &shown.faulty {
            *kinds.entry(fault(member)).or_default() += 1;
        }
        let kinds: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let (count, kinds) = (shown.faulty.len(), kinds.join(", "));
        text.line(labelled("").then(format!("+{count} more, all of them faulty: {kinds} (--all names them)")));
    }
    if shown.well > 0 {
        let count = shown.well;
        text.line(labelled("").then(format!("+{count} more, none of them faulty (--all names them)")));
    }
}

fn described(member: &Member) -> String {
    let owner = match member.named() {
        owner if owner.is_empty() => String::new(),
        owner => format!("{owner} "),
    };
    let (endpoint, mark) = (member.endpoint, mark(member));
    let weight = if member.weight == 0 && mark != "drains" { " weight 0" } else { "" };
    let mark = if mark.is_empty() { String::new() } else { format!(" ({mark})") };
    format!("{owner}{endpoint}{weight} {}{mark}", fault(member))
}

/// What is wrong with a member, or its health.
fn fault(member: &Member) -> String {
    match (&member.health, member.fault) {
        (MemberHealth::Healthy | MemberHealth::Unchecked | MemberHealth::Unknown, Some(code)) => {
            format!("{} {code}", member.health)
        }
        // Health follows from the fault, and is the fault itself where there is no other.
        (health, Some(code)) if code != Code::Unhealthy => format!("{health} {code}"),
        (health, _) => health.to_string(),
    }
}

fn row(member: &Member) -> [String; 7] {
    [
        member.instance.as_ref().map_or_else(|| "not known".to_owned(), ToString::to_string),
        member.name.clone(),
        member.endpoint.to_string(),
        member.weight.to_string(),
        mark(member).to_owned(),
        member.health.to_string(),
        member.fault.map_or_else(String::new, |code| code.to_string()),
    ]
}

/// What its mark says, in a word; nothing of one that serves.
pub(crate) const fn mark(member: &Member) -> &'static str {
    match member.state {
        None => "not ours",
        Some(MemberState::Serving) => "",
        Some(MemberState::Draining(_)) => "drains",
        Some(MemberState::Stopped(_)) => "stopped",
        Some(MemberState::Released(_)) => "released",
    }
}

/// What a run would change, and what it may not.
fn drift(text: &mut Text, look: &Look, view: &View) {
    let (plan, causes) = (&look.seen.plan, &look.seen.causes);
    let (open, blocked): (Vec<&Change>, Vec<&Change>) = plan.changes.iter().partition(|change| change.is_open());
    let by = causes::who_makes(causes);
    let counted = match (open.len(), blocked.len()) {
        (0, 0) => None,
        (open, 0) => Some(format!("{}, which {by}", plan::changes(open))),
        (0, blocked) => Some(format!("{} blocked", plan::changes(blocked))),
        (open, blocked) => Some(format!("{}, which {by}; {blocked} more blocked", plan::changes(open))),
    };
    let (style, words) = match (PlanState::of(plan, causes), counted) {
        (PlanState::NotKnown, None) => (Style::Bad, "not known".to_owned()),
        (PlanState::NotKnown, Some(counted)) => (Style::Bad, format!("not known; so far {counted}")),
        (_, Some(counted)) => (Style::Bad, counted),
        (PlanState::Wrong, None) if causes::passes(causes) => (Style::Good, "none".to_owned()),
        (PlanState::Missing | PlanState::Wrong, None) => (Style::Bad, "none that a run could make up for".to_owned()),
        (_, None) => (Style::Good, "none".to_owned()),
    };
    let more = if plan.changes.is_empty() { String::new() } else { format!(" (albridge plan {})", look.binding) };
    text.line(labelled("drift").then_styled(style, words).then(more));
    let most = |usual| if view.all { usize::MAX } else { usual };
    if !open.is_empty() {
        text.extend(plan::open(&look.seen.topology, plan, most(CHANGES), &" ".repeat(INDENT)));
    }
    for line in plan::ignored(plan, view.all) {
        text.line(labelled("ignored").then(line));
    }
    let later: Vec<&Reason> =
        blocked.iter().flat_map(|change| &change.blocked).filter(|reason| reason.until.is_some()).collect();
    for reason in later.iter().take(most(LATER)) {
        text.line(labelled("").then(&reason.message));
    }
    if later.len() > most(LATER) {
        text.line(labelled("").then(format!("+{} more that only wait for a time", later.len() - LATER)));
    }
    let said = |note: &&Reason| note.code == Code::Unread && !plan.unread.is_empty();
    let notes: Vec<&Reason> = causes.notes.iter().filter(|note| !said(note)).collect();
    for (note, remedy) in with_remedies(&notes) {
        text.line(labelled("note").then(format!("{}: {}", note.code, note.message)));
        if let Some(remedy) = remedy {
            text.line(labelled("").then(remedy));
        }
    }
}
