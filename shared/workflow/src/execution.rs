//! One run of a definition: a pure state machine over time and task results.
//!
//! A run is a tree of threads. The root thread walks the flow's states; a Parallel or Map state holds its thread while
//! a child thread walks each branch or item. Every step is taken in the order of the threads' numbers, so one sequence
//! of calls gives one history.

mod data;
mod event;
mod fail;
mod history;
mod later;
mod outcome;
mod step;
mod task;
mod thread;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::definition::Definition;
use crate::limits;
pub use event::{Event, EventKind};
use later::later;
pub use outcome::{Failure, Status};
pub use task::{TaskError, TaskId, TaskRequest, TokenError};
use thread::{Phase, Thread, ThreadId};

/// One execution. `Clone` gives an independent copy at the same point.
///
/// ```
/// use std::sync::Arc;
/// use serde_json::json;
/// use workflow::{Definition, Execution, Status};
///
/// let text = "
///   Type: StateMachine
///   Name: hello
///   SpecVersion: v1
///   StartAt: Greet
///   States:
///   - {Type: Task, Name: Greet, Action: 'Demo:Greet', Parameters: {name.$: $Input.name}, End: true}";
/// let definition = Arc::new(Definition::parse(text)?);
/// let now = "2026-11-22T08:00:00Z".parse()?;
/// let mut execution = Execution::start(definition, "run-1", "acs:ram::1:role/flow", json!({"name": "you"}), now);
/// let tasks = execution.advance(now);
/// assert_eq!(tasks[0].parameters, json!({"name": "you"}));
/// execution.complete(now, tasks[0].id, Ok(json!({"text": "Hello, you"})));
/// assert_eq!((execution.status(), execution.output()), (Status::Succeeded, Some(&json!({"text": "Hello, you"}))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Execution {
    definition: Arc<Definition>,
    name: String,
    role_arn: String,
    input: Value,
    status: Status,
    started: Timestamp,
    stopped: Option<Timestamp>,
    output: Option<Value>,
    failure: Option<Failure>,
    events: Vec<Event>,
    /// The history is full: the execution fails at the next step.
    full: bool,
    threads: BTreeMap<ThreadId, Thread>,
    next_thread: u64,
    next_task: u64,
    outbox: Vec<TaskRequest>,
    /// The prefix of the tokens of its tasks.
    secret: String,
    /// Tasks that a token was issued for.
    reportable: BTreeSet<TaskId>,
    /// By how much every task's Timeout is longer than its definition says.
    allowance: Duration,
}

impl Execution {
    /// An execution that has not begun: [`advance`](Self::advance) makes it run.
    #[must_use]
    pub fn start(definition: Arc<Definition>, name: &str, role_arn: &str, input: Value, now: Timestamp) -> Self {
        Self {
            definition,
            name: name.to_owned(),
            role_arn: role_arn.to_owned(),
            input,
            status: Status::Starting,
            started: now,
            stopped: None,
            output: None,
            failure: None,
            events: Vec::new(),
            full: false,
            threads: BTreeMap::new(),
            next_thread: 0,
            next_task: 0,
            outbox: Vec::new(),
            secret: name.to_owned(),
            reportable: BTreeSet::new(),
            allowance: Duration::ZERO,
        }
    }

    /// Extends the Timeout of every task that is answered synchronously: on an accelerated clock, real work needs more of the
    /// clock's time.
    #[must_use]
    pub fn with_allowance(self, allowance: Duration) -> Self {
        Self { allowance, ..self }
    }

    /// Makes the tokens of tasks begin with a secret text, instead of the execution's name. It must not contain a dot.
    #[must_use]
    pub fn with_secret(self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self }
    }

    /// The token of a task that waits for a report.
    fn token(&mut self, task: TaskId) -> String {
        self.reportable.insert(task);
        format!("{}.{}", self.secret, task.0)
    }

    /// The task that a report with this token is about, while it waits for one.
    ///
    /// # Errors
    /// The token was not issued by this execution, or its task no longer waits.
    pub fn waiting(&self, token: &str) -> Result<TaskId, TokenError> {
        let number = token.strip_prefix(&self.secret).and_then(|rest| rest.strip_prefix('.'));
        let task = number.and_then(|number| number.parse().ok()).map(TaskId).ok_or(TokenError::Unknown)?;
        if !self.reportable.contains(&task) {
            return Err(TokenError::Unknown);
        }
        let waits = self.status == Status::Running && self.thread_of(task).is_some();
        if waits { Ok(task) } else { Err(TokenError::Completed) }
    }

    /// Does everything that can be done by `now` and returns the tasks to invoke. Call it after
    /// [`complete`](Self::complete) and when [`next_due`](Self::next_due) comes.
    pub fn advance(&mut self, now: Timestamp) -> Vec<TaskRequest> {
        if self.status == Status::Starting {
            self.begin(now);
        }
        self.run(now);
        let outbox = std::mem::take(&mut self.outbox);
        // A task may have been cancelled by its sibling's failure before anyone saw it.
        outbox.into_iter().filter(|request| self.thread_of(request.id).is_some()).collect()
    }

    /// Takes the result of one attempt. The result of a task that was cancelled or timed out changes nothing.
    pub fn complete(&mut self, now: Timestamp, task: TaskId, result: Result<Value, TaskError>) {
        if self.status != Status::Running {
            return;
        }
        // Timers first: a result that arrives after its own deadline is late.
        self.run(now);
        if let Some(thread) = self.thread_of(task) {
            self.task_done(thread, now, result);
            self.run(now);
        }
    }

    /// When [`advance`](Self::advance) has something to do even if no task completes.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        match self.status {
            Status::Starting => Some(self.started),
            Status::Running if !self.outbox.is_empty() => Some(self.started),
            Status::Running => {
                self.threads.values().filter_map(Thread::due).chain(std::iter::once(self.expiry())).min()
            }
            _ => None,
        }
    }

    /// Ends the execution as `StopExecution` does; nothing happens if it has ended.
    pub fn stop(&mut self, now: Timestamp, error: &str, cause: &str) {
        if self.status.is_final() {
            return;
        }
        let failure = Failure { code: error.to_owned(), detail: cause.to_owned() };
        self.end(now, Status::Stopped, EventKind::ExecutionStopped, failure);
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// The output of a successful execution.
    #[must_use]
    pub fn output(&self) -> Option<&Value> {
        self.output.as_ref()
    }

    /// Why it failed, timed out or was stopped.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// The history so far, oldest first.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// When it was accepted.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// When it ended.
    #[must_use]
    pub fn stopped(&self) -> Option<Timestamp> {
        self.stopped
    }

    /// The execution's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The input it was started with.
    #[must_use]
    pub fn input(&self) -> &Value {
        &self.input
    }

    /// The definition it started with, and keeps.
    #[must_use]
    pub fn definition(&self) -> &Arc<Definition> {
        &self.definition
    }

    fn expiry(&self) -> Timestamp {
        later(self.started, limits::EXECUTION)
    }

    fn thread_of(&self, task: TaskId) -> Option<ThreadId> {
        self.threads
            .iter()
            .find(|(_, thread)| matches!(&thread.phase, Phase::Task { id, .. } if *id == task))
            .map(|(id, _)| *id)
    }
}
