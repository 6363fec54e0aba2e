//! Problems of one kind, and how they become causes: one, if one remedy is right for all of them.

use std::collections::BTreeSet;

use super::cause::{Cause, is_alone, remedy};
use super::fault::{InstanceFault, Together};
use super::kept::Kept;
use super::mended::{self, Mended, Voice};
use crate::ordered::Ordered;
use crate::reason::Reason;

/// The most instances that a remedy names.
const NAMED: usize = 3;

/// A root, and how it is mended if a fault says so.
pub(super) struct Root<'a> {
    pub(super) reason: &'a Reason,
    pub(super) mended: Option<Mended>,
    /// What mends all that have the same, where it is a problem of each instance.
    pub(super) together: Option<&'a Together>,
}

impl<'a> Root<'a> {
    /// A root of which its code says what mends it.
    pub(super) const fn new(reason: &'a Reason) -> Self {
        Self { reason, mended: None, together: None }
    }

    /// The root that a fault is itself.
    pub(super) fn of(fault: &'a InstanceFault, mended: Mended) -> Self {
        Self { reason: &fault.reason, mended: Some(mended), together: fault.together.as_deref() }
    }
}

/// Problems of one kind.
#[derive(Default)]
pub(super) struct Found {
    told: Vec<Told>,
}

/// A problem as somebody tells it.
struct Told {
    reason: Reason,
    /// What mends it; `None` from a check or a plan, which know the kind alone.
    mended: Option<Mended>,
    /// What mends all that have the same, if it is one of several instances.
    together: Option<Together>,
    changes: BTreeSet<usize>,
    instances: Vec<Kept>,
}

impl Found {
    /// Notes a problem, and what waits for it.
    pub(super) fn note(&mut self, root: Root<'_>, change: Option<usize>, kept: Option<Kept>) {
        let Root { reason, mended, together } = root;
        let is_it = |told: &&mut Told| told.reason.message == reason.message && told.mended == mended;
        if let Some(told) = self.told.iter_mut().find(is_it) {
            told.changes.extend(change);
            told.instances.extend(kept);
            return;
        }
        let reason = Reason { because: Box::default(), ..reason.clone() };
        let (changes, instances) = (change.into_iter().collect(), kept.into_iter().collect());
        self.told.push(Told { reason, mended, together: together.cloned(), changes, instances });
    }

    /// Whether the change that mends one of them, or a person's task, is this one.
    pub(super) fn is_mended_by(&self, wanted: &Mended) -> bool {
        matches!(wanted, Mended::Change { .. } | Mended::Person(_))
            && self.told.iter().any(|told| told.mended.as_ref() == Some(wanted))
    }

    /// The causes. What a check or a plan tells is one problem, of which the ways tell what it does to instances; so is what the code alone
    /// says. Else each remedy is a cause: a person who followed another's would mend nothing.
    pub(super) fn causes(self, voice: Voice<'_>) -> Vec<Cause> {
        let is_one = self.told.iter().any(|told| told.mended.is_none() || is_alone(told.reason.code));
        let mut kinds: Vec<Vec<Told>> = Vec::new();
        for told in self.told {
            let goes_with = |kind: &&mut Vec<Told>| is_one || kind.first().is_some_and(|first| first.goes_with(&told));
            match kinds.iter_mut().find(goes_with) {
                Some(kind) => kind.push(told),
                None => kinds.push(vec![told]),
            }
        }
        kinds.into_iter().filter_map(|kind| one(kind, voice)).collect()
    }
}

impl Told {
    /// Whether one sentence says what mends both.
    fn goes_with(&self, other: &Self) -> bool {
        match (&self.mended, &other.mended) {
            (Some(Mended::Person(_)), Some(Mended::Person(_))) if self.together.is_some() => {
                self.task_of_all() == other.task_of_all()
            }
            (Some(one), Some(other)) => one.goes_with(other),
            _ => false,
        }
    }

    fn task_of_all(&self) -> Option<&str> {
        self.together.as_ref().map(|together| together.task.as_str())
    }

    /// It alone, of several that are told together.
    fn alone(&self, voice: Voice<'_>) -> Option<Cause> {
        let (remedy, by_run) = mended::of_all(&[self.mended.as_ref()?], voice)?;
        let (changes, instances) = (self.changes.iter().copied().collect(), self.instances.clone());
        Some(Cause { by_run, changes, instances, ..Cause::alone(self.reason.clone(), remedy) })
    }
}

/// Whether they are one problem of several instances.
fn are_together(told: &[Told]) -> bool {
    let Some(task) = told.first().and_then(Told::task_of_all) else { return false };
    told.len() > 1 && told.iter().all(|told| told.task_of_all() == Some(task))
}

/// What mends several instances that have the same, if one task does, with their names if they are few.
fn together(told: &[Told]) -> Option<String> {
    let task = told.first()?.task_of_all()?;
    if !are_together(told) || !told.iter().all(|told| matches!(told.mended, Some(Mended::Person(_)))) {
        return None;
    }
    let who: BTreeSet<&str> = told.iter().filter_map(|told| Some(told.together.as_ref()?.who.as_str())).ordered();
    let who: Vec<&str> = who.into_iter().collect();
    let named = match who.split_last() {
        // One instance may have it at two of its addresses.
        Some((only, [])) => (*only).to_owned(),
        Some((last, rest)) if who.len() <= NAMED => [rest.join(", ").as_str(), last].join(" and "),
        _ => format!("all {}", who.len()),
    };
    Some(task.replacen("{}", &named, 1))
}

/// The cause that stands for all of these.
fn one(told: Vec<Told>, voice: Voice<'_>) -> Option<Cause> {
    // A check knows the problem as a whole, and each way a part.
    let by_check = told.iter().any(|told| told.mended.is_none());
    let said: BTreeSet<&str> = told
        .iter()
        .filter(|told| !by_check || told.mended.is_none())
        .map(|told| told.reason.message.as_str())
        .ordered();
    // By hand is what is left where nobody knows a better way.
    let is_better = |mended: &&Mended| !by_check || !matches!(mended, Mended::ByHand(_));
    let ways: Vec<&Mended> = told.iter().filter_map(|told| told.mended.as_ref()).filter(is_better).collect();
    let reason = told.iter().find(|told| !by_check || told.mended.is_none())?.reason.clone();
    let others: Vec<String> = said.iter().filter(|other| **other != reason.message).map(ToString::to_string).collect();
    let all = together(&told);
    let each =
        if are_together(&told) { told.iter().filter_map(|told| told.alone(voice)).collect() } else { Vec::new() };
    let (remedy, by_run) = match all {
        Some(all) => (all, false),
        None => mended::of_all(&ways, voice).unwrap_or_else(|| (remedy(voice.binding, &reason), false)),
    };
    let mut changes = BTreeSet::new();
    let mut instances: Vec<Kept> = Vec::new();
    for told in told {
        changes.extend(told.changes);
        for kept in told.instances {
            if !instances.contains(&kept) {
                instances.push(kept);
            }
        }
    }
    let more = others.len();
    Some(Cause { reason, more, others, remedy, by_run, changes: changes.into_iter().collect(), instances, each })
}
