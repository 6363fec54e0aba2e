//! What the steps of a teardown have in common.

use std::fmt::Display;

use crate::change::{Change, StageName};
use crate::inputs::Inputs;
use crate::plan::Plan;
use crate::reason::{Code, Reason};

pub(super) const STAGE: StageName = StageName::Teardown;

/// Why something stays for members that were not registered for the binding, as the end of a sentence.
pub(super) const MEMBERS: &str = "members of others in the binding's group need it";

/// The change, unless something has to go first.
pub(super) fn after(change: Change, first: Option<&Reason>) -> Change {
    match first {
        None => change,
        Some(reason) => change.blocked_by(reason.clone()),
    }
}

/// What the next step waits for.
pub(super) fn waits_for(inputs: &Inputs<'_>, what: &str) -> Reason {
    Reason::new(Code::Waits, &inputs.binding.name, format!("{what} go first."))
}

/// A sentence's beginning.
pub(super) fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Names what stays, and why.
pub(super) fn keep(plan: &mut Plan, resource: impl Display, why: String) {
    plan.find(Reason::new(Code::Kept, resource, why));
}
