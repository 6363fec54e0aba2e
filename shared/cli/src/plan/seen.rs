//! What was seen of a binding, and how much of its plan is shown.

use onboarding::{Causes, Change, Plan, Topology};

use crate::focus::Focus;
use crate::output::Exit;
use crate::unread::PlanState;

/// A binding as it was seen: the state, the plan, and why it cannot be carried out.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// What was read.
    pub(crate) topology: Topology,
    /// The plan.
    pub(crate) plan: Plan,
    /// The causes of what cannot be done, or does not work.
    pub(crate) causes: Causes,
    /// Whether runs leave to a person what costs money.
    pub(crate) asks: bool,
}

impl Seen {
    /// The exit of a command that only reads.
    pub(crate) fn exit(&self) -> Exit {
        PlanState::of(&self.plan, &self.causes).exit(&self.plan, &self.causes)
    }
}

/// How much of a plan is shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    /// Blocked changes, too, each with its reasons.
    pub(crate) all: bool,
    /// Only this part.
    pub(crate) focus: Option<Focus>,
}

impl View {
    /// Whether a change is in the part that is shown.
    pub(crate) fn holds(&self, change: &Change) -> bool {
        self.focus.as_ref().is_none_or(|focus| focus.holds(change))
    }
}
