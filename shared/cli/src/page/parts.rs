//! What several pages show: marks, times, tables, causes, and what could not be read.

use jiff::{SignedDuration, Timestamp};
use onboarding::causes::Cause;
use onboarding::unread::FailedCalls;
use onboarding::{Causes, Code, Plan};

use super::html::{Html, Tag, tag};
use super::look::Standing;
use crate::causes;

/// A sign with its word.
pub(super) fn mark(standing: Standing) -> Tag {
    let (sign, word) = standing.words();
    signed(standing.class(), sign, word)
}

/// A sign that is not read aloud, and a word that is.
pub(super) fn signed(class: &'static str, sign: &str, word: &str) -> Tag {
    tag("span").class(class).add(tag("span").set("aria-hidden", "true").add(sign)).add(format!(" {word}"))
}

/// To the second, as the cloud tells it.
pub(super) fn time(at: Timestamp) -> Tag {
    let shown = at.strftime("%Y-%m-%d %H:%M:%SZ");
    tag("time").set("datetime", at.strftime("%Y-%m-%dT%H:%M:%SZ")).add(shown.to_string())
}

/// `12 s`, `4 min 02 s`, `3 h 20 min`, in one piece.
pub(super) fn took(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}\u{a0}s"),
        (0, minutes, seconds) => format!("{minutes}\u{a0}min\u{a0}{seconds:02}\u{a0}s"),
        (hours, minutes, _) => format!("{hours}\u{a0}h\u{a0}{minutes:02}\u{a0}min"),
    }
}

/// A row of a table.
pub(super) struct Row(Vec<Html>);

/// A row, of cells.
pub(super) fn row(cells: impl IntoIterator<Item = Html>) -> Row {
    Row(cells.into_iter().collect())
}

/// A table that scrolls sideways where there is no room; where there is very little, its rows are blocks, and every cell has its heading
/// beside it. `id` is the page's own.
pub(super) fn table(id: &str, caption: &str, headings: &[&str], rows: impl IntoIterator<Item = Row>) -> Tag {
    table_under(id, caption, headings, Html::default(), rows)
}

/// The same with more in the heading that is called `Timeline`.
pub(super) fn table_under(
    id: &str,
    caption: &str,
    headings: &[&str],
    axis: impl Into<Html>,
    rows: impl IntoIterator<Item = Row>,
) -> Tag {
    let axis = axis.into();
    let heading = |heading: &&str| {
        let shown = tag("th").set("scope", "col").add(*heading);
        if *heading == TIMELINE { shown.add(axis.clone()) } else { shown }
    };
    let cells = |Row(cells): Row| {
        let cells = headings.iter().zip(cells).map(|(heading, cell)| tag("td").set("data-label", heading).add(cell));
        tag("tr").add(cells.collect::<Html>())
    };
    let table = tag("table")
        .add(tag("caption").add(caption))
        .add(tag("thead").add(tag("tr").add(headings.iter().map(heading).collect::<Html>())))
        .add(tag("tbody").add(rows.into_iter().map(cells).collect::<Html>()));
    tag("div")
        .class("scroll")
        .set("id", id)
        .set("tabindex", 0)
        .set("role", "region")
        .set("aria-label", caption)
        .add(table)
}

/// The heading of the column with the bars.
pub(super) const TIMELINE: &str = "Timeline";

/// A link that the keys for rows come by.
pub(super) fn link(address: &str, text: impl Into<Html>) -> Tag {
    tag("a").set("href", address).add(text)
}

/// A section with its heading.
pub(super) fn section(id: &str, heading: &str, content: impl Into<Html>) -> Tag {
    let name = format!("{id}-heading");
    tag("section").set("id", id).set("aria-labelledby", &name).add(tag("h2").set("id", name).add(heading)).add(content)
}

/// A sentence in which commands stand between backticks.
pub(super) fn sentence(text: &str) -> Html {
    let pieces = text.split('`').enumerate();
    pieces
        .map(|(number, piece)| if number % 2 == 0 { Html::from(piece) } else { tag("code").add(piece).into() })
        .collect()
}

/// What could not be read, each kind of failure once.
pub(super) fn unread(unread: &FailedCalls) -> Html {
    if unread.is_empty() {
        return Html::default();
    }
    let each = unread.by_code().into_iter().map(|failures| {
        tag("li")
            .add(code(Code::Unread.as_str()))
            .add(format!(" Could not read {}.", failures.whole()))
            .add(tag("p").class("do").add("Do: ").add(sentence(failures.remedy())))
    });
    alarm("Not known, because readings failed:", tag("ul").class("causes").add(each.collect::<Html>()))
}

/// What is wrong, in a box.
pub(super) fn alarm(heading: &str, content: impl Into<Html>) -> Html {
    tag("div").class("alarm").add(tag("p").class("lead").add(heading)).add(content).into()
}

/// A code of the runbook.
pub(super) fn code(code: &str) -> Tag {
    tag("code").class("code").add(code)
}

/// Every cause, the heaviest first, with what waits for it and what mends it.
pub(super) fn causes(causes: &Causes, plan: &Plan) -> Html {
    let Some(headline) = causes::headline(causes) else { return Html::default() };
    let each = causes.causes.iter().map(|cause| one(cause, plan));
    alarm(&format!("{headline}:"), tag("ol").class("causes").add(each.collect::<Html>()))
}

fn one(cause: &Cause, plan: &Plan) -> Tag {
    let kept = [causes::instances(&cause.instances, false), causes::waiting(cause, plan, true)];
    let kept: Vec<String> = kept.into_iter().flatten().collect();
    let item = tag("li").add(code(cause.reason.code.as_str())).add(" ").add(sentence(&causes::message(cause)));
    let item =
        if kept.is_empty() { item } else { item.add(tag("p").class("kept").add(format!("{}.", kept.join("; ")))) };
    item.add(tag("p").class("do").add("Do: ").add(sentence(&cause.remedy)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_commands_read_well() {
        let told: Vec<String> = [0, 59, 62, 3600, 7_384]
            .iter()
            .map(|seconds| took(SignedDuration::from_secs(*seconds)).replace('\u{a0}', " "))
            .collect();
        assert_eq!(told, ["0 s", "59 s", "1 min 02 s", "1 h 00 min", "2 h 03 min"]);
        let html = sentence("Run `albridge apply <web>`, look.").into_part();
        assert_eq!(html, "Run <code>albridge apply &lt;web&gt;</code>, look.");
    }
}
