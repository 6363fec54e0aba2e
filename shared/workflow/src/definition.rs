//! A checked definition: scopes of states in one arena, so that an execution points into it by index.

use std::time::Duration;

use serde_json::Value;

use crate::constructor::Constructor;
use crate::expression::Expression;

/// A flow definition that passed every check.
#[derive(Debug, Clone)]
pub struct Definition {
    pub(crate) name: String,
    pub(crate) root: ScopeId,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) states: Vec<State>,
}

/// One Task state, as written.
#[derive(Debug, Clone, Copy)]
pub struct TaskView<'a> {
    /// The state's name, unique in the definition.
    pub state: &'a str,
    /// `<Service>:<Api>`, for example `FC:InvokeFunction`.
    pub action: &'a str,
    /// The parameters as written: keys that end in `.$` hold expressions.
    pub parameters: &'a Value,
}

/// An index into [`Definition::scopes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ScopeId(pub(crate) usize);

/// An index into [`Definition::states`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StateId(pub(crate) usize);

/// The whole flow, one branch of a Parallel, or the processor of a Map. Transitions never leave it.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) start: StateId,
    pub(crate) states: Vec<StateId>,
}

#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) then: Then,
    pub(crate) input: Option<Constructor>,
    pub(crate) output: Option<Constructor>,
    pub(crate) retry: Vec<Retry>,
    pub(crate) catch: Vec<Catch>,
}

/// Where a scope goes when a state is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Next(StateId),
    End,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Task(Task),
    Pass,
    Wait(Seconds),
    Choice { branches: Vec<(Expression, StateId)>, otherwise: StateId },
    Parallel { branches: Vec<ScopeId> },
    Map { items: Expression, concurrency: usize, processor: ScopeId },
    Succeed,
    Fail { code: String, detail: String },
}

/// When a Task state is done (section 1.2, `TaskMode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskMode {
    /// As soon as the call that it makes is answered.
    RequestComplete,
    /// When the service called has finished what it was asked to do.
    WaitForSystemCallback,
    /// When a callback with the token arrives that the call's parameters pass on (`$Context.Current.TaskToken`).
    WaitForCustomCallback,
}

#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) action: String,
    pub(crate) mode: TaskMode,
    pub(crate) parameters: Constructor,
    pub(crate) written: Value,
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Clone)]
pub(crate) enum Seconds {
    Fixed(u64),
    Computed(Expression),
}

#[derive(Debug, Clone)]
pub(crate) struct Retry {
    pub(crate) errors: Vec<String>,
    pub(crate) attempts: u32,
    pub(crate) interval: u64,
    pub(crate) rate: f64,
    pub(crate) most: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Catch {
    pub(crate) errors: Vec<String>,
    pub(crate) next: StateId,
    pub(crate) output: Option<Constructor>,
}

/// The name that matches every error.
pub(crate) const ANY_ERROR: &str = "FnF.ALL";

pub(crate) fn matches(errors: &[String], code: &str) -> bool {
    errors.iter().any(|error| error == ANY_ERROR || error == code)
}

impl Retry {
    /// The wait before retry `n`, counted from 1: the interval times the rate to the power n-1, at most the cap
    /// (section 1.3; the formula is inferred there from the fields' descriptions).
    pub(crate) fn delay(&self, n: u32) -> Duration {
        let exponent = i32::try_from(n.saturating_sub(1)).unwrap_or(i32::MAX);
        let grown = self.rate.powi(exponent) * Duration::from_secs(self.interval).as_secs_f64();
        let most = Duration::from_secs(self.most);
        if grown.is_finite() && grown < most.as_secs_f64() { Duration::from_secs_f64(grown) } else { most }
    }
}

impl Definition {
    /// The name that the definition gives itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every Task state, nested ones included, in the order of the text.
    pub fn tasks(&self) -> impl Iterator<Item = TaskView<'_>> {
        let mut tasks = Vec::new();
        self.collect_tasks(self.root, &mut tasks);
        tasks.into_iter()
    }

    fn collect_tasks<'a>(&'a self, scope: ScopeId, tasks: &mut Vec<TaskView<'a>>) {
        let Some(scope) = self.scope(scope) else { return };
        for state in scope.states.iter().filter_map(|id| self.state(*id)) {
            match &state.kind {
                Kind::Task(task) => {
                    tasks.push(TaskView { state: &state.name, action: &task.action, parameters: &task.written });
                }
                Kind::Parallel { branches } => branches.iter().for_each(|branch| self.collect_tasks(*branch, tasks)),
                Kind::Map { processor, .. } => self.collect_tasks(*processor, tasks),
                _ => {}
            }
        }
    }

    pub(crate) fn state(&self, id: StateId) -> Option<&State> {
        self.states.get(id.0)
    }

    pub(crate) fn scope(&self, id: ScopeId) -> Option<&Scope> {
        self.scopes.get(id.0)
    }
}
