//! What mends a cause, and how several ways of mending it become one sentence.

use super::hold::NextRun;
use crate::ids::BindingName;
use crate::reason::Code;

/// The most changes that a remedy names.
const NAMED: usize = 2;

/// What mends a problem, as the fault of a way knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mended {
    /// A change of the plan.
    Change {
        /// In words.
        write: String,
        /// Who brings it about.
        by: By,
    },
    /// A person, by this task.
    Person(String),
    /// A person, by a change that no plan holds.
    ByHand(String),
    /// Time alone.
    Time(String),
}

/// Who brings about a change that nothing blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    /// The next run.
    Run,
    /// The next run, unless it fails as the last one did.
    RunIfItCan,
    /// A run, if one comes.
    RunIfItComes,
    /// A person, who says yes to it.
    Approval,
    /// Nobody yet: no run writes.
    Nobody,
}

/// What is said about changes of a binding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice<'a> {
    pub(super) binding: &'a BindingName,
    pub(super) next: &'a NextRun,
}

impl Mended {
    /// What of it has to be the same for one sentence to be right for both: changes are told together.
    fn kind(&self) -> (Option<By>, &str) {
        match self {
            Self::Change { by, .. } => (Some(*by), ""),
            Self::Person(text) | Self::ByHand(text) | Self::Time(text) => (None, text),
        }
    }

    pub(super) fn goes_with(&self, other: &Self) -> bool {
        self.kind() == other.kind()
    }
}

/// The remedy that is right for all of these, and whether it takes nobody; nothing if none is.
pub(super) fn of_all(all: &[&Mended], voice: Voice<'_>) -> Option<(String, bool)> {
    let (first, rest) = all.split_first()?;
    if !rest.iter().all(|other| first.goes_with(other)) {
        return None;
    }
    Some(match first {
        Mended::Person(task) => (task.clone(), false),
        Mended::ByHand(write) => (format!("By hand, because the plan does not: {write}."), false),
        Mended::Time(what) => (what.clone(), true),
        Mended::Change { by, .. } => (of_changes(all, *by, voice), matches!(by, By::Run | By::RunIfItComes)),
    })
}

fn of_changes(all: &[&Mended], by: By, voice: Voice<'_>) -> String {
    let mut writes: Vec<&str> = Vec::new();
    for mended in all {
        if let Mended::Change { write, .. } = mended
            && !writes.contains(&write.as_str())
        {
            writes.push(write);
        }
    }
    let more = match writes.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let (noun, one) = if writes.len() == 1 { ("the change", "this change") } else { ("the changes", "these changes") };
    writes.truncate(NAMED);
    let listed = format!("{}{more}", writes.join("; "));
    let binding = voice.binding;
    match (by, voice.next) {
        (By::Approval, _) => {
            format!("Run `albridge apply {binding}`, look, and say yes: no run makes {one} by itself: {listed}.")
        }
        // The hold is a cause itself, with what ends it.
        (By::Nobody, NextRun::Held(hold)) if hold.reason.code == Code::ReadOnly => {
            let first = if hold.is_pause(binding) { "Set paused: false first" } else { "Let runs write first" };
            format!("{first}, as {} says; then the next run makes {noun}: {listed}.", Code::ReadOnly)
        }
        (By::Nobody, NextRun::Held(hold)) => format!(
            "Run `albridge apply {binding}`: no run comes before {} is mended. It makes {noun}: {listed}.",
            hold.reason.code
        ),
        (By::RunIfItCan, _) => {
            format!(
                "Run `albridge apply {binding}`: the last run failed or was refused a change, and the next one may, too. It makes {noun}: {listed}."
            )
        }
        (By::RunIfItComes, _) => {
            format!("Run `albridge apply {binding}`, or leave it to a run, which makes {noun}, too: {listed}.")
        }
        _ => format!("Nothing, or `albridge apply {binding}` at once: the next run makes {noun}: {listed}."),
    }
}
