//! All bindings, each with what is wrong first.

use onboarding::words::counted;

use super::html::{Html, tag};
use super::look::{Sight, Sights, Standing};
use super::parts::{code, link, mark, row, sentence, table};
use super::place::Place;
use super::{drift, members, runs};
use crate::causes;
use crate::status::Look;

/// The list.
pub(super) fn page(look: &Sights, place: Place) -> Html {
    let heading = match place {
        Place::Served => tag("h1"),
        Place::File => tag("h2"),
    };
    let html = Html::from(heading.add(sentence(&headline(look))));
    if look.sights.is_empty() {
        return html.add(tag("p").add(sentence(&format!(
            "{} has no bindings: add one to its list `bindings`; `albridge schema` tells what one looks like.",
            look.store
        ))));
    }
    let mut sights: Vec<&Sight> = look.sights.iter().collect();
    // What needs somebody comes first; else in the store's order.
    sights.sort_by_key(|sight| std::cmp::Reverse(sight.standing()));
    let rows = sights.into_iter().map(|sight| {
        let name = &sight.binding.name;
        let known = |what: fn(&Look) -> String| sight.found.as_ref().map_or_else(|_| "not known".to_owned(), what);
        let last = |found: &Look| runs::last(sight, &found.runs, look.at, place);
        row([
            mark(sight.standing()).into(),
            link(&place.binding(name), name.as_str()).into(),
            format!("{} in {}", sight.binding.alb.id, sight.binding.alb.region).into(),
            known(members::summary).into(),
            known(|found| drift::summary(&found.seen)).into(),
            sight.found.as_ref().map_or_else(|_| "not known".into(), last),
            first_cause(sight),
        ])
    });
    let headings = ["State", "Binding", "Load balancer", "Members", "Drift", "Last run", "First cause"];
    html.add(table("bindings", "Bindings, those that need somebody first", &headings, rows))
}

/// `1 of 3 bindings is faulty`.
pub(super) fn headline(look: &Sights) -> String {
    let count = |wanted: Standing| look.sights.iter().filter(|sight| sight.standing() == wanted).count();
    let all = look.sights.len();
    let parts: Vec<String> = [Standing::Faulty, Standing::NotKnown, Standing::Differs, Standing::Changing]
        .into_iter()
        .filter_map(|standing| match count(standing) {
            0 => None,
            some => Some(format!("{some} {}", standing.words().1)),
        })
        .collect();
    match (all, parts.as_slice()) {
        (0, _) => "No bindings".to_owned(),
        (1, []) => "1 binding, and it is well".to_owned(),
        (all, []) => format!("{}, and all are well", counted(all, "binding")),
        (all, parts) => format!("{}: {}", counted(all, "binding"), parts.join(", ")),
    }
}

fn first_cause(sight: &Sight) -> Html {
    let (seen, unread) = match &sight.found {
        Ok(found) => (&found.seen, found.unread()),
        Err(why) => return sentence(why),
    };
    if let Some(failures) = unread.by_code().first() {
        let told = Html::from(format!("could not read {failures}"));
        return told.add(tag("p").class("do").add("Do: ").add(sentence(failures.remedy())));
    }
    let Some(cause) = seen.causes.causes.first() else { return Html::from("none") };
    let more = match seen.causes.causes.len() - 1 {
        0 => None,
        more => Some(tag("p").class("soft").add(format!("And {}.", counted(more, "more cause")))),
    };
    Html::from(code(cause.reason.code.as_str()))
        .add(" ")
        .add(sentence(&causes::message(cause)))
        .add(tag("p").class("do").add("Do: ").add(sentence(&cause.remedy)))
        .add(more.into_iter().collect::<Html>())
}
