//! The named checks: one for each precaution and prerequisite of the procedure that the planners do not meet on their own
//! way (`procedure.md`; `cloud-apis.md` sections 7 to 11 and 15). Pure.
//!
//! A check looks at facts and gives [`Finding`]s; each names the changes that depend on it ([`Target`]), and only those are
//! blocked. A finding that blocks nothing of a plan is still reported with it. A fact that a call failed to bring blocks
//! what depends on it as [`Code::Unread`]; one that a stage did not ask for says nothing, which is why
//! every stage reads what the checks of its own changes look at.

mod alb;
mod attachments;
mod bandwidth;
mod members;
mod neighbours;
mod network;
mod orphans;
mod regions;
mod security;
mod selection;
mod target;

pub use regions::{area, offers_remote_backends};
pub use target::Target;

pub(crate) use orphans::orphans;

use crate::change::Change;
use crate::plan::Inputs;
use crate::reason::{Code, Reason, Severity};
use crate::topology::Known;
use crate::wanted;

/// Something wrong, and what depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub reason: Reason,
    /// The changes that it blocks.
    pub blocks: Vec<Target>,
}

impl Finding {
    /// A finding that blocks `blocks`.
    #[must_use]
    pub const fn new(reason: Reason, blocks: Vec<Target>) -> Self {
        Self { reason, blocks }
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.reason.code.severity()
    }

    /// Whether it blocks a change.
    #[must_use]
    pub fn concerns(&self, inputs: &Inputs<'_>, change: &Change) -> bool {
        self.blocks.iter().any(|target| target.matches(inputs, &change.write))
    }

    /// A fact that could not be read, if a call failed to bring it.
    fn unread<T>(what: &str, known: &Known<T>, blocks: Vec<Target>) -> Option<Self> {
        let why = known.failure()?;
        Some(Self::new(Reason::new(Code::Unread, what, format!("Could not read {what}: {why}.")), blocks))
    }
}

/// All checks of a binding. Without a load balancer there is nothing to check yet: the first planner says so.
#[must_use]
pub fn check(inputs: &Inputs<'_>) -> Vec<Finding> {
    let Ok(load_balancer) = wanted::load_balancer(inputs.binding, inputs.topology) else { return Vec::new() };
    let wants = wanted::wants(inputs);
    let mut findings = Vec::new();
    alb::check(inputs, load_balancer, &mut findings);
    neighbours::check(inputs, load_balancer, &mut findings);
    network::check(inputs, load_balancer, &wants, &mut findings);
    attachments::check(inputs, load_balancer, &mut findings);
    bandwidth::check(inputs, &mut findings);
    security::check(inputs, &wants, &mut findings);
    members::check(inputs, load_balancer, &mut findings);
    selection::check(inputs, load_balancer, &mut findings);
    findings.extend(orphans(inputs).into_iter().map(|reason| Finding::new(reason, Vec::new())));
    findings
}
