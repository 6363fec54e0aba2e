//! What differs from what is wanted, with both values, and what runs repaired.

use onboarding::difference::{self, Setting};
use onboarding::{Causes, Change, Code, Reason, Write};

use super::html::{Html, tag};
use super::look::Sight;
use super::parts::{Row, code, link, row, sentence, table, time};
use super::place::Place;
use crate::causes;
use crate::plan::{self, Seen};
use crate::status::{RunSummary, Runs};
use crate::unread::PlanState;

/// Rows before the rest is folded.
const SHOWN: usize = 30;

/// `2 changes, 14 blocked`.
pub(super) fn summary(seen: &Seen) -> String {
    let (open, blocked): (Vec<&Change>, Vec<&Change>) = seen.plan.changes.iter().partition(|change| change.is_open());
    match (open.len(), blocked.len()) {
        (0, 0) => none(seen).to_owned(),
        (open, 0) => plan::changes(open),
        (0, blocked) => format!("{}, blocked", plan::changes(blocked)),
        (open, blocked) => format!("{}, {blocked} more blocked", plan::changes(open)),
    }
}

/// What there is to say where the plan holds no change.
fn none(seen: &Seen) -> &'static str {
    match PlanState::of(&seen.plan, &seen.causes) {
        PlanState::NotKnown => "not known",
        PlanState::Wrong if causes::passes(&seen.causes) => "none",
        PlanState::Missing | PlanState::Wrong => "none that a run could make up for",
        PlanState::Differs | PlanState::InPlace => "none",
    }
}

/// The table of what differs.
pub(super) fn html(sight: &Sight, seen: &Seen) -> Html {
    let name = &sight.binding.name;
    let mut html = Html::default();
    if seen.plan.changes.is_empty() {
        let words = match none(seen) {
            "none" => "Nothing differs from what is wanted.",
            "not known" => "Not known: see what could not be read.",
            _ => "No run can make up for what is wrong: see the causes.",
        };
        html.push(tag("p").add(words));
    } else {
        let mut rows: Vec<Row> = seen.plan.changes.iter().flat_map(|change| rows(seen, change)).collect();
        let rest = rows.split_off(rows.len().min(SHOWN));
        let headings = ["Stage", "What", "Now", "Wanted", "Then"];
        html.push(table(&format!("drift-{name}"), "What differs, as it is and as it should be", &headings, rows));
        if !rest.is_empty() {
            let more = format!("{} more", rest.len());
            let folded = table(&format!("more-drift-{name}"), &more, &headings, rest);
            html.push(tag("details").set("id", format!("fold-drift-{name}")).add(tag("summary").add(more)).add(folded));
        }
    }
    if !seen.plan.ignored.is_empty() {
        let each = seen.plan.ignored.iter().map(|ignored| tag("li").add(ignored.to_string()));
        html.push(tag("h3").add("Left as it is, because the binding ignores it"));
        html.push(tag("ul").add(each.collect::<Html>()));
    }
    if !seen.plan.pending.is_empty() {
        let each = seen.plan.pending.iter().map(|pending| {
            tag("li").add(pending.what.as_str()).add(" ").add(tag("span").class("soft").add(pending.stage.as_str()))
        });
        html.push(tag("h3").add("On its way"));
        html.push(tag("ul").add(each.collect::<Html>()));
    }
    let said = |note: &&Reason| note.code == Code::Unread && !seen.plan.unread.is_empty();
    let notes: Vec<&Reason> = seen.causes.notes.iter().filter(|note| !said(note)).collect();
    if !notes.is_empty() {
        let each = notes.into_iter().map(|note| {
            let item = tag("li").add(code(note.code.as_str())).add(" ").add(sentence(&note.message));
            item.add(tag("p").class("do").add("Do: ").add(sentence(note.remedy())))
        });
        html.push(tag("h3").add("Also found"));
        html.push(tag("ul").class("causes").add(each.collect::<Html>()));
    }
    html
}

/// A change, a row for each setting of which there are two values, or one for what is made.
fn rows(seen: &Seen, change: &Change) -> Vec<Row> {
    let settings = difference::settings(&seen.topology, &change.write);
    let moved: Vec<&Setting> = settings.iter().filter(|setting| setting.from.is_some()).collect();
    let sign = plan::sign(&change.write);
    let what = change.write.to_string();
    let cells = |what: Html, now: String, wanted: String| {
        row([change.stage.as_str().into(), what, now.into(), wanted.into(), then(change, &seen.causes)])
    };
    if moved.is_empty() {
        let (now, wanted) = match sign {
            "-" => ("there", "gone"),
            "~" => ("another", "as the binding says"),
            _ => ("missing", "there"),
        };
        let made: Vec<String> = settings.iter().map(|setting| format!("{} {}", setting.name, setting.to)).collect();
        let wanted = if made.is_empty() { wanted.to_owned() } else { made.join(", ") };
        return vec![cells(what.into(), now.to_owned(), wanted)];
    }
    let subject = match &change.write {
        Write::UpdateServer { instance, address, port, .. } => format!("{instance} at {address}:{port}"),
        _ => what,
    };
    let each = moved.into_iter().map(|setting| {
        let what = Html::from(subject.as_str()).add(": ").add(tag("strong").add(setting.name));
        cells(what, setting.from.clone().unwrap_or_default(), setting.to.clone())
    });
    each.collect()
}

/// What becomes of it.
fn then(change: &Change, causes: &Causes) -> Html {
    let why = change.why.map(|why| format!(", because {}", why.cause())).unwrap_or_default();
    match change.blocked.first() {
        None => format!("{} it{why}", causes::who_makes(causes)).into(),
        Some(reason) if reason.until.is_some() => sentence(&reason.message),
        Some(reason) => {
            let more = match change.blocked.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            Html::from("blocked: ").add(code(reason.code.as_str())).add(format!(" {}{more}", reason.message))
        }
    }
}

/// What the last runs changed.
pub(super) fn repaired(sight: &Sight, runs: &Runs, place: Place) -> Html {
    let Runs::Read { latest, .. } = runs else { return Html::default() };
    let name = &sight.binding.name;
    let stages = latest.iter().flat_map(|run| run.stages.iter().map(move |stage| (run, stage)));
    let rows: Vec<Row> = stages
        .filter(|(_, stage)| stage.changes > 0)
        .map(|(run, stage)| {
            let made = stage.made.iter().map(|what| tag("li").add(what.as_str()));
            let more = stage.changes.saturating_sub(stage.made.len());
            let more = (more > 0).then(|| tag("li").add(format!("and {more} more")));
            let made = tag("ul").class("plain").add(made.chain(more).collect::<Html>());
            let run = Html::from(link(&place.run(name, &run.name), run.name.as_str())).add(started(run));
            row([run, tag("span").class("word").add(stage.stage.as_str()).into(), made.into()])
        })
        .collect();
    if rows.is_empty() {
        return tag("p").add("The last runs had nothing to change.").into();
    }
    table(&format!("repaired-{name}"), "What the last runs made and repaired", &["Run", "Stage", "Changes"], rows)
        .into()
}

fn started(run: &RunSummary) -> Html {
    run.began().map(|at| Html::from(" ").add(time(at).class("soft"))).unwrap_or_default()
}
