//! The worst case of a definition: how long it may take, and how many events it may write.
//!
//! The engine stops an execution at 5,000 events, and a state that waits for another run must wait longer than that run
//! can take; both are properties of the text, so they are computed from it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::definition::{Definition, Kind, ScopeId, Seconds, State, StateId, TaskMode, TaskView};
use crate::limits;
use crate::parse::reach::successors;

/// Events counted for one attempt at a task. This interpreter writes two; the service's own number is not documented,
/// and its older dialect wrote up to five around each attempt (scheduled, started, submitted, and two outcomes).
pub const EVENTS_PER_ATTEMPT: u64 = 7;

/// Events counted for one visit to a state, attempts apart: entered, and succeeded or failed.
pub const EVENTS_PER_VISIT: u64 = 2;

/// Events of the execution itself: started, and its end.
pub(crate) const EVENTS_PER_EXECUTION: u64 = 2;

/// A worst case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// The longest it can take.
    pub duration: Duration,
    /// The most events it can write.
    pub events: u64,
}

/// The worst case of one state, and how long its retries keep it waiting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateBudget {
    /// The worst case of one visit; for a Parallel, branches included.
    pub worst: Budget,
    /// Of each Retry rule, in order.
    pub retries: Vec<RetryBudget>,
}

/// How long a Retry rule keeps a state waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetryBudget {
    /// How often the rule applies.
    pub attempts: u32,
    /// What its intervals are in sum: the time it is sure to hold out if every attempt fails at once, with errors of this
    /// rule.
    pub intervals: Duration,
}

impl RetryBudget {
    /// The time it is sure to hold out if each attempt takes at least `attempt` before it fails with an error of this rule.
    #[must_use]
    pub fn patience(self, attempt: Duration) -> Duration {
        self.intervals.saturating_add(attempt.saturating_mul(self.attempts.saturating_add(1)))
    }
}

/// A definition that has no worst case, and the state that is the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("state {state} has no worst case: {reason}")]
pub struct Unbounded {
    /// The state's name.
    pub state: String,
    /// Why.
    pub reason: String,
}

/// The worst case of every state by name. `attempt` tells how long one attempt at a task can take, for example its
/// function's timeout; the state's own Timeout is respected.
///
/// # Errors
/// A loop or a Map makes the worst case depend on data.
pub fn states(
    definition: &Definition,
    attempt: impl Fn(&TaskView<'_>) -> Duration,
) -> Result<BTreeMap<String, StateBudget>, Unbounded> {
    let counter = Counter { definition, attempt: &attempt };
    let budgets = definition.states.iter().map(|state| Ok((state.name.clone(), counter.state(state)?)));
    budgets.collect()
}

/// The worst case of a whole execution: the longest and the most eventful way through it.
///
/// # Errors
/// A loop or a Map makes the worst case depend on data.
pub fn execution(definition: &Definition, attempt: impl Fn(&TaskView<'_>) -> Duration) -> Result<Budget, Unbounded> {
    let counter = Counter { definition, attempt: &attempt };
    let scope = counter.scope(definition.root)?;
    Ok(Budget { duration: scope.duration, events: scope.events.saturating_add(EVENTS_PER_EXECUTION) })
}

/// A state on the way through a scope.
enum Step {
    /// The way leads there.
    Reached(StateId),
    /// Everything behind it is known.
    Left(StateId),
}

struct Counter<'a> {
    definition: &'a Definition,
    attempt: &'a dyn Fn(&TaskView<'_>) -> Duration,
}

impl Counter<'_> {
    /// The worst way through a scope. Duration and events are each at their worst, perhaps on different ways.
    fn scope(&self, scope: ScopeId) -> Result<Budget, Unbounded> {
        match self.definition.scope(scope) {
            Some(scope) => self.from(scope.start),
            None => Ok(Budget::default()),
        }
    }

    /// The worst way from a state to the end of its scope. A scope may be a chain of thousands of states, so the way there is a
    /// list and not a recursion: a state is looked at when it is reached, and again when everything behind it is known.
    fn from(&self, start: StateId) -> Result<Budget, Unbounded> {
        let mut known: BTreeMap<StateId, Budget> = BTreeMap::new();
        let mut way: BTreeSet<StateId> = BTreeSet::new();
        let mut pending = vec![Step::Reached(start)];
        while let Some(step) = pending.pop() {
            match step {
                Step::Reached(id) if known.contains_key(&id) => {}
                Step::Reached(id) => {
                    let Some(state) = self.definition.state(id) else { continue };
                    if !way.insert(id) {
                        let reason = "it leads back to itself".to_owned();
                        return Err(Unbounded { state: state.name.clone(), reason });
                    }
                    pending.push(Step::Left(id));
                    pending.extend(successors(state).into_iter().rev().map(Step::Reached));
                }
                Step::Left(id) => {
                    way.remove(&id);
                    let Some(state) = self.definition.state(id) else { continue };
                    let mut rest = Budget::default();
                    for behind in successors(state).iter().filter_map(|next| known.get(next)) {
                        rest.duration = rest.duration.max(behind.duration);
                        rest.events = rest.events.max(behind.events);
                    }
                    known.insert(id, add(self.state(state)?.worst, rest));
                }
            }
        }
        Ok(known.get(&start).copied().unwrap_or_default())
    }

    fn state(&self, state: &State) -> Result<StateBudget, Unbounded> {
        let once = match &state.kind {
            Kind::Task(task) => {
                let view = TaskView { state: &state.name, action: &task.action, parameters: &task.written };
                let duration = match (task.mode, task.timeout) {
                    (TaskMode::RequestComplete, None) => (self.attempt)(&view),
                    (TaskMode::RequestComplete, Some(timeout)) => (self.attempt)(&view).min(timeout),
                    (_, Some(timeout)) => timeout,
                    (_, None) => {
                        let reason = "it waits for a callback without a Timeout".to_owned();
                        return Err(Unbounded { state: state.name.clone(), reason });
                    }
                };
                Budget { duration, events: EVENTS_PER_ATTEMPT }
            }
            Kind::Wait(seconds) => {
                let seconds = match seconds {
                    Seconds::Fixed(seconds) => *seconds,
                    Seconds::Computed(_) => limits::WAIT_SECONDS,
                };
                Budget { duration: Duration::from_secs(seconds), events: 1 }
            }
            Kind::Parallel { branches } => {
                let mut all = Budget { duration: Duration::ZERO, events: 1 };
                for branch in branches {
                    let branch = self.scope(*branch)?;
                    all.duration = all.duration.max(branch.duration);
                    all.events = all.events.saturating_add(branch.events);
                }
                all
            }
            Kind::Map { .. } => {
                let reason = "it repeats its processor for as many items as there are".to_owned();
                return Err(Unbounded { state: state.name.clone(), reason });
            }
            Kind::Pass | Kind::Choice { .. } | Kind::Succeed | Kind::Fail { .. } => {
                Budget { duration: Duration::ZERO, events: 1 }
            }
        };
        let mut attempts = 1_u32;
        let mut waits = Duration::ZERO;
        let mut retries = Vec::new();
        for rule in &state.retry {
            attempts = attempts.saturating_add(rule.attempts);
            let sum = |sum: Duration, n| sum.saturating_add(rule.delay(n));
            let intervals = (1..=rule.attempts.min(MOST_RETRIES)).fold(Duration::ZERO, sum);
            waits = waits.saturating_add(intervals);
            retries.push(RetryBudget { attempts: rule.attempts, intervals });
        }
        let worst = Budget {
            duration: once.duration.saturating_mul(attempts).saturating_add(waits),
            events: once.events.saturating_mul(u64::from(attempts)).saturating_add(EVENTS_PER_VISIT),
        };
        Ok(StateBudget { worst, retries })
    }
}

/// More retries than a history has room for are not summed one by one.
const MOST_RETRIES: u32 = 100_000;

fn add(left: Budget, right: Budget) -> Budget {
    Budget { duration: left.duration.saturating_add(right.duration), events: left.events.saturating_add(right.events) }
}
