//! Apply: the writes of one stage that may be made now, and how each answer is handled.
//!
//! Changes in one lane are written one call at a time; lanes run in parallel. After every round of calls the cloud is read
//! again, so a write with an ambiguous answer needs no special case: if it was not made, the next plan contains it again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use onboarding::change::Leaving;
use onboarding::inputs::{Departures, Inputs};
use onboarding::mark::MemberState;
use onboarding::ordered::Ordered;
use onboarding::plan::{Awaited, Readiness, ready};
use onboarding::{Change, Code, Plan, Reason, StageName, Topology, Write};
use openapi::{Error, ErrorKind};

use crate::error::WriteError;
use crate::facts;
use crate::interface::Stage;
use crate::refusals::Refused;
use crate::session::Session;
use crate::tallies::Tallies;
use crate::unread;
use crate::waits::{Accepted, BusyLanes, REFUSALS, Seen, is_create};

/// How many "already exists" or "not found" answers to one write are treated as a stale listing before the write counts as
/// refused. With the waits between them ([`BusyLanes::stale`]) this takes 15 s.
const STRIKES: u8 = 3;

/// How long an invocation lets open links of other stages go first. They may never be made: the cloud may refuse them.
const LINKS_FIRST: SignedDuration = SignedDuration::from_secs(30);

/// The open changes of a stage, sorted by what can be done with them now.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    /// To be written now, by lane.
    pub(crate) lanes: BTreeMap<String, Vec<Change>>,
    /// In progress, in words.
    pub(crate) waiting: Vec<String>,
    /// What its changes wait for, and what shows that it is ready.
    pub(crate) awaited: Vec<(String, Awaited)>,
    /// Accepted writes that no reading shows yet.
    pub(crate) unseen: Vec<Write>,
    /// Whether something else is waited for than what the plan says is in progress.
    pub(crate) waits_otherwise: bool,
    /// Whether something is still to be created, or was created and is not visible yet.
    pub(crate) creating: bool,
    /// Not to be written, with the reasons.
    pub(crate) blocked: Vec<Reason>,
    /// Those of these reasons that no plan knew of: what was met while writing.
    pub(crate) met: Vec<Reason>,
}

impl Sorted {
    /// The writes that are decided now: the first of each lane.
    pub(crate) fn next(&self) -> impl Iterator<Item = &Write> {
        self.lanes.values().filter_map(|changes| changes.first()).map(|change| &change.write)
    }

    /// Notes what was met while writing.
    fn meet(&mut self, reason: Reason) {
        // That something is not there yet follows from what keeps it from being made.
        if reason.code != Code::Waits {
            self.met.push(reason.clone());
        }
        self.blocked.push(reason);
    }
}

/// A link of another stage that is open in the lane of a transit router's route. It goes first for a while: the other side
/// learns through it, and has learned by the time that the routes are written.
fn link_before<'p>(plan: &'p Plan, approved: Option<&Plan>, inputs: &Inputs<'_>, change: &Change) -> Option<&'p Write> {
    let is_over = inputs.now.duration_since(inputs.opened) > LINKS_FIRST;
    if is_over || !matches!(change.write, Write::AddTransitRoute { .. }) {
        return None;
    }
    let lane = change.write.lane();
    let links = plan.changes.iter().filter(|other| other.stage != change.stage && other.is_open());
    let links = links.map(|other| &other.write).filter(|write| approved.is_none_or(|plan| plan.covers(write)));
    let mut links = links.filter(|write| matches!(write, Write::Associate { .. } | Write::Propagate { .. }));
    links.find(|write| write.lane() == lane && ready(inputs, write) == Readiness::Now)
}

/// The outcome of one round of calls.
#[derive(Debug, Default)]
pub(crate) struct Wrote {
    /// The writes that were accepted.
    pub(crate) accepted: Vec<Write>,
    /// Whether a call was refused, or its outcome is not known.
    pub(crate) failed: bool,
}

/// What this invocation has written, and the errors that it met.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) made: Vec<String>,
    accepted: Accepted,
    busy: BusyLanes,
    refused: Vec<(Write, Reason)>,
    strikes: Vec<(Write, u8)>,
    /// The most changes that the next call of a lane may carry: halved each time a call with several changes is refused.
    limits: BTreeMap<String, usize>,
    /// Members that this invocation started to drain, or deregistered because their instance is released: the removal caps
    /// count them.
    departures: Departures,
    /// The last transient error.
    pub(crate) last_error: Option<Error>,
}

impl Progress {
    /// Goes on from what was refused when the invocation before it ended.
    pub(crate) fn from(Refused { busy, for_good }: Refused) -> Self {
        Self { busy, refused: for_good, ..Self::default() }
    }

    /// What is refused because something stays busy: the lanes, and the writes that were given up for it.
    pub(crate) fn into_refused(self) -> Refused {
        let given_up = self.refused.into_iter().filter(|(_, reason)| reason.code == Code::StaysBusy);
        Refused { busy: self.busy, for_good: given_up.collect() }
    }

    /// Members that this invocation drained or deregistered as released. The later deregistration of a drained member is
    /// not counted again.
    pub(crate) const fn removed(&self) -> &Departures {
        &self.departures
    }

    /// Sorts the changes of one stage in a plan.
    pub(crate) fn sort(&self, stage: StageName, approved: Option<&Plan>, inputs: &Inputs<'_>, plan: &Plan) -> Sorted {
        let mut sorted = Sorted::default();
        sorted.waiting.extend(plan.pending_of(stage).map(|pending| pending.what.clone()));
        sorted.waits_otherwise = plan.pending_of(stage).any(|pending| pending.awaited.is_none());
        // A change in progress blocks its lane, whichever stage waits for it: the cloud would refuse another write there.
        let held: BTreeSet<_> = plan.pending.iter().filter_map(|pending| pending.lane.clone()).ordered();
        let mut missing = Vec::new();
        let routes_first = self.makes_transit_routes(stage, approved, inputs, plan);
        for change in plan.of(stage) {
            if !change.is_open() {
                sorted.blocked.extend(change.blocked.iter().cloned());
            } else if let Some((_, reason)) = self.refused.iter().find(|(write, _)| write.same_intent(&change.write)) {
                sorted.meet(reason.clone());
            } else if approved.is_some_and(|plan| !plan.covers(&change.write)) {
                let message = format!("This is not in the approved plan: {}.", change.write);
                let again = format!("Run `albridge apply {}` again: it plans anew.", inputs.binding.name);
                let reason = Reason::new(Code::NotApproved, &inputs.binding.name, message);
                sorted.meet(reason.advising(Some(again)));
            } else if let Some(reason) = self.unseen(&change.write, inputs.now, &mut sorted.waiting) {
                if reason.is_none() {
                    sorted.unseen.push(change.write.clone());
                    sorted.waits_otherwise = true;
                }
                sorted.creating |= reason.is_none() && is_create(&change.write);
                reason.into_iter().for_each(|reason| sorted.meet(reason));
            } else {
                sorted.creating |= is_create(&change.write);
                let lane = change.write.lane();
                if routes_first && matches!(change.write, Write::AddVpcRoute { .. }) {
                    sorted.waiting.push(format!("after the transit router's routes: {}", change.write));
                    continue;
                }
                match ready(inputs, &change.write) {
                    Readiness::Now if held.contains(&lane) => sorted.waiting.push(change.write.to_string()),
                    Readiness::Now if let Some(link) = link_before(plan, approved, inputs, change) => {
                        sorted.waiting.push(format!("first: {link}"));
                        sorted.awaited.extend(facts::leads_to(link).map(|awaited| (link.to_string(), awaited)));
                    }
                    Readiness::Now => match self.busy.holds(&lane, inputs.now) {
                        Some(code) => {
                            sorted.waiting.push(format!("{} (last refused with {code})", change.write));
                            sorted.waits_otherwise = true;
                        }
                        None => sorted.lanes.entry(lane).or_default().push(change.clone()),
                    },
                    Readiness::Later { what, awaited } => {
                        sorted.awaited.push((what.clone(), awaited));
                        sorted.waiting.push(what);
                    }
                    Readiness::Missing(what) => {
                        let message = format!("{what} is not there yet, so this waits: {}.", change.write);
                        missing.push(Reason::new(Code::Waits, what, message));
                    }
                }
            }
        }
        // What is created is decided on everything, right before; links are decided on less. So creates come first: all that
        // was read for the links of one attachment would have to be read again for the next one.
        for changes in sorted.lanes.values_mut() {
            changes.sort_by_key(|change| matches!(change.write, Write::Associate { .. } | Write::Propagate { .. }));
        }
        // This stage itself may be about to create what is missing. Blocked changes are reported only when the stage has
        // nothing else to do; by then, another stage has to create it.
        sorted.blocked.extend(missing);
        sorted
    }

    /// Whether a stage has routes of a transit router to make, or on their way. The routes of its VPC lead nowhere without
    /// them, and go together after them.
    fn makes_transit_routes(
        &self,
        stage: StageName,
        approved: Option<&Plan>,
        inputs: &Inputs<'_>,
        plan: &Plan,
    ) -> bool {
        let mut writes = plan.of(stage).filter(|change| change.is_open()).map(|change| &change.write);
        let makes = writes.any(|write| {
            matches!(write, Write::AddTransitRoute { .. })
                && !self.refused.iter().any(|(refused, _)| refused.same_intent(write))
                && approved.is_none_or(|plan| plan.covers(write))
                && !matches!(ready(inputs, write), Readiness::Missing(_))
        });
        let is_one = |awaited: &Awaited| matches!(awaited, Awaited::TransitRoute { .. });
        makes || plan.pending_of(stage).any(|pending| pending.awaited.as_ref().is_some_and(is_one))
    }

    /// Makes one call per lane.
    pub(crate) async fn write<S: Stage>(
        &mut self,
        stage: &S,
        session: &Session<'_>,
        topology: &Topology,
        lanes: &BTreeMap<String, Vec<Change>>,
    ) -> Wrote {
        let calls = lanes.iter().map(|(lane, changes)| {
            let changes = self.next(lane, changes);
            async move { (lane, changes, stage.write(session, topology, changes).await) }
        });
        let answers = join_all(calls).await;
        let now = session.clock().now();
        let mut wrote = Wrote::default();
        for (lane, changes, answer) in answers {
            match answer {
                Ok(count) => {
                    self.busy.free(lane);
                    for change in changes.iter().take(count) {
                        let (stage, binding, run) = (S::NAME, &session.binding().name, session.run());
                        tracing::info!(%stage, %binding, run, change = %change.write, "written");
                        session.host().shared::<Tallies>().note(stage, binding, run, &change.write);
                        self.note_made(change, now);
                        wrote.accepted.push(change.write.clone());
                    }
                }
                Err(problem) => {
                    wrote.failed = true;
                    self.note_error(lane, changes, problem, now);
                }
            }
        }
        wrote
    }

    /// The changes that the next call of a lane may carry.
    fn next<'c>(&self, lane: &str, changes: &'c [Change]) -> &'c [Change] {
        let most = self.limits.get(lane).copied().unwrap_or(usize::MAX);
        changes.get(..most).unwrap_or(changes)
    }

    /// An open write in words, with what is known about it if it was accepted before.
    pub(crate) fn in_words(&self, write: &Write) -> String {
        match self.accepted.why(write) {
            "" => write.to_string(),
            why => format!("not visible yet: {write} ({why})"),
        }
    }

    /// For a planned write that was accepted before and that no reading shows yet: `Some` with the reason to report, or
    /// `Some(None)` after adding it to `waiting`. `None` if the write may be made now.
    fn unseen(&self, write: &Write, now: Timestamp, waiting: &mut Vec<String>) -> Option<Option<Reason>> {
        let known = |why: &str| if why.is_empty() { String::new() } else { format!(" ({why})") };
        match self.accepted.look(write, now) {
            Seen::Open => None,
            Seen::Waiting(why) => {
                waiting.push(format!("not visible yet: {write}{}", known(why)));
                Some(None)
            }
            Seen::Never(why) => {
                let message = format!("The cloud accepted this, and no reading shows it: {write}{}.", known(why));
                Some(Some(Reason::new(Code::NotVisible, write.lane(), message)))
            }
        }
    }

    fn note_made(&mut self, change: &Change, now: Timestamp) {
        if self.accepted.sent(&change.write, now) {
            self.made.push(change.write.to_string());
        }
        match &change.write {
            Write::UpdateServer { instance, state: MemberState::Draining(_), .. } => {
                self.departures.drained.insert(instance.clone());
            }
            Write::RemoveServer { instance, why: Leaving::Released, .. } => {
                self.departures.released.insert(instance.clone());
            }
            _ => {}
        }
    }

    fn note_error(&mut self, lane: &str, changes: &[Change], problem: WriteError, now: Timestamp) {
        let Some(change) = changes.first() else { return };
        let (error, carried) = match problem {
            WriteError::Blocked(reason) => return self.refuse(change, reason),
            WriteError::NotVisible(why) => return self.accepted.unseen(&change.write, why, now),
            WriteError::Cloud { error, changes: carried } => (*error, carried),
        };
        tracing::warn!(change = %change.write, code = error.code, error = %error, "not written");
        if error.kind == ErrorKind::Local && error.code == "ReadOnly" {
            let message = format!("Writes are switched off, so this was not made: {}.", change.write);
            return self.refuse(change, Reason::new(Code::ReadOnly, lane, message));
        }
        if passes(&error) {
            let (refusals, lasted) = self.busy.refused(lane, &change.write, &error.code, now);
            if error.is_conflict() && refusals >= REFUSALS {
                let (code, seconds) = (&error.code, lasted.as_secs());
                let message =
                    format!("{}: refused {refusals} times in {seconds} s with {code}: {}", change.write, error.message);
                self.busy.free(lane);
                self.refuse(change, Reason::new(Code::StaysBusy, lane, message));
            } else {
                self.last_error = Some(error);
            }
        } else if (error.is_duplicate() || error.is_not_found()) && self.strike(&change.write) < STRIKES {
            // Retry with fresh readings after a wait: someone else made the change first, or a resource was deleted.
            self.busy.stale(lane, &change.write, &error.code, now);
        } else if carried > 1 {
            // One change of the batch is invalid: halve the batch until that change is alone.
            self.limits.insert(lane.to_owned(), (carried.min(changes.len()) / 2).max(1));
        } else {
            let message = format!("{}: {} {}", change.write, error.code, error.message);
            let advice = unread::remedy_of_write(&error, change.stage);
            self.refuse(change, Reason::new(Code::Refused, lane, message).advising(advice));
            self.limits.remove(lane);
            self.busy.free(lane);
        }
    }

    fn refuse(&mut self, change: &Change, reason: Reason) {
        self.refused.push((change.write.clone(), reason));
    }

    fn strike(&mut self, write: &Write) -> u8 {
        match self.strikes.iter_mut().find(|(struck, _)| struck.same_intent(write)) {
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

/// Whether the error is transient, so that the answer is to wait and read again: conflict, throttling, busy service,
/// unknown outcome, no connection. Expired credentials count too; they end the invocation.
fn passes(error: &Error) -> bool {
    error.is_expired()
        || error.is_conflict()
        || error.is_throttled()
        || error.may_have_happened()
        || error.kind == ErrorKind::Transport
        || error.status.is_some_and(|status| status >= 500)
        || matches!(error.code.as_str(), "SystemBusy" | "ServiceUnavailable")
}

#[cfg(test)]
mod tests;
