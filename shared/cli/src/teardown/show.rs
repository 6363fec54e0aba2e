//! What a teardown shows: what goes and in which order, what stays and why.

use jiff::{SignedDuration, Timestamp};
use onboarding::ids::BindingName;
use onboarding::words::counted;
use onboarding::{Change, Code, Plan, Reason, Write};
use serde_json::{Value, json};
use stage::{Report, Status};

use crate::output::{Console, Line, Style, Text};
use crate::runs::{Told, stage_line};
use crate::unread;

/// The call by which members begin to drain: it takes nothing away.
pub(super) const DRAINING: &str = "UpdateServerGroupServersAttribute";

/// The parts of a teardown, in its order.
const PARTS: [&str; 4] =
    ["members", "listener and server group", "security rules and routes", "attachments and connections"];

/// What goes, part by part, and what stays.
pub(super) fn plan(binding: &BindingName, plan: &Plan, console: Console) {
    let strong = |words: String| Text::from(Line::styled(Style::Strong, words));
    let mut text = if !plan.unread.is_empty() {
        let mut text = strong(format!("{binding}: not known, because readings failed"));
        text.extend(unread::lines(&plan.unread, "  ", false));
        text
    } else if plan.changes.is_empty() && plan.pending.is_empty() {
        strong(format!("{binding}: nothing is left to take away"))
    } else {
        strong(format!(
            "{binding}: {} to take away",
            counted(plan.changes.iter().filter(|change| goes(change)).count(), "thing")
        ))
    };
    for (number, part) in PARTS.iter().enumerate() {
        let changes: Vec<&Change> = plan.changes.iter().filter(|change| part_of(&change.write) == number).collect();
        if changes.is_empty() {
            continue;
        }
        text.line(format!("  {part}"));
        for change in changes {
            one(&mut text, change);
        }
    }
    for pending in &plan.pending {
        text.line(format!("  . on its way: {}", pending.what));
    }
    text.extend(stays(plan));
    console.print(text);
    console.print_json(&line("teardown", binding, plan));
}

/// What was done, and what is left.
pub(super) fn left(binding: &BindingName, (made, took): (usize, SignedDuration), plan: &Plan, console: Console) {
    let seconds = took.as_secs();
    let time =
        if seconds < 60 { format!("{seconds} s") } else { format!("{} min {:02} s", seconds / 60, seconds % 60) };
    let line = Line::styled(Style::Strong, format!("{binding}: {} made in {time}", crate::plan::changes(made)));
    let count = plan.changes.iter().filter(|change| goes(change)).count() + plan.pending.len();
    let mut text = Text::from(if !plan.is_whole() {
        line.then("; what is left is not known")
    } else if count == 0 {
        line.then(", nothing is left to take away")
    } else {
        let again = format!("; left: {} (the same command again goes on)", counted(count, "thing"));
        line.then_styled(Style::Bad, again)
    });
    text.extend(unread::lines(&plan.unread, "  ", false));
    for change in &plan.changes {
        one(&mut text, change);
    }
    text.extend(stays(plan));
    console.print(text);
    console.print_json(&self::line("left", binding, plan));
}

/// A step that is done, as far as it could be.
pub(super) fn step(report: &Report, told: &mut Told, console: Console) {
    let mut text = Text::default();
    for made in &report.made {
        text.line(Line::new("    ").then_styled(Style::Good, "-").then(format!(" {made}")));
    }
    if report.made.len() < report.written() {
        text.line(format!("    and {} more", report.written() - report.made.len()));
    }
    // Where members still drain, everything else has its turn after them.
    let stuck = report.status != Status::Done && next(report).is_none();
    if stuck {
        text.extend(stage_line(report, told));
    }
    if stuck || report.written() > 0 {
        console.print(text);
    }
    console.print_json(
        &json!({"event": "stage", "binding": report.binding, "stage": report.stage, "status": report.status,
                "changes": report.written(), "made": report.made, "unread": report.unread, "blocked": report.blocked}),
    );
}

/// When something that only waits for a time may go on.
pub(super) fn next(report: &Report) -> Option<Timestamp> {
    report.blocked.iter().filter_map(|reason| reason.until).min()
}

/// What is waited for.
pub(super) fn waits(what: &str, console: Console) {
    console.print(Line::styled(Style::Faint, format!("  waits: {what}")));
    console.print_json(&json!({"event": "waiting", "what": what}));
}

/// That members drain.
pub(super) fn drains(report: &Report, until: Timestamp, console: Console) {
    let drain = report.blocked.iter().filter(|reason| reason.until.is_some());
    let members: Vec<&str> = drain.map(|reason| reason.resource.as_str()).collect();
    // The next whole second is not too early.
    let at = until.checked_add(SignedDuration::from_millis(999)).unwrap_or(until).strftime("%H:%M:%S UTC");
    let who = match members.len() {
        1 => "1 member finishes its requests".to_owned(),
        many => format!("{many} members finish their requests"),
    };
    let words = format!("  {who} until {at}; this waits, or the same command later goes on");
    console.print(Line::styled(Style::Faint, words));
    console.print_json(&json!({"event": "draining", "members": members, "until": until}));
}

fn line(event: &str, binding: &BindingName, plan: &Plan) -> Value {
    let changes: Vec<Value> = plan
        .changes
        .iter()
        .map(|change| json!({"what": change.write.to_string(), "blocked": change.blocked, "write": change.write}))
        .collect();
    json!({"event": event, "binding": binding, "unread": plan.unread, "changes": changes, "pending": plan.pending,
           "stays": plan.findings})
}

/// Whether a change takes something away; draining only prepares for it.
pub(super) const fn goes(change: &Change) -> bool {
    !matches!(change.write, Write::UpdateServer { .. })
}

const fn part_of(write: &Write) -> usize {
    match write {
        Write::UpdateServer { .. } | Write::RemoveServer { .. } => 0,
        Write::DeleteListener { .. } | Write::RemoveServerGroup { .. } => 1,
        Write::RevokeIngress { .. } | Write::RemoveVpcRoute { .. } | Write::RemoveTransitRoute { .. } => 2,
        _ => 3,
    }
}

/// A change, with what stands in its way: not that it has its turn later.
fn one(text: &mut Text, change: &Change) {
    let turn = |reason: &&Reason| matches!(reason.code, Code::Waits | Code::RemovalWaits);
    let blocked: Vec<&Reason> = change.blocked.iter().filter(|reason| !turn(reason)).collect();
    let (style, sign) = if blocked.is_empty() { (Style::Good, "-") } else { (Style::Bad, "x") };
    text.line(Line::new("    ").then_styled(style, sign).then(format!(" {}", change.write)));
    for reason in blocked {
        text.line(format!("        {}", reason.message));
        text.line(
            Line::new("        ").then_styled(Style::Bad, reason.code.as_str()).then(format!(" {}", reason.remedy())),
        );
    }
}

/// What stays, each with the reason.
fn stays(plan: &Plan) -> Text {
    let mut text = Text::default();
    if plan.findings.is_empty() {
        return text;
    }
    text.line("  stays");
    for finding in &plan.findings {
        text.line(format!("    . {}", finding.message));
        if finding.code != Code::Kept {
            text.line(format!("        {} {}", finding.code, finding.remedy()));
        }
    }
    text
}
