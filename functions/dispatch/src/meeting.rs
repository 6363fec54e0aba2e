//! What the events that meet in one process share.
//!
//! ```text
//!   event ─► does a start that was made here cover it? ──yes──► done, without a call
//!               │ no
//!               ▼
//!            waits ─► one leads: store, instances, starts for all that wait ─► answers them all
//!                     └─ those that come meanwhile wait for it, look again whether they are covered, and one of them leads
//! ```
//!
//! Nothing here makes a reading older than the events that rely on it, and that is the argument (decision 0032):
//! - **A batch is put together before its first call.** So every call on behalf of an event was sent after the event arrived.
//!   An event that comes while calls are under way is never added to them.
//! - **An event is covered by an earlier start only if the execution has provably read nothing yet at that moment**: the
//!   server's own times, and the time since that call was sent ([`Proof::holds_after`]).
//! - **Time since a call is true only in a process that was not frozen meanwhile.** The platform freezes a process while no
//!   invocation is under way in it, and every invocation ends itself before the platform would cut it. So what is kept is
//!   dropped with the last invocation that is under way.
//! - **Which bindings an event may concern is taken from a store that was read at most a window ago.** A store that changed
//!   since is no event's matter: nobody is told of such a change but the timer.
//!
//! A leader that is cut, dropped, or panics leaves its lead, and the next one that waits goes on by itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use onboarding::ids::BindingName;
use onboarding::store::Store;
use stage::StageError;
use stage::executions::Proof;

use crate::answer::{Dispatched, Started};
use crate::bindings::{self, Sighting};

/// An execution that was started, or joined.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) name: String,
    pub(crate) proof: Proof,
    /// When the call was sent, on this process's clock.
    pub(crate) sent: Timestamp,
}

/// The answer to an event.
pub(crate) type Answer = Result<Dispatched, StageError>;

/// Shared by the invocations of one process.
#[derive(Debug, Default)]
pub(crate) struct Meeting {
    state: Mutex<State>,
    /// Held by the one that makes the calls.
    lead: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// The invocations that are under way.
    present: usize,
    /// The store, and when its reading began.
    store: Option<(Store, Timestamp)>,
    starts: BTreeMap<BindingName, Start>,
    waiting: BTreeMap<u64, Sighting>,
    answers: BTreeMap<u64, Answer>,
    next: u64,
}

impl Meeting {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an invocation as under way until the guard is dropped.
    pub(crate) fn enter(&self) -> Present<'_> {
        self.state().present += 1;
        Present(self)
    }

    /// Keeps a start for those that meet it.
    pub(crate) fn keep(&self, binding: &BindingName, start: Start) {
        let mut state = self.state();
        if state.present > 0 {
            state.starts.insert(binding.clone(), start);
        }
    }

    /// Keeps the store, whose reading began at `since`.
    pub(crate) fn keep_store(&self, store: &Store, since: Timestamp) {
        let mut state = self.state();
        if state.present > 0 {
            state.store = Some((store.clone(), since));
        }
    }

    /// A kept execution of a binding that has provably read nothing yet.
    pub(crate) fn covering(&self, binding: &BindingName, now: Timestamp, window_seconds: u32) -> Option<String> {
        self.state().covering(binding, now, window_seconds).map(str::to_owned)
    }

    /// The answer to an event all of whose possible bindings have such an execution.
    pub(crate) fn covered(
        &self,
        event: &Sighting,
        ours: &str,
        now: Timestamp,
        window_seconds: u32,
    ) -> Option<Dispatched> {
        let state = self.state();
        let (store, since) = state.store.as_ref()?;
        if now.duration_since(*since) >= SignedDuration::from_secs(window_seconds.into()) {
            return None;
        }
        let bindings = bindings::within(store, event.region.as_ref(), &event.accounts, ours);
        let started = bindings.iter().map(|binding| {
            let execution = state.covering(&binding.name, now, window_seconds)?.to_owned();
            Some(Started { binding: binding.name.clone(), execution, drift: Vec::new() })
        });
        let started: Vec<_> = started.collect::<Option<_>>()?;
        // An event that concerns no known binding is looked at with the store as it is now.
        (!started.is_empty()).then(|| Dispatched { started, ..Dispatched::default() })
    }

    /// Lets an event wait for whoever leads.
    pub(crate) fn join(&self, event: Sighting) -> Ticket<'_> {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.waiting.insert(number, event);
        Ticket { meeting: self, number }
    }

    /// Waits for the lead.
    pub(crate) async fn lead(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.lead.lock().await
    }

    /// The events that wait now. They go on waiting until they are answered.
    pub(crate) fn waiting(&self) -> Vec<(u64, Sighting)> {
        self.state().waiting.iter().map(|(number, event)| (*number, event.clone())).collect()
    }

    /// Answers an event, if it waits still.
    pub(crate) fn answer(&self, number: u64, answer: Answer) {
        let mut state = self.state();
        if state.waiting.remove(&number).is_some() {
            state.answers.insert(number, answer);
        }
    }
}

impl State {
    fn covering(&self, binding: &BindingName, now: Timestamp, window_seconds: u32) -> Option<&str> {
        let start = self.starts.get(binding)?;
        start.proof.holds_after(now.duration_since(start.sent), window_seconds).then_some(start.name.as_str())
    }
}

/// An invocation that is under way.
#[derive(Debug)]
pub(crate) struct Present<'m>(&'m Meeting);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.present -= 1;
        if state.present == 0 {
            // From here on the process may be frozen for any time.
            state.store = None;
            state.starts.clear();
        }
    }
}

/// An event that waits.
#[derive(Debug)]
pub(crate) struct Ticket<'m> {
    meeting: &'m Meeting,
    number: u64,
}

impl Ticket<'_> {
    /// The answer, if somebody gave one.
    pub(crate) fn answer(&self) -> Option<Answer> {
        self.meeting.state().answers.remove(&self.number)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut state = self.meeting.state();
        state.waiting.remove(&self.number);
        state.answers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A start that a timer made, without an event under way, is not kept: the process may be frozen at once.
    #[test]
    fn a_start_is_kept_only_while_an_event_is_under_way() {
        let (meeting, web, now) = (Meeting::default(), BindingName::from("web"), Timestamp::UNIX_EPOCH);
        let proof = Proof { date: Some(now), started: now.to_string() };
        let start = Start { name: "web-1".to_owned(), proof, sent: now };
        meeting.keep(&web, start.clone());
        assert_eq!(meeting.covering(&web, now, 10), None);
        let present = meeting.enter();
        meeting.keep(&web, start);
        assert_eq!(meeting.covering(&web, now, 10).as_deref(), Some("web-1"));
        drop(present);
        assert_eq!(meeting.covering(&web, now, 10), None);
    }
}
