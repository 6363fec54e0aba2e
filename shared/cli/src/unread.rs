//! What could not be read, said before anything else: a reading with a hole in it says neither "in place" nor "no drift".

use onboarding::{Code, FailedCalls, Plan, Reason, Severity};

use crate::output::{Exit, Line, Text, Tone};

/// Each kind of failure in a line with its remedy in another, `indent` before them. Every call is named once, however many
/// facts hang on it.
pub(crate) fn lines(unread: &FailedCalls, indent: &str) -> Text {
    let mut text = Text::default();
    for failures in unread.by_code() {
        text.line(Line::new(indent).then_toned(Tone::Bad, format!("not known: could not read {failures}")));
        text.line(format!("{indent}    {} {}", Code::Unread, failures.cause.remedy()));
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

/// What a plan comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing<'p> {
    /// Calls failed: what else the plan says is a part of the truth.
    NotKnown,
    /// The load balancer, on which everything else stands, is not there.
    Missing(&'p Reason),
    /// There is something to change, to wait for a person, or on its way.
    Differs,
    /// Nothing is to be changed, and yet something that is wanted cannot work.
    Wrong(&'p Reason),
    /// Everything is in place.
    InPlace,
}

impl<'p> Standing<'p> {
    /// Of a plan.
    pub(crate) fn of(plan: &'p Plan) -> Self {
        let missing = plan.errors().find(|finding| finding.code == Code::AlbMissing);
        match (plan.unread.is_empty(), missing, plan.is_whole()) {
            (false, ..) | (true, None, false) => Self::NotKnown,
            (true, Some(missing), _) => Self::Missing(missing),
            (true, None, true) if plan.changes.is_empty() && plan.pending.is_empty() => {
                plan.errors().next().map_or(Self::InPlace, Self::Wrong)
            }
            (true, None, true) => Self::Differs,
        }
    }

    /// What a command ends with that only looked. 1: it is not known, or nothing can come of the binding; 2: something is
    /// to be changed, or is wrong.
    pub(crate) fn exit(self, plan: &Plan) -> Exit {
        match self {
            Self::NotKnown | Self::Missing(_) => Exit::Failed,
            Self::Wrong(_) => Exit::Pending,
            Self::Differs => Exit::pending(!plan.changes.is_empty() || plan.errors().next().is_some()),
            Self::InPlace => Exit::Done,
        }
    }
}

/// Whether a reason says that something cannot work, so that a command that leaves it is not done.
pub(crate) fn is_left(reason: &Reason) -> bool {
    reason.code.severity() == Severity::Error
}
