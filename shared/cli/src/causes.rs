//! The text about causes: what is wrong, whom it keeps from being served and what waits for it, and what mends it. Three lines for
//! each, however many symptoms it has.

use std::collections::{BTreeMap, BTreeSet};

use onboarding::causes::{self, Cause, Causes, Hold, InstanceFault, Kept, Mend, NextRun, Root};
use onboarding::difference;
use onboarding::words::counted;
use onboarding::{Binding, Code, Deployment, Plan, Reason, StageName, Store, Topology, Write};
use reachability::Wish;

use crate::output::{Line, Style, Text};

/// The most instances that one line names.
const NAMED: usize = 3;
/// The most stages that one line names.
const STAGES: usize = 2;
/// The most causes that are shown in full.
const SHOWN: usize = 8;

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// The plan: changes, and ways that stand in the way of newcomers, or that members lack now.
    Plan,
    /// The state as a whole: the members' health as well, and what only takes time.
    State,
}

/// The causes of a binding's faults, and of what waits in its plan. `next` is to be expected of runs, if the store lets them write.
pub(crate) fn of(
    store: &Store,
    binding: &Binding,
    deployment: &Deployment,
    topology: &Topology,
    plan: &Plan,
    about: About,
    next: NextRun,
) -> Causes {
    let mut faults = reachability::faults(topology, Wish { deployment, binding });
    if about == About::Plan {
        // What the load balancer finds is not in the way of a change, and a member that leaves is one.
        let shown = |fault: &InstanceFault| {
            !matches!(fault.reason.code, Code::Unhealthy | Code::StillPending)
                && !matches!(fault.mend, Mend::Removal { .. })
        };
        // What only takes time is not in the way of a newcomer; a member is cut off meanwhile.
        faults.retain(|fault| shown(fault) && (fault.is_member || !fault.mend.passes()));
    }
    let mut causes = Causes::of(binding, plan, &faults, paused(store, binding).map_or(next, NextRun::Held));
    for change in plan.changes.iter().filter(|change| matches!(change.write, Write::UpdateServerGroup { .. })) {
        let moves = difference::moves(topology, &change.write);
        for cause in causes.causes.iter_mut().filter(|_| !moves.is_empty()) {
            let write = change.write.to_string();
            cause.remedy = cause.remedy.replace(&write, &format!("{write}: {moves}"));
        }
    }
    causes
}

/// That the store says `paused`, so that no run writes.
fn paused(store: &Store, binding: &Binding) -> Option<Hold> {
    let (what, resource) = match (store.paused, binding.paused) {
        (true, _) => ("the whole store", causes::STORE),
        (false, true) => ("this binding", binding.name.as_str()),
        (false, false) => return None,
    };
    let message = format!("The store says `paused: true` for {what}, so no run writes anything.");
    Some(Hold::new(&binding.name, Reason::new(Code::ReadOnly, resource, message)))
}

/// `1 cause, 33 changes wait`, if there is a cause.
pub(crate) fn headline(causes: &Causes) -> Option<String> {
    let count = match causes.causes.len() {
        0 => return None,
        1 => "1 cause".to_owned(),
        many => format!("{many} causes"),
    };
    Some(match causes.waiting {
        0 => count,
        1 => format!("{count}, 1 change waits"),
        waiting => format!("{count}, {waiting} changes wait"),
    })
}

/// The codes of causes, each once.
pub(crate) fn codes(roots: &[Root]) -> Vec<&'static str> {
    let codes: BTreeSet<&str> = roots.iter().map(|root| root.reason.code.as_str()).collect();
    codes.into_iter().collect()
}

/// Every cause, the heaviest first; those beyond the first ones only by code and number, unless `all` are to be shown.
pub(crate) fn lines(causes: &Causes, plan: &Plan, indent: &str, all: bool) -> Text {
    let mut text = Text::default();
    let shown = if all { usize::MAX } else { SHOWN };
    for cause in causes.causes.iter().take(shown) {
        one(&mut text, cause, plan, indent, all);
    }
    let rest = causes.causes.get(shown.min(causes.causes.len())..).unwrap_or_default();
    if !rest.is_empty() {
        let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
        for cause in rest {
            *codes.entry(cause.reason.code.as_str()).or_default() += 1;
        }
        let codes: Vec<String> = codes.into_iter().map(|(code, count)| format!("{code} {count}")).collect();
        text.line(format!("{indent}+{} more causes: {} (--all shows them)", rest.len(), codes.join(", ")));
    }
    text
}

fn one(text: &mut Text, cause: &Cause, plan: &Plan, indent: &str, all: bool) {
    let below = indent.len() + 4;
    let style = if cause.by_run { Style::Strong } else { Style::Bad };
    let code = Line::new(indent).then_styled(style, cause.reason.code.as_str());
    let first = if all { cause.reason.message.clone() } else { message(cause) };
    text.line(code.then(format!("  {first}")).hanging(below));
    for other in cause.others.iter().filter(|_| all) {
        text.line(Line::new(format!("{indent}    {other}")).hanging(below));
    }
    let kept = [instances(&cause.instances, all), waiting(cause, plan, all)];
    let kept: Vec<String> = kept.into_iter().flatten().collect();
    if !kept.is_empty() {
        text.line(format!("{indent}    {}", kept.join("; ")));
    }
    let remedy = Line::new(format!("{indent}    ")).then_styled(Style::Good, "do:").then(format!(" {}", cause.remedy));
    text.line(remedy.hanging(below + 4));
}

/// What is wrong, and how many more of its kind there are.
pub(crate) fn message(cause: &Cause) -> String {
    match cause.more {
        0 => cause.reason.message.clone(),
        more => format!("{} (and {more} more)", cause.reason.message.trim_end_matches('.')),
    }
}

/// `i-ecs1 (ECS1) and 2 more are not served`.
pub(crate) fn instances(kept: &[Kept], all: bool) -> Option<String> {
    causes::words(kept, if all { usize::MAX } else { NAMED })
}

/// Whether all of it passes, so that no run has anything to make up for.
pub(crate) fn passes(causes: &Causes) -> bool {
    causes.causes.iter().all(|cause| cause.by_run)
}

/// Who makes what nothing blocks, behind the changes that are meant: `the next run makes`.
pub(crate) const fn who_makes(causes: &Causes) -> &'static str {
    match &causes.next {
        NextRun::Writes | NextRun::NotAsked => "the next run makes",
        NextRun::MayFail => "the next run makes unless it fails as the last one",
        NextRun::Refused(_) => "runs make unless they are refused as the last one was",
        NextRun::Held(hold) if matches!(hold.reason.code, Code::ReadOnly) => {
            "no run makes while nothing may be written"
        }
        NextRun::Held(_) => "no run makes before the deployment is mended",
    }
}

/// `14 changes wait: vpc-attachments 6, peer-attachment 5`.
pub(crate) fn waiting(cause: &Cause, plan: &Plan, all: bool) -> Option<String> {
    let mut stages: BTreeMap<StageName, usize> = BTreeMap::new();
    for change in cause.changes.iter().filter_map(|at| plan.changes.get(*at)) {
        *stages.entry(change.stage).or_default() += 1;
    }
    let most = if all { usize::MAX } else { STAGES };
    let mut listed: Vec<String> = stages.iter().take(most).map(|(stage, count)| format!("{stage} {count}")).collect();
    if stages.len() > most {
        listed.push(counted(stages.len() - most, "more stage"));
    }
    match cause.changes.len() {
        0 => None,
        1 => Some(format!("1 change waits: {}", stages.keys().next().map_or("", |stage| stage.as_str()))),
        count => Some(format!("{count} changes wait: {}", listed.join(", "))),
    }
}

/// Findings that keep nothing from working, in a line each; what several have in common to be done stands once, behind the last of them.
pub(crate) fn notes(causes: &Causes, indent: &str) -> Text {
    let mut text = Text::default();
    for (note, remedy) in with_remedies(&causes.notes.iter().collect::<Vec<_>>()) {
        let code = Line::new(indent).then_styled(Style::Strong, note.code.as_str());
        text.line(code.then(format!("  {}", note.message)).hanging(indent.len() + 4));
        if let Some(remedy) = remedy {
            text.line(format!("{indent}    {remedy}"));
        }
    }
    text
}

/// Findings, each with what is to be done about it unless the next one says the same.
pub(crate) fn with_remedies<'r>(notes: &[&'r Reason]) -> Vec<(&'r Reason, Option<&'r str>)> {
    let next = notes.iter().skip(1).map(Some).chain([None]);
    let alike = |note: &Reason, next: &Reason| (note.code, note.remedy()) == (next.code, next.remedy());
    let pairs = notes.iter().zip(next);
    pairs.map(|(note, next)| (*note, (!next.is_some_and(|next| alike(note, next))).then(|| note.remedy()))).collect()
}
