//! Runs: the list of a binding's last ones, and the timeline of one: stages, the calls of each, and waits.

use jiff::{SignedDuration, Timestamp};
use onboarding::words::counted;
use stage::{Report, Status};

use super::html::{Html, Tag, tag};
use super::look::Sight;
use super::parts::{TIMELINE, alarm, code, link, row, section, sentence, signed, table, table_under, time, took};
use super::place::Place;
use crate::plan;
use crate::runs::Visit;
use crate::status::{RunSummary, Runs};

/// How wide a timeline is, in units of its own.
const WIDE: i64 = 1000;
/// How high a row of it is.
const HIGH: i64 = 16;
/// So many changes of a stage are folded.
const FEW: usize = 2;
/// The least width at which a bar is seen.
const LEAST: i64 = 4;

/// How a run stands: its sign and its word.
fn state(run: &RunSummary) -> Tag {
    match run.status.as_str() {
        "Succeeded" if !run.failed.is_empty() => {
            signed("mark bad", "✕", &format!("ended, {} gave up", run.failed.join(", ")))
        }
        "Succeeded" if run.causes.is_empty() => signed("mark good", "✓", "succeeded"),
        "Succeeded" => signed("mark warn", "~", "succeeded, some of it blocked"),
        "Stopped" => signed("mark busy", "–", "stopped, another run does its work"),
        "Starting" | "Running" => signed("mark busy", "…", "running"),
        "Failed" => signed("mark bad", "✕", "failed"),
        other => signed("mark bad", "✕", other),
    }
}

/// When it ended, if it did.
fn ended(run: &RunSummary) -> Option<Timestamp> {
    run.stopped.parse().ok()
}

/// `succeeded 3 min ago`, for a list.
pub(super) fn last(sight: &Sight, runs: &Runs, now: Timestamp, place: Place) -> Html {
    match runs {
        Runs::NowhereToLook => tag("span").class("soft").add("not known: no home region").into(),
        Runs::Unread(_) => signed("mark warn", "?", "not known").into(),
        Runs::Read { latest, .. } => match latest.first() {
            None => "none".into(),
            Some(run) => {
                let since = |at: Timestamp| took(now.duration_since(at));
                let ago = match ended(run) {
                    Some(ended) => Some(format!(" {} ago", since(ended))),
                    None => run.began().map(|began| format!(" for {}", since(began))),
                };
                Html::from(link(&place.run(&sight.binding.name, &run.name), state(run))).add(ago.unwrap_or_default())
            }
        },
    }
}

/// The list of the last runs.
pub(super) fn list(sight: &Sight, runs: &Runs, place: Place) -> Html {
    let (latest, older, failing) = match runs {
        Runs::NowhereToLook => {
            let how = "Not known: start this with `--home REGION`, or set ALBRIDGE_HOME_REGION.";
            return tag("p").add(sentence(how)).into();
        }
        Runs::Unread(why) => return alarm("The runs are not known:", tag("p").add(why.as_str())),
        Runs::Read { latest, .. } if latest.is_empty() => return tag("p").add("There was no run yet.").into(),
        Runs::Read { latest, older, failing } => (latest, *older, *failing),
    };
    let name = &sight.binding.name;
    let rows = latest.iter().map(|run| {
        let took = run.seconds().map(|seconds| took(SignedDuration::from_secs(seconds)));
        let changes = if run.changes() == 0 { "none".to_owned() } else { run.changes().to_string() };
        row([
            state(run).into(),
            link(&place.run(name, &run.name), run.name.as_str()).into(),
            run.trigger.as_deref().unwrap_or("–").into(),
            run.began().map(|at| Html::from(time(at))).unwrap_or_default(),
            took.unwrap_or_else(|| "not ended".to_owned()).into(),
            changes.into(),
            run.causes.join(", ").into(),
        ])
    });
    let headings = ["State", "Run", "Started by", "Began", "Took", "Changes", "Blocked by"];
    let table = table(&format!("runs-{name}"), "The last runs, newest first", &headings, rows);
    let failing = if failing > 0 { format!(", of which the newest {failing} failed") } else { String::new() };
    let more = (older > 0).then(|| tag("p").class("soft").add(format!("{older} older ones are listed{failing}.")));
    Html::from(table).add(more.into_iter().collect::<Html>())
}

/// One run, as a page of its own or a section of a file.
pub(super) fn page(sight: &Sight, run: &RunSummary, now: Timestamp, place: Place) -> Html {
    let name = &sight.binding.name;
    let mut facts = Html::from(state(run));
    if let Some(by) = &run.trigger {
        facts.push(format!(", started by {by}"));
    }
    if let Some(started) = run.began() {
        facts.push(Html::from(", began ").add(time(started)));
        let end = ended(run).unwrap_or(now);
        let word = if run.is_open() { ", for " } else { ", took " };
        facts.push(Html::from(word).add(took(end.duration_since(started))));
    }
    facts.push(format!(", {}", plan::changes(run.changes())));
    let title = Html::from("Run ").add(run.name.as_str());
    let content = match run.visits.as_slice() {
        [] => tag("p").add("Nothing has happened in it yet.").into(),
        visits => timeline(run, visits, now),
    };
    match place {
        Place::Served => Html::from(tag("h1").add(title)).add(tag("p").class("facts").add(facts)).add(section(
            &format!("timeline-{name}"),
            "Timeline",
            content,
        )),
        Place::File => tag("details")
            .set("id", Place::run_id(&run.name))
            .add(tag("summary").add(title).add(": ").add(facts))
            .add(content)
            .into(),
    }
}

/// The bars of all states under one axis, and beside them what they came to.
fn timeline(run: &RunSummary, visits: &[Visit], now: Timestamp) -> Html {
    let begin = run.began().or_else(|| visits.first().map(|visit| visit.entered)).unwrap_or(now);
    let left = visits.iter().filter_map(|visit| visit.left).max();
    let end = ended(run).or(if run.is_open() { Some(now) } else { left }).unwrap_or(now);
    let axis = Axis { begin, whole: end.duration_since(begin).max(SignedDuration::from_secs(1)) };
    let rows = visits.iter().enumerate().map(|(number, visit)| {
        let until = visit.left.unwrap_or(end);
        let calls = if visit.waits() { "–".to_owned() } else { visit.calls.len().to_string() };
        row([
            visit.name().into(),
            took(visit.entered.duration_since(begin)).into(),
            took(until.duration_since(visit.entered)).into(),
            calls.into(),
            bars(&axis, visit, until).into(),
            outcome(visit, &format!("{}-made-{number}", Place::run_id(&run.name))),
        ])
    });
    let headings = ["Stage", "After", "Took", "Calls", TIMELINE, "Came to"];
    let id = format!("{}-timeline", Place::run_id(&run.name));
    let table = table_under(&id, "Stages, calls and waits", &headings, axis.marks(), rows);
    let legend = tag("p")
        .class("legend")
        .add(sample("call"))
        .add(" a call that ended its stage; ")
        .add(sample("again"))
        .add(" a call that said \"not yet\" or failed, and was made again; ")
        .add(sample("wait"))
        .add(" waiting. ")
        .add(format!("The whole line is {}. ", took(axis.whole)))
        .add("Calls are those of the stages' functions; what a function asks the cloud is in its log.");
    Html::from(tag("div").class("timeline").add(table)).add(legend)
}

/// Where times lie.
struct Axis {
    begin: Timestamp,
    whole: SignedDuration,
}

impl Axis {
    /// Its beginning, middle and end, at their places.
    fn marks(&self) -> Tag {
        let at = |part: SignedDuration| tag("span").add(took(part));
        tag("span").class("axis").add(at(SignedDuration::ZERO)).add(at(self.whole / 2)).add(at(self.whole))
    }

    fn x(&self, at: Timestamp) -> i64 {
        let (part, whole) = (at.duration_since(self.begin).as_millis(), self.whole.as_millis().max(1));
        i64::try_from(part * i128::from(WIDE) / whole).unwrap_or_default().clamp(0, WIDE)
    }
}

fn bars(axis: &Axis, visit: &Visit, until: Timestamp) -> Tag {
    let mut bars = Html::default();
    let (from, to) = (axis.x(visit.entered), axis.x(until));
    // What lies behind: the whole stay. Where no call is, it waits.
    bars.push(bar("wait", from, to, HIGH / 2 - 1, 2, "waiting"));
    for (number, call) in visit.calls.iter().enumerate() {
        let ended = call.ended.unwrap_or(until);
        let took = took(ended.duration_since(call.began));
        let (class, words) = match (&call.again, call.ended) {
            (Some(why), _) => ("again", format!("call {}, {took}, made again: {why}", number + 1)),
            (None, None) => ("call", format!("call {}, for {took}", number + 1)),
            (None, Some(_)) => ("call", format!("call {}, {took}", number + 1)),
        };
        bars.push(bar(class, axis.x(call.began), axis.x(ended), 2, HIGH - 4, &words));
    }
    tag("svg")
        .class("bars")
        .set("viewBox", format!("0 0 {WIDE} {HIGH}"))
        .set("preserveAspectRatio", "none")
        .set("role", "img")
        .set("aria-label", described(visit))
        .add(bars)
}

fn bar(class: &'static str, from: i64, to: i64, y: i64, high: i64, words: &str) -> Tag {
    let wide = (to - from).max(LEAST);
    let bar = tag("g").add(tag("title").add(words));
    bar.add(
        tag("rect").class(class).set("x", from.min(WIDE - LEAST)).set("y", y).set("width", wide).set("height", high),
    )
}

fn sample(class: &'static str) -> Tag {
    let high = if class == "wait" { 2 } else { 12 };
    tag("svg")
        .class("sample")
        .set("viewBox", "0 0 24 12")
        .set("aria-hidden", "true")
        .add(tag("rect").class(class).set("x", 1).set("y", (12 - high) / 2).set("width", 22).set("height", high))
}

/// The bars in words.
fn described(visit: &Visit) -> String {
    let again = visit.calls.iter().filter(|call| call.again.is_some()).count();
    match (visit.waits(), again) {
        (true, _) => "waiting".to_owned(),
        (false, 0) => counted(visit.calls.len(), "call"),
        (false, again) => format!("{}, {again} of them made again", counted(visit.calls.len(), "call")),
    }
}

/// What a stage came to: its word, what it made, what blocked it, and what its calls waited for.
fn outcome(visit: &Visit, id: &str) -> Html {
    let mut html = match (&visit.report, visit.left, visit.failed) {
        (Some(report), ..) => reported(report, id),
        (None, None, _) if visit.waits() => signed("mark busy", "…", "waits").into(),
        (None, None, _) => signed("mark busy", "…", "at work").into(),
        (None, Some(_), true) => signed("mark bad", "✕", "gave up").into(),
        (None, Some(_), false) => Html::from(if visit.waits() { "waited" } else { "done" }),
    };
    let mut waited: Vec<(&str, usize)> = Vec::new();
    for why in visit.calls.iter().filter_map(|call| call.again.as_deref()) {
        match waited.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += 1,
            None => waited.push((why, 1)),
        }
    }
    if !waited.is_empty() {
        let each = waited.into_iter().map(|(why, count)| {
            let times = if count == 1 { String::new() } else { format!(" ({count} times)") };
            tag("li").add(why).add(times)
        });
        html.push(tag("p").class("soft").add("Not yet:"));
        html.push(tag("ul").class("plain").add(each.collect::<Html>()));
    }
    html
}

fn reported(report: &Report, id: &str) -> Html {
    let waits = report.status == Status::Blocked && report.blocked.iter().all(|reason| reason.until.is_some());
    let state = match report.status {
        Status::Done => signed("mark good", "✓", "done"),
        Status::Blocked if waits => signed("mark good", "✓", "done"),
        Status::Unread => signed("mark warn", "?", "not known"),
        Status::Blocked => signed("mark bad", "✕", "blocked"),
        Status::ReadOnly => signed("mark warn", "–", "read-only"),
    };
    let mut html = Html::from(state);
    let made = report.made.iter().map(|what| tag("li").add(what.as_str()));
    let made = tag("ul").class("plain").add(made.collect::<Html>());
    match report.written() {
        0 => {}
        // Bars that stand close together tell more.
        FEW.. => {
            html.push(tag("details").set("id", id).add(tag("summary").add(plan::changes(report.written()))).add(made));
        }
        _ => html = html.add(", ").add(plan::changes(report.written())).add(made),
    }
    let mut items: Vec<Tag> = Vec::new();
    for failures in report.unread.by_code() {
        items.push(tag("li").add(format!("could not read {failures}")));
    }
    for reason in &report.blocked {
        let item = if reason.until.is_some() { tag("li") } else { tag("li").add(code(reason.code.as_str())).add(" ") };
        items.push(item.add(sentence(&reason.message)));
    }
    if report.omitted > 0 {
        items.push(tag("li").add(format!("and {} more, which the report leaves out", report.omitted)));
    }
    if !items.is_empty() {
        html.push(tag("ul").class("plain").add(items.into_iter().collect::<Html>()));
    }
    html
}
