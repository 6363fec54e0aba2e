//! The output of `apply` about members that are removed later: which, and when. It does not wait for them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use onboarding::Code;
use onboarding::ids::BindingName;
use serde_json::json;
use stage::Report;

use crate::output::Console;

/// How many names one sentence lists.
const NAMED: usize = 8;

/// Members that are removed at the same time, for the same cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Later {
    pub(super) until: Timestamp,
    /// Whether they are marked as released; else they drain.
    pub(super) released: bool,
}

/// Prints one sentence for each time and cause.
pub(super) fn tell(binding: &BindingName, reports: &[Report], console: Console) {
    for (later, members) in later(reports) {
        console.print(sentence(binding, &members, later));
        console.print_json(&json!({"event": "leaving", "binding": binding, "members": members, "until": later.until,
                             "released": later.released}));
    }
}

/// Who is to be removed at what time.
pub(super) fn later(reports: &[Report]) -> BTreeMap<Later, BTreeSet<&str>> {
    let mut later: BTreeMap<Later, BTreeSet<&str>> = BTreeMap::new();
    for reason in reports.iter().flat_map(|report| &report.blocked) {
        if let Some(until) = reason.until {
            let released = reason.code == Code::ReleaseMarked;
            later.entry(Later { until, released }).or_default().insert(&reason.resource);
        }
    }
    later
}

fn sentence(binding: &BindingName, members: &BTreeSet<&str>, later: Later) -> String {
    // A hold is minutes long: the next whole minute is not too early.
    let until = later.until.checked_add(SignedDuration::from_secs(59)).unwrap_or(later.until);
    let at = until.strftime("%H:%M UTC");
    let are = if members.len() == 1 { "is" } else { "are" };
    let them = if members.len() == 1 { "it" } else { "them" };
    let why = if later.released { "marked as released" } else { "draining" };
    format!("{binding}: {} {are} {why}; the next run or apply removes {them} after {at}.", names(members))
}

/// `i-1`, `i-1 and i-2`, `i-1, i-2 and i-3`, or the first of many.
fn names(members: &BTreeSet<&str>) -> String {
    let more = members.len().saturating_sub(NAMED);
    let mut names: Vec<String> = members.iter().take(NAMED).map(|name| (*name).to_owned()).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_sentence_names_who_drains_and_until_when() {
        let until = "2026-11-22T08:19:30Z".parse().unwrap();
        let drain = Later { until, released: false };
        let say = |members: &[&str]| sentence(&"web".into(), &members.iter().copied().collect(), drain);
        assert_eq!(say(&["i-1"]), "web: i-1 is draining; the next run or apply removes it after 08:20 UTC.");
        assert_eq!(
            say(&["i-1", "i-2"]),
            "web: i-1 and i-2 are draining; the next run or apply removes them after 08:20 UTC."
        );
        let many: Vec<String> = (10..40).map(|number| format!("i-{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(say(&many).contains("i-17 and 22 more are draining"), "{}", say(&many));
        let released = sentence(&"web".into(), &["i-1"].into(), Later { until, released: true });
        assert!(released.contains("i-1 is marked as released; the next run"), "{released}");
    }
}
