//! Causes: the problems of a plan and of its instances' ways, as a graph of what follows from what. Reports name its roots
//! first, each once, with what waits for it. Pure.
//!
//! ```text
//!   a change ──────────────► the reasons that block it ──► what these follow from
//!   a fault of a way ──────► the change that mends it ──► the reasons that block that
//!   a member not healthy ──► the fault of its way
//! ```

mod cause;
mod fault;
mod found;
mod graph;
mod hold;
mod kept;
mod mended;

use serde::Serialize;

use crate::binding::Binding;
use crate::change::Write;
use crate::plan::Plan;
use crate::reason::{Code, Reason, Severity};

pub use cause::{Cause, Root, STORE, key};
pub use fault::{InstanceFault, Mend, Together};
pub use hold::{Hold, NextRun};
pub use kept::{Effect, Kept, words};

/// The causes behind a plan, the heaviest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Causes {
    /// What follows from nothing else: first what cannot work, then what waits for a person or for time.
    pub causes: Vec<Cause>,
    /// Findings that keep nothing from working.
    pub notes: Vec<Reason>,
    /// How many changes wait for something other than time.
    pub waiting: usize,
    /// What is to be expected of the next run.
    #[serde(skip)]
    pub next: NextRun,
}

impl Causes {
    /// The causes of what `plan` cannot do, and of `faults`, where `next` is to be expected of runs.
    #[must_use]
    pub fn of(binding: &Binding, plan: &Plan, faults: &[InstanceFault], next: NextRun) -> Self {
        let mut graph = graph::Graph::new(binding, plan, faults, &next);
        graph.build();
        let (mut causes, waiting) = graph.into_causes();
        // The calls that failed are reported as such, each once.
        causes.retain(|cause| cause.reason.code != Code::Unread || plan.unread.is_empty());
        if let NextRun::Held(Hold { reason, remedy }) = &next {
            let (reason, remedy) = (reason.clone(), remedy.clone());
            let open = plan.changes.iter().enumerate().filter(|(_, change)| change.is_open()).map(|(at, _)| at);
            let changes: Vec<usize> = open.collect();
            causes.push(Cause { changes, ..Cause::alone(reason, remedy) });
        }
        leavers_follow(&mut causes, plan);
        causes.sort_by_key(Cause::rank);
        let is_cause = |finding: &Reason| {
            causes.iter().any(|cause| graph::same_kind(&cause.reason, finding) && cause.reason.code == finding.code)
        };
        let notes = plan.findings.iter().filter(|finding| finding.code.severity() == Severity::Warning);
        // What it waits for is named among the causes.
        let follows = |finding: &Reason| finding.code == Code::Waits && !causes.is_empty();
        let notes = notes.filter(|finding| !is_cause(finding) && !follows(finding)).cloned().collect();
        Self { causes, notes, waiting, next }
    }

    /// The causes of `faults` alone, each with what mends it.
    #[must_use]
    pub fn of_faults(binding: &Binding, plan: &Plan, faults: &[InstanceFault], next: &NextRun) -> Vec<Cause> {
        let mut graph = graph::Graph::new(binding, plan, faults, next);
        graph.build_faults();
        graph.into_causes().0
    }

    /// Adds a cause that the plan does not know of, with what mends it.
    pub fn add(&mut self, reason: Reason, remedy: String) {
        self.causes.push(Cause::alone(reason, remedy));
        self.causes.sort_by_key(Cause::rank);
    }

    /// What no run mends by itself, the heaviest first: what a report of a run says is left.
    pub fn lasting(&self) -> impl Iterator<Item = Root> {
        self.causes.iter().filter(|cause| !cause.by_run).map(Root::from)
    }

    /// Whether nothing is wrong and nothing waits for anybody.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.causes.is_empty()
    }
}

/// Leavers wait for newcomers: what keeps one of those keeps the leavers, too, and is told alone. What is left at the address of a leaver does not
/// lack what its newcomer lacks.
fn leavers_follow(causes: &mut Vec<Cause>, plan: &Plan) {
    let joins = |kept: &Kept| {
        let adds = |write: &Write| matches!(write, Write::AddServer { instance, .. } if *instance == kept.id);
        plan.changes.iter().any(|change| adds(&change.write))
    };
    let Some(waits) = causes.iter().position(|cause| cause.reason.code == Code::RemovalWaits) else { return };
    let keeps = |cause: &Cause| cause.reason.code != Code::RemovalWaits && cause.instances.iter().any(joins);
    let Some(keeper) = causes.iter().position(keeps) else { return };
    let changes = causes.get(waits).map(|of| of.changes.clone()).unwrap_or_default();
    if let Some(cause) = causes.get_mut(keeper) {
        cause.changes.extend(changes);
        causes.remove(waits);
    }
}
