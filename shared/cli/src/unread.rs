//! What could not be read is printed first: an incomplete reading must not say "in place" or "no drift".

use onboarding::{Causes, Code, FailedCalls, Plan, Reason, Severity};

use crate::output::{Exit, Line, Style, Text};

/// Each kind of failure in a line with its remedy in another, `indent` before them. Every call is named once, however many
/// facts hang on it; the first ones, unless `all` are to be named.
pub(crate) fn lines(unread: &FailedCalls, indent: &str, all: bool) -> Text {
    let mut text = Text::default();
    for failures in unread.by_code() {
        let calls = if all { failures.whole() } else { failures.to_string() };
        let line = Line::new(indent).then_styled(Style::Bad, format!("not known: could not read {calls}"));
        text.line(line.hanging(indent.len() + 4));
        text.line(format!("{indent}    {} {}", Code::Unread, failures.remedy()));
    }
    text
}

/// In one sentence: the first kind of failure, and how many more there are.
pub(crate) fn sentence(unread: &FailedCalls) -> Option<String> {
    let groups = unread.by_code();
    let first = groups.first()?;
    let more = match groups.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} other codes)"),
    };
    Some(format!("could not read {first}{more}"))
}

/// The summary of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlanState {
    /// Calls failed, so the plan is incomplete.
    NotKnown,
    /// The load balancer does not exist.
    Missing,
    /// Something is to be changed, needs an approval, or is in progress.
    Differs,
    /// Nothing is to be changed, and yet something that is wanted cannot work.
    Wrong,
    /// Everything is in place.
    InPlace,
}

impl PlanState {
    /// The state of a plan, with the causes of what cannot be done.
    pub(crate) fn of(plan: &Plan, causes: &Causes) -> Self {
        let missing = plan.errors().any(|finding| finding.code == Code::AlbMissing);
        match (plan.unread.is_empty(), missing, plan.is_whole()) {
            (false, ..) | (true, false, false) => Self::NotKnown,
            (true, true, _) => Self::Missing,
            (true, false, true) if plan.changes.is_empty() && !causes.is_empty() => Self::Wrong,
            (true, false, true) if plan.changes.is_empty() && plan.pending.is_empty() => Self::InPlace,
            (true, false, true) => Self::Differs,
        }
    }

    /// The exit of a command that only reads. 1: the state is not known; 2: something is to be changed, or is wrong.
    pub(crate) fn exit(self, plan: &Plan, causes: &Causes) -> Exit {
        match self {
            Self::NotKnown => Exit::Failed,
            Self::Missing | Self::Wrong => Exit::Pending,
            Self::Differs => Exit::pending(!plan.changes.is_empty() || !causes.is_empty()),
            Self::InPlace => Exit::Done,
        }
    }
}

/// Whether a reason says that something cannot work, so that a command that leaves it is not done.
pub(crate) fn is_left(reason: &Reason) -> bool {
    reason.code.severity() == Severity::Error
}
