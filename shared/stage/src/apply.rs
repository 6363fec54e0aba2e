//! Apply: the legal next writes of one stage, and what is learned from each answer.
//!
//! Changes of one lane go one call at a time; lanes go side by side. After every call the world is read again, so a write
//! whose answer leaves doubt needs no case of its own: it shows in the next plan, or it does not.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use onboarding::change::Leaving;
use onboarding::ids::InstanceId;
use onboarding::plan::{Inputs, Readiness, ready};
use onboarding::{Change, Code, Plan, Reason, StageName, Topology, Write};
use openapi::{Error, ErrorKind};

use crate::failure::Problem;
use crate::run::Stage;
use crate::session::Session;

/// How often a write may meet "it is there already" or "there is no such thing" before that is taken for the truth: what
/// was listed a moment ago may be stale once or twice.
const STRIKES: u8 = 3;

/// The open changes of a stage, sorted by what can be done about them now.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    /// To be written now, by lane.
    pub(crate) lanes: BTreeMap<String, Vec<Change>>,
    /// On the way, in words.
    pub(crate) waiting: Vec<String>,
    /// Not to be made, and why.
    pub(crate) blocked: Vec<Reason>,
}

/// What this invocation has done and met so far.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) made: Vec<String>,
    refused: Vec<(Write, Reason)>,
    strikes: Vec<(Write, u8)>,
    /// The most changes that a lane's next call may carry: halved while a call with several is refused.
    limits: BTreeMap<String, usize>,
    leavers: BTreeSet<InstanceId>,
    /// The last failure that may pass by itself.
    pub(crate) trouble: Option<Error>,
}

impl Ledger {
    /// Members that were drained or removed without being proven released: those that the cap counts.
    pub(crate) fn removed(&self) -> usize {
        self.leavers.len()
    }

    /// Sorts a stage's part of a plan.
    pub(crate) fn sort(&self, stage: StageName, approved: Option<&Plan>, inputs: &Inputs<'_>, plan: &Plan) -> Sorted {
        let mut sorted = Sorted::default();
        sorted.waiting.extend(plan.pending_of(stage).map(|pending| pending.what.clone()));
        let mut missing = Vec::new();
        for change in plan.of(stage) {
            if !change.is_open() {
                sorted.blocked.extend(change.blocked.iter().cloned());
            } else if let Some((_, reason)) = self.refused.iter().find(|(write, _)| write == &change.write) {
                sorted.blocked.push(reason.clone());
            } else if approved.is_some_and(|plan| !plan.changes.iter().any(|seen| seen.write == change.write)) {
                let message = format!("This is not in the approved plan: {}.", change.write);
                sorted.blocked.push(Reason::new(Code::NotApproved, &inputs.binding.name, message));
            } else {
                match ready(inputs, &change.write) {
                    Readiness::Now => sorted.lanes.entry(change.write.lane()).or_default().push(change.clone()),
                    Readiness::Later(what) => sorted.waiting.push(what),
                    Readiness::Missing(what) => {
                        let message = format!("{what} is not there yet, so this waits: {}.", change.write);
                        missing.push(Reason::new(Code::Waits, what, message));
                    }
                }
            }
        }
        // The stage itself may be about to make what is missing. That is no contradiction: what is blocked is reported only
        // once nothing else is left to do, and by then it is another stage's to make.
        sorted.blocked.extend(missing);
        sorted
    }

    /// Makes one call per lane. Gives whether anything was made.
    pub(crate) async fn write<S: Stage>(
        &mut self,
        stage: &S,
        session: &Session<'_>,
        topology: &Topology,
        lanes: &BTreeMap<String, Vec<Change>>,
    ) -> bool {
        let calls = lanes.iter().map(|(lane, changes)| {
            let most = self.limits.get(lane).copied().unwrap_or(usize::MAX);
            let changes = changes.get(..most).unwrap_or(changes);
            async move { (lane, changes, stage.write(session, topology, changes).await) }
        });
        let answers = join_all(calls).await;
        let before = self.made.len();
        for (lane, changes, answer) in answers {
            match answer {
                Ok(count) => changes.iter().take(count).for_each(|change| self.note_made(S::NAME, session, change)),
                Err(problem) => self.note_problem(lane, changes, problem),
            }
        }
        self.made.len() > before
    }

    fn note_made(&mut self, stage: StageName, session: &Session<'_>, change: &Change) {
        let text = change.write.to_string();
        tracing::info!(%stage, binding = %session.binding().name, run = session.run(), change = text, "written");
        self.made.push(text);
        match &change.write {
            Write::RemoveServer { instance, why, .. } if *why != Leaving::Released => {
                self.leavers.insert(instance.clone());
            }
            Write::UpdateServer { instance, weight: 0, .. } => {
                self.leavers.insert(instance.clone());
            }
            _ => {}
        }
    }

    fn note_problem(&mut self, lane: &str, changes: &[Change], problem: Problem) {
        let Some(change) = changes.first() else { return };
        let (error, carried) = match problem {
            Problem::Blocked(reason) => return self.refuse(change, reason),
            Problem::Cloud { error, changes: carried } => (error, carried),
        };
        tracing::warn!(change = %change.write, code = error.code, error = %error, "not written");
        if error.kind == ErrorKind::Local && error.code == "ReadOnly" {
            let message = format!("Writes are switched off, so this was not made: {}.", change.write);
            return self.refuse(change, Reason::new(Code::ReadOnly, lane, message));
        }
        if passes(&error) {
            self.trouble = Some(error);
        } else if (error.is_duplicate() || error.is_not_found()) && self.strike(&change.write) < STRIKES {
            // Read again: somebody else was faster, or something went away.
        } else if carried > 1 {
            // One of them is at fault: halve until it stands alone.
            self.limits.insert(lane.to_owned(), (carried.min(changes.len()) / 2).max(1));
        } else {
            let message = format!("{}: {} {}", change.write, error.code, error.message);
            self.refuse(change, Reason::new(Code::Refused, lane, message));
            self.limits.remove(lane);
        }
    }

    fn refuse(&mut self, change: &Change, reason: Reason) {
        self.refused.push((change.write.clone(), reason));
    }

    fn strike(&mut self, write: &Write) -> u8 {
        match self.strikes.iter_mut().find(|(struck, _)| struck == write) {
            Some((_, count)) => {
                *count = count.saturating_add(1);
                *count
            }
            None => {
                self.strikes.push((write.clone(), 1));
                1
            }
        }
    }
}

/// Whether waiting and reading again is the answer: a conflict, too many calls, a service that is busy, or doubt.
fn passes(error: &Error) -> bool {
    error.is_conflict()
        || error.is_throttled()
        || error.may_have_happened()
        || error.kind == ErrorKind::Transport
        || error.status.is_some_and(|status| status >= 500)
        || matches!(error.code.as_str(), "SystemBusy" | "ServiceUnavailable")
}
