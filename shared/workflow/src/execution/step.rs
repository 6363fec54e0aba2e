//! The steps of a run: timers, entering, trying and finishing states.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::data::{self, code};
use super::thread::{Join, Phase, Thread, ThreadId};
use super::{EventKind, Execution, Failure, Status, TaskError, TaskId, TaskRequest, later};
use crate::definition::{Definition, Kind, ScopeId, Seconds, State, Task, TaskMode, Then};
use crate::expression::Expression;
use crate::limits;

impl Execution {
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.status = Status::Running;
        self.note_execution(now, EventKind::ExecutionStarted, json!({"Input": self.input}));
        if !self.input.is_object() {
            let detail = "the input must be a JSON object".to_owned();
            return self.fail_execution(now, Failure { code: code::INPUT.to_owned(), detail });
        }
        self.spawn(None, self.definition.root, self.input.clone());
    }

    /// Fires what is due and takes every step that needs no more time.
    pub(super) fn run(&mut self, now: Timestamp) {
        while self.status == Status::Running {
            if self.expiry() <= now {
                let detail = "the execution ran for longer than a year".to_owned();
                let failure = Failure { code: code::EXECUTION_TIMEOUT.to_owned(), detail };
                return self.end(now, Status::TimedOut, EventKind::ExecutionTimedOut, failure);
            }
            if self.full {
                let detail = format!("the history holds {} events", limits::EVENTS);
                return self.fail_execution(now, Failure { code: code::EVENTS.to_owned(), detail });
            }
            let ready = self.threads.iter().find(|(_, thread)| thread.is_ready()).map(|(id, _)| *id);
            if let Some(id) = ready {
                self.step(id, now);
                continue;
            }
            let due = self.threads.iter().filter_map(|(id, thread)| thread.due().map(|due| (due, *id))).min();
            match due {
                Some((due, id)) if due <= now => self.fire(id, now),
                _ => return,
            }
        }
    }

    fn fire(&mut self, id: ThreadId, now: Timestamp) {
        let Some(thread) = self.threads.get_mut(&id) else { return };
        match thread.phase {
            Phase::Sleep { .. } => {
                let output = thread.input.clone();
                self.finish(id, now, &output);
            }
            Phase::Backoff { .. } => thread.phase = Phase::Attempt,
            Phase::Task { .. } => {
                let detail = "the task took longer than its Timeout".to_owned();
                self.task_done(id, now, Err(TaskError { code: code::TASK_TIMEOUT.to_owned(), detail }));
            }
            Phase::Enter | Phase::Attempt | Phase::Join(_) => {}
        }
    }

    fn step(&mut self, id: ThreadId, now: Timestamp) {
        let definition = Arc::clone(&self.definition);
        let Some(thread) = self.threads.get(&id) else { return };
        let Some(state) = definition.state(thread.state) else { return };
        if matches!(thread.phase, Phase::Enter) {
            self.enter(id, now, state);
        } else {
            self.attempt(id, now, state);
        }
    }

    fn enter(&mut self, id: ThreadId, now: Timestamp, state: &State) {
        let Some(thread) = self.threads.get_mut(&id) else { return };
        thread.retries = vec![0; state.retry.len()];
        thread.error = None;
        thread.token.clear();
        thread.phase = Phase::Attempt;
        let input = thread.input.clone();
        self.note(now, id, EventKind::StateEntered, json!({"Input": input}));
        if let Err(failure) = data::within_limit(&input, &format!("the input of {}", state.name)) {
            return self.fail_execution(now, failure);
        }
        let Some(constructor) = &state.input else { return };
        let Some(thread) = self.threads.get(&id) else { return };
        match constructor.build(&self.environment(thread, None)) {
            Err(reason) => self.state_failed(id, now, expression_error(&reason)),
            Ok(built) => match data::within_limit(&built, &format!("the input of {}", state.name)) {
                Err(failure) => self.fail_execution(now, failure),
                Ok(()) => {
                    if let Some(thread) = self.threads.get_mut(&id) {
                        thread.input = built;
                    }
                }
            },
        }
    }

    fn attempt(&mut self, id: ThreadId, now: Timestamp, state: &State) {
        self.note(now, id, EventKind::StateStarted, Value::Null);
        let Some(thread) = self.threads.get(&id) else { return };
        let input = thread.input.clone();
        match &state.kind {
            Kind::Pass | Kind::Succeed => self.finish(id, now, &input),
            Kind::Fail { code, detail } => {
                self.scope_failed(id, now, TaskError { code: code.clone(), detail: detail.clone() });
            }
            Kind::Wait(seconds) => match self.wait(thread, seconds) {
                Ok(duration) => self.set_phase(id, Phase::Sleep { until: later(now, duration) }),
                Err(reason) => self.state_failed(id, now, expression_error(&reason)),
            },
            Kind::Choice { branches, otherwise } => {
                let environment = self.environment(thread, None);
                let chosen = branches
                    .iter()
                    .find_map(|(condition, next)| match condition.condition(&environment) {
                        Ok(true) => Some(Ok(*next)),
                        Ok(false) => None,
                        Err(reason) => Some(Err(reason)),
                    })
                    .unwrap_or(Ok(*otherwise));
                match chosen {
                    Ok(next) => self.finish_to(id, now, &input, Then::Next(next)),
                    Err(reason) => self.state_failed(id, now, expression_error(&reason)),
                }
            }
            Kind::Task(task) => self.invoke(id, now, state, task),
            Kind::Parallel { branches } => {
                let join =
                    Join { results: BTreeMap::new(), items: Vec::new(), total: branches.len(), next: branches.len() };
                self.set_phase(id, Phase::Join(join));
                for (index, branch) in branches.iter().enumerate() {
                    self.spawn(Some((id, index)), *branch, input.clone());
                }
            }
            Kind::Map { items, concurrency, .. } => self.map(id, now, items, *concurrency),
        }
    }

    fn wait(&self, thread: &Thread, seconds: &Seconds) -> Result<Duration, String> {
        let seconds = match seconds {
            Seconds::Fixed(seconds) => *seconds,
            Seconds::Computed(expression) => {
                let value = expression.evaluate(&self.environment(thread, None))?;
                let whole = value.as_u64().filter(|seconds| (1..=limits::WAIT_SECONDS).contains(seconds));
                whole.ok_or_else(|| format!("`{value}` is not a wait of 1 to {} seconds", limits::WAIT_SECONDS))?
            }
        };
        Ok(Duration::from_secs(seconds))
    }

    fn invoke(&mut self, id: ThreadId, now: Timestamp, state: &State, task: &Task) {
        let task_id = TaskId(self.next_task);
        self.next_task += 1;
        let token = if task.mode == TaskMode::WaitForCustomCallback { self.token(task_id) } else { String::new() };
        let Some(thread) = self.threads.get_mut(&id) else { return };
        thread.token = token;
        let attempt = thread.attempt();
        let Some(thread) = self.threads.get(&id) else { return };
        let parameters = match task.parameters.build(&self.environment(thread, None)) {
            Ok(parameters) => parameters,
            Err(reason) => return self.state_failed(id, now, expression_error(&reason)),
        };
        let timeout = match task.mode {
            TaskMode::RequestComplete => task.timeout.map(|timeout| timeout.saturating_add(self.allowance)),
            TaskMode::WaitForSystemCallback | TaskMode::WaitForCustomCallback => task.timeout,
        };
        let deadline = timeout.map(|timeout| later(now, timeout));
        self.set_phase(id, Phase::Task { id: task_id, deadline });
        self.outbox.push(TaskRequest {
            id: task_id,
            state: state.name.clone(),
            action: task.action.clone(),
            mode: task.mode,
            parameters,
            timeout,
            attempt,
        });
    }

    fn map(&mut self, id: ThreadId, now: Timestamp, items: &Expression, concurrency: usize) {
        let Some(thread) = self.threads.get(&id) else { return };
        let items = match items.evaluate(&self.environment(thread, None)) {
            Ok(Value::Array(items)) => items,
            Ok(other) => return self.state_failed(id, now, expression_error(&format!("`{other}` is not a list"))),
            Err(reason) => return self.state_failed(id, now, expression_error(&reason)),
        };
        let total = items.len();
        let join = Join { results: BTreeMap::new(), items, total, next: 0 };
        self.set_phase(id, Phase::Join(join));
        if total == 0 {
            return self.join(id, now);
        }
        for _ in 0..concurrency.min(total) {
            self.spawn_next_item(id);
        }
    }

    fn spawn_next_item(&mut self, parent: ThreadId) {
        let definition = Arc::clone(&self.definition);
        let Some(thread) = self.threads.get_mut(&parent) else { return };
        let Some(Kind::Map { processor, .. }) = definition.state(thread.state).map(|state| &state.kind) else { return };
        let Phase::Join(join) = &mut thread.phase else { return };
        let index = join.next;
        let Some(item) = join.items.get(index).cloned() else { return };
        join.next += 1;
        // States take JSON objects only; how an item that is no object is passed to the processor is not documented.
        let input = if item.is_object() { item } else { json!({"Item": item}) };
        self.spawn(Some((parent, index)), *processor, input);
    }

    fn spawn(&mut self, parent: Option<(ThreadId, usize)>, scope: ScopeId, input: Value) {
        let Some(start) = self.definition.scope(scope).map(|scope| scope.start) else { return };
        let id = ThreadId(self.next_thread);
        self.next_thread += 1;
        self.threads.insert(id, Thread::new(parent, start, input));
    }

    fn set_phase(&mut self, id: ThreadId, phase: Phase) {
        if let Some(thread) = self.threads.get_mut(&id) {
            thread.phase = phase;
        }
    }

    pub(super) fn task_done(&mut self, id: ThreadId, now: Timestamp, result: Result<Value, TaskError>) {
        let result = result.and_then(|output| match output {
            Value::Object(_) => Ok(output),
            _ => Err(TaskError { code: code::OUTPUT.to_owned(), detail: "the output is not a JSON object".to_owned() }),
        });
        match result {
            Ok(output) => {
                if let Err(failure) = data::within_limit(&output, "the output of a task") {
                    return self.fail_execution(now, failure);
                }
                self.note(now, id, EventKind::TaskSucceeded, json!({"Output": output}));
                self.finish(id, now, &output);
            }
            Err(error) => {
                self.note(now, id, EventKind::TaskFailed, json!({"Error": error.code, "Cause": error.detail}));
                self.state_failed(id, now, error);
            }
        }
    }

    /// The state is done: its output is built and passed to the next state.
    fn finish(&mut self, id: ThreadId, now: Timestamp, output: &Value) {
        let Some(then) = self.threads.get(&id).and_then(|thread| self.definition.state(thread.state)).map(|s| s.then)
        else {
            return;
        };
        self.finish_to(id, now, output, then);
    }

    fn finish_to(&mut self, id: ThreadId, now: Timestamp, output: &Value, then: Then) {
        let definition: Arc<Definition> = Arc::clone(&self.definition);
        let Some(thread) = self.threads.get(&id) else { return };
        let Some(state) = definition.state(thread.state) else { return };
        let output = match &state.output {
            None => output.clone(),
            Some(constructor) => match constructor.build(&self.environment(thread, Some(output))) {
                Ok(built) => built,
                Err(reason) => return self.state_failed(id, now, expression_error(&reason)),
            },
        };
        if let Err(failure) = data::within_limit(&output, &format!("the output of {}", state.name)) {
            return self.fail_execution(now, failure);
        }
        self.note(now, id, EventKind::StateSucceeded, json!({"Output": output}));
        match then {
            Then::Next(next) => {
                if let Some(thread) = self.threads.get_mut(&id) {
                    thread.state = next;
                    thread.input = output;
                    thread.phase = Phase::Enter;
                }
            }
            Then::End => self.scope_done(id, now, output),
        }
    }

    fn scope_done(&mut self, id: ThreadId, now: Timestamp, output: Value) {
        let Some(thread) = self.threads.remove(&id) else { return };
        let Some((parent, index)) = thread.parent else {
            self.status = Status::Succeeded;
            self.stopped = Some(now);
            self.note_execution(now, EventKind::ExecutionSucceeded, json!({"Output": output}));
            self.output = Some(output);
            return;
        };
        if let Some(Phase::Join(join)) = self.threads.get_mut(&parent).map(|thread| &mut thread.phase) {
            join.results.insert(index, output);
            if join.next < join.total {
                self.spawn_next_item(parent);
            } else {
                self.join(parent, now);
            }
        }
    }

    /// Finishes a Parallel or Map state when every child has finished.
    fn join(&mut self, id: ThreadId, now: Timestamp) {
        let Some(thread) = self.threads.get(&id) else { return };
        let Phase::Join(join) = &thread.phase else { return };
        if join.results.len() < join.total {
            return;
        }
        let is_map = matches!(self.definition.state(thread.state).map(|state| &state.kind), Some(Kind::Map { .. }));
        let output = if is_map {
            json!({"Items": join.results.values().cloned().collect::<Vec<_>>()})
        } else {
            let branches = join.results.iter().map(|(index, output)| (format!("Branch{index}"), output.clone()));
            Value::Object(branches.collect::<Map<_, _>>())
        };
        self.finish(id, now, &output);
    }
}

fn expression_error(reason: &str) -> TaskError {
    TaskError { code: code::EXPRESSION.to_owned(), detail: reason.to_owned() }
}
