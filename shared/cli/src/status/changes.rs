//! What is different between two looks, in sentences.

use std::collections::BTreeMap;

use onboarding::ids::BindingName;
use onboarding::topology::Endpoint;

use super::look::{Look, Member, RunSummary, Runs};
use super::text::{ending, given_up, mark};
use crate::plan;
use crate::unread::PlanState;

/// The causes of each binding that were found and are not known to be gone, with their sentences.
#[derive(Debug, Default)]
pub(super) struct Standing(BTreeMap<BindingName, BTreeMap<Problem, String>>);

/// A cause by its code and resource.
type Problem = (&'static str, String);

impl Standing {
    /// Notes the causes that a look shows, and gives what is different. What could not be read is neither found nor gone: after such a
    /// look, a cause that it does not show still stands.
    fn note(&mut self, look: &Look) -> Vec<String> {
        let standing = self.0.entry(look.binding.clone()).or_default();
        let found = look.seen.causes.causes.iter().map(|cause| &cause.reason);
        let found: BTreeMap<Problem, String> =
            found.map(|reason| ((reason.code.as_str(), reason.resource.clone()), reason.message.clone())).collect();
        let mut changes = Vec::new();
        for ((code, _), message) in found.iter().filter(|(problem, _)| !standing.contains_key(*problem)) {
            changes.push(format!("new: {code} {message}"));
        }
        if is_whole(look) {
            for ((code, _), message) in standing.iter().filter(|(problem, _)| !found.contains_key(*problem)) {
                changes.push(format!("over: {code} {message}"));
            }
            *standing = found;
        } else {
            standing.extend(found);
        }
        changes
    }
}

/// Whether everything was read that causes are found from.
fn is_whole(look: &Look) -> bool {
    look.unread().is_empty() && PlanState::of(&look.seen.plan, &look.seen.causes) != PlanState::NotKnown
}

/// What has changed, binding by binding; each sentence names its binding where there are several. Nothing is before the first look.
pub(super) fn between(before: Option<&[Look]>, now: &[Look], standing: &mut Standing) -> Vec<String> {
    let mut changes = Vec::new();
    for look in now {
        let mut found = standing.note(look);
        let Some(before) = before else { continue };
        let Some(other) = before.iter().find(|other| other.binding == look.binding) else {
            changes.push(format!("{} is new", look.binding));
            continue;
        };
        one(other, look, &mut found);
        changes.extend(found.into_iter().map(|change| named(&look.binding, now.len() > 1, change)));
    }
    standing.0.retain(|binding, _| now.iter().any(|look| look.binding == *binding));
    let before = before.unwrap_or_default();
    let gone = before.iter().filter(|look| !now.iter().any(|other| other.binding == look.binding));
    changes.extend(gone.map(|look| format!("{} is gone", look.binding)));
    changes
}

fn named(binding: &BindingName, several: bool, change: String) -> String {
    if several { format!("{binding}: {change}") } else { change }
}

fn one(before: &Look, now: &Look, changes: &mut Vec<String>) {
    members(before, now, changes);
    runs(&before.runs, &now.runs, changes);
    let (was, is) = (drift(before), drift(now));
    if was != is {
        changes.push(format!("drift: {was} -> {is}"));
    }
}

fn members(before: &Look, now: &Look, changes: &mut Vec<String>) {
    let of = |look: &'_ Look| -> Option<BTreeMap<Endpoint, Member>> {
        let listed = look.members.listed.as_ref()?;
        Some(listed.iter().map(|member| (member.endpoint, member.clone())).collect())
    };
    let (was, is) = match (of(before), of(now)) {
        (Some(was), Some(is)) => (was, is),
        (None, None) => return,
        (Some(_), None) => return changes.push("the members are not known any more".to_owned()),
        (None, Some(_)) => return changes.push("the members are known".to_owned()),
    };
    for (endpoint, member) in &is {
        let name = name(member);
        let Some(other) = was.get(endpoint) else {
            changes.push(format!("{name} is a member: weight {}, {}", member.weight, member.health));
            continue;
        };
        if other.health != member.health {
            changes.push(format!("{name}: {} -> {}", other.health, member.health));
        }
        if other.weight != member.weight {
            changes.push(format!("{name}: weight {} -> {}", other.weight, member.weight));
        }
        let words = |member: &Member| match mark(member) {
            "" => "serves",
            word => word,
        };
        if words(other) != words(member) {
            changes.push(format!("{name}: {} -> {}", words(other), words(member)));
        }
    }
    for member in was.iter().filter(|(endpoint, _)| !is.contains_key(endpoint)).map(|(_, member)| member) {
        changes.push(format!("{} is no member any more", name(member)));
    }
}

fn name(member: &Member) -> String {
    match member.named() {
        name if name.is_empty() => member.endpoint.to_string(),
        name => format!("{name} at {}", member.endpoint),
    }
}

fn runs(before: &Runs, now: &Runs, changes: &mut Vec<String>) {
    let (Runs::Read { latest: was, .. }, Runs::Read { latest: is, .. }) = (before, now) else { return };
    let status = |run: &RunSummary| ending(run).1.to_owned();
    // Oldest first, as it happened.
    for run in is.iter().rev() {
        let other = was.iter().find(|other| other.name == run.name);
        if other.map(status) == Some(status(run)) {
            continue;
        }
        let made = if run.is_open() || run.changes() == 0 {
            String::new()
        } else {
            format!(", {}", plan::changes(run.changes()))
        };
        changes.push(format!("run {} {}{made}{}", run.name, ending(run).1, given_up(run)));
    }
}

/// The drift in a few words.
fn drift(look: &Look) -> String {
    let plan = &look.seen.plan;
    if PlanState::of(plan, &look.seen.causes) == PlanState::NotKnown {
        return "not known".to_owned();
    }
    let open = plan.changes.iter().filter(|change| change.is_open()).count();
    match (open, plan.changes.len() - open) {
        (0, 0) => "none".to_owned(),
        (open, 0) => plan::changes(open),
        (0, blocked) => format!("{} blocked", plan::changes(blocked)),
        (open, blocked) => format!("{}, {blocked} blocked", plan::changes(open)),
    }
}
