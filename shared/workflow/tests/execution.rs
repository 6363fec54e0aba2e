//! How executions run: results, retries, catches, branches, limits.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test helper fails the test by panicking")]

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use workflow::{Definition, EventKind, Execution, Status, TaskError, TaskMode, TaskRequest, TokenError};

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(seconds)
}

fn started(states: &str, input: Value) -> Execution {
    let text = format!("Type: StateMachine\nName: flow\nSpecVersion: v1\nStartAt: A\nStates:\n{states}");
    let definition = Definition::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    Execution::start(Arc::new(definition), "run-1", "acs:ram::1:role/flow", input, at(0))
}

fn names(tasks: &[TaskRequest]) -> Vec<&str> {
    tasks.iter().map(|task| task.state.as_str()).collect()
}

fn failed(code: &str) -> Result<Value, TaskError> {
    Err(TaskError { code: code.to_owned(), detail: "because".to_owned() })
}

const PARAMETERS: &str = "Action: FC:InvokeFunction, Parameters: {resourceArn: r, invocationType: Sync}";

#[test]
fn a_task_gets_its_parameters_and_gives_its_output() {
    let mut run = started(
        "- Type: Task
  Name: A
  Action: FC:InvokeFunction
  Parameters:
    resourceArn: r
    invocationType: Sync
    body: {binding.$: $Context.Execution.Input.binding, run.$: $Context.Execution.Name, text: $Input.binding}
  OutputConstructor: {got.$: $Output.n, had.$: '$Input[\"binding\"]'}
  End: true",
        json!({"binding": "web"}),
    );
    assert_eq!(run.status(), Status::Starting);
    let tasks = run.advance(at(0));
    assert_eq!(run.status(), Status::Running);
    assert_eq!(tasks[0].action, "FC:InvokeFunction");
    assert_eq!(tasks[0].parameters["body"], json!({"binding": "web", "run": "run-1", "text": "$Input.binding"}));
    assert_eq!(run.advance(at(1)), []);
    run.complete(at(2), tasks[0].id, Ok(json!({"n": 3})));
    assert_eq!((run.status(), run.stopped()), (Status::Succeeded, Some(at(2))));
    assert_eq!(run.output(), Some(&json!({"got": 3, "had": "web"})));
    let kinds: Vec<&str> = run.events().iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["ExecutionStarted", "StateEntered", "StateStarted", "TaskSucceeded", "StateSucceeded", "ExecutionSucceeded"]
    );
    assert!(run.events().iter().zip(1..).all(|(event, id)| event.id == id));
}

#[test]
fn a_retry_waits_a_constant_interval_and_then_the_catch_applies() {
    let mut run = started(
        &format!(
            "- {{Type: Task, Name: A, {PARAMETERS}, End: true,
  Retry: [{{Description: d, Errors: [FnF.ALL], MaxAttempts: 2, IntervalSeconds: 10}}],
  Catch: [{{Errors: [FnF.ALL], Next: B, OutputConstructor: {{code.$: $Context.Current.Error.Code, n.$: $Context.Current.RetryCount}}}}]}}
- {{Type: Pass, Name: B, End: true}}"
        ),
        json!({}),
    );
    let mut now = 0;
    for attempt in 0..3_u32 {
        let tasks = run.advance(at(now));
        assert_eq!((names(&tasks), tasks[0].attempt), (vec!["A"], attempt));
        run.complete(at(now + 1), tasks[0].id, failed("StillPending"));
        now += 11;
        if attempt < 2 {
            assert_eq!(run.next_due(), Some(at(now)));
            assert_eq!(run.advance(at(now - 1)), []);
        }
    }
    assert_eq!(run.status(), Status::Succeeded);
    assert_eq!(run.output(), Some(&json!({"code": "StillPending", "n": 2})));
}

#[test]
fn backoff_grows_to_its_cap() {
    let mut run = started(
        &format!(
            "- {{Type: Task, Name: A, {PARAMETERS}, End: true,
  Retry: [{{Description: d, Errors: [X], MaxAttempts: 4, IntervalSeconds: 2, BackoffRate: 2, MaxBackoffSeconds: 9}}]}}"
        ),
        json!({}),
    );
    let mut waits = Vec::new();
    let mut now = at(0);
    for _ in 0..4 {
        let tasks = run.advance(now);
        run.complete(now, tasks[0].id, failed("X"));
        let due = run.next_due().unwrap();
        waits.push(due.duration_since(now).as_secs());
        now = due;
    }
    assert_eq!(waits, [2, 4, 8, 9]);
    let tasks = run.advance(now);
    run.complete(now, tasks[0].id, failed("Y"));
    assert_eq!(run.status(), Status::Failed, "no rule matches Y");
    assert_eq!(run.failure().map(|failure| failure.code.as_str()), Some("Y"));
}

#[test]
fn a_timeout_fails_the_attempt_and_its_late_result_is_ignored() {
    let mut run = started(
        &format!(
            "- {{Type: Task, Name: A, {PARAMETERS}, Timeout: 30, End: true,
  Retry: [{{Description: d, Errors: [FnF.TaskTimeout], MaxAttempts: 1, IntervalSeconds: 5}}]}}"
        ),
        json!({}),
    );
    let first = run.advance(at(0)).remove(0);
    assert_eq!((first.timeout, run.next_due()), (Some(Duration::from_secs(30)), Some(at(30))));
    run.complete(at(31), first.id, Ok(json!({"late": true})));
    assert_eq!(run.status(), Status::Running);
    let second = run.advance(at(36)).remove(0);
    assert_ne!(first.id, second.id);
    run.complete(at(37), first.id, Ok(json!({"late": true})));
    run.complete(at(38), second.id, Ok(json!({})));
    assert_eq!((run.status(), run.output()), (Status::Succeeded, Some(&json!({}))));
}

const BRANCHES: &str = "- Type: Parallel
  Name: A
  Branches:
    - {StartAt: B, States: [{Type: Task, Name: B, TASK, Next: C}, {Type: Task, Name: C, TASK, End: true}]}
    - {StartAt: D, States: [{Type: Task, Name: D, TASK, End: true}]}
  Catch: [{Errors: [FnF.ALL], Next: E}]
  Next: E
- {Type: Pass, Name: E, End: true}";

#[test]
fn a_parallel_joins_all_branches() {
    let mut run = started(&BRANCHES.replace("TASK", PARAMETERS), json!({}));
    let tasks = run.advance(at(0));
    assert_eq!(names(&tasks), ["B", "D"]);
    run.complete(at(1), tasks[1].id, Ok(json!({"from": "D"})));
    run.complete(at(2), tasks[0].id, Ok(json!({"from": "B"})));
    let tasks = run.advance(at(2));
    assert_eq!(names(&tasks), ["C"]);
    run.complete(at(3), tasks[0].id, Ok(json!({"from": "C"})));
    assert_eq!(run.output(), Some(&json!({"Branch0": {"from": "C"}, "Branch1": {"from": "D"}})));
}

#[test]
fn a_failed_branch_aborts_its_siblings() {
    let mut run = started(&BRANCHES.replace("TASK", PARAMETERS), json!({}));
    let tasks = run.advance(at(0));
    run.complete(at(1), tasks[1].id, failed("X"));
    assert_eq!(run.status(), Status::Succeeded, "the Parallel's Catch led to E");
    assert!(
        run.events().iter().any(|event| event.kind == EventKind::StateAborted && event.step.as_deref() == Some("B"))
    );
    let output = run.output().cloned();
    run.complete(at(2), tasks[0].id, Ok(json!({"late": true})));
    assert_eq!(run.output().cloned(), output);
    assert_eq!(run.advance(at(3)), []);
}

#[test]
fn a_choice_takes_the_first_true_branch() {
    let states = "- {Type: Choice, Name: A, Default: D, Branches: [
  {Condition: '$Input.n >= 10 && !($Input.kind == \"small\")', Next: B},
  {Condition: '$Input.n == 1.0 || arrayContains([\"a\", \"b\"], $Input.kind)', Next: C}]}
- {Type: Pass, Name: B, End: true, OutputConstructor: {at: B}}
- {Type: Pass, Name: C, End: true, OutputConstructor: {at.$: 'format(\"{}-{}\", \"C\", $Input.n)'}}
- {Type: Fail, Name: D, Code: Nothing, Detail: no branch}";
    let end = |input: Value| {
        let mut run = started(states, input);
        run.advance(at(0));
        run.output().map(|output| output["at"].clone()).or(run.failure().map(|failure| json!(failure.code)))
    };
    assert_eq!(end(json!({"n": 10, "kind": "large"})), Some(json!("B")));
    assert_eq!(end(json!({"n": 10, "kind": "small"})), Some(json!("Nothing")));
    assert_eq!(end(json!({"n": 2, "kind": "b"})), Some(json!("C-2")));
    assert_eq!(end(json!({"n": 1, "kind": "z"})), Some(json!("C-1")));
    assert_eq!(end(json!({"n": 1})), Some(json!("C-1")), "logic stops at the first answer: kind is never read");
    assert_eq!(end(json!({"kind": "large"})), Some(json!("FnF.InvalidExpression")), "a missing field is an error");
}

#[test]
fn a_map_keeps_to_its_concurrency_and_the_order_of_its_items() {
    let mut run = started(
        &format!(
            "- {{Type: Map, Name: A, ItemsPath: $Input.items, MaxConcurrency: 2, End: true,
  Processor: {{StartAt: B, States: [{{Type: Task, Name: B, {PARAMETERS}, InputConstructor: {{x.$: $Input.Item}}, End: true}}]}}}}"
        ),
        json!({"items": [1, 2, 3]}),
    );
    let tasks = run.advance(at(0));
    assert_eq!(tasks.len(), 2);
    run.complete(at(1), tasks[1].id, Ok(json!({"n": 2})));
    let third = run.advance(at(1));
    assert_eq!(third.len(), 1);
    run.complete(at(2), third[0].id, Ok(json!({"n": 3})));
    run.complete(at(2), tasks[0].id, Ok(json!({"n": 1})));
    assert_eq!(run.output(), Some(&json!({"Items": [{"n": 1}, {"n": 2}, {"n": 3}]})));

    let mut empty = started(
        "- {Type: Map, Name: A, ItemsPath: $Input.items, End: true, Processor: {StartAt: B, States: [{Type: Pass, Name: B, End: true}]}}",
        json!({"items": []}),
    );
    empty.advance(at(0));
    assert_eq!(empty.output(), Some(&json!({"Items": []})));
}

#[test]
fn a_wait_takes_its_seconds_fixed_or_computed() {
    let mut run = started(
        "- {Type: Wait, Name: A, Seconds: 12, Next: B}\n- {Type: Wait, Name: B, Seconds.$: $Input.s, End: true}",
        json!({"s": 7}),
    );
    assert_eq!(run.advance(at(0)), []);
    assert_eq!(run.next_due(), Some(at(12)));
    run.advance(at(12));
    assert_eq!(run.next_due(), Some(at(19)));
    run.advance(at(19));
    assert_eq!(run.status(), Status::Succeeded);
}

#[test]
fn stopping_ends_it_and_only_once() {
    let mut run = started(&format!("- {{Type: Task, Name: A, {PARAMETERS}, End: true}}"), json!({}));
    let tasks = run.advance(at(0));
    run.stop(at(1), "Superseded", "an older run will see the same");
    run.stop(at(2), "Again", "");
    run.complete(at(3), tasks[0].id, Ok(json!({})));
    assert_eq!((run.status(), run.stopped(), run.next_due()), (Status::Stopped, Some(at(1)), None));
    assert_eq!(run.failure().map(|failure| failure.code.as_str()), Some("Superseded"));
}

#[test]
fn data_over_64_kib_fails_the_execution_past_every_catch() {
    let mut run = started(
        &format!(
            "- {{Type: Task, Name: A, {PARAMETERS}, End: true, Catch: [{{Errors: [FnF.ALL], Next: B}}]}}\n- {{Type: Pass, Name: B, End: true}}"
        ),
        json!({}),
    );
    let tasks = run.advance(at(0));
    run.complete(at(1), tasks[0].id, Ok(json!({"big": "x".repeat(70_000)})));
    assert_eq!(run.failure().map(|failure| failure.code.as_str()), Some("FnF.StateDataLimitExceeded"));
}

#[test]
fn an_endless_loop_meets_the_limit_of_events() {
    let mut run = started(
        "- {Type: Choice, Name: A, Branches: [{Condition: '1 == 2', Next: B}], Default: C}\n- {Type: Succeed, Name: B}\n- {Type: Pass, Name: C, Next: A}",
        json!({}),
    );
    run.advance(at(0));
    assert_eq!((run.status(), run.events().len()), (Status::Failed, 5_000));
    assert_eq!(run.events().last().map(|event| event.kind), Some(EventKind::ExecutionFailed));
}

#[test]
fn a_run_ends_after_a_year() {
    let mut run = started(&format!("- {{Type: Task, Name: A, {PARAMETERS}, End: true}}"), json!({}));
    run.advance(at(0));
    let due = run.next_due().unwrap();
    assert_eq!(due, at(365 * 24 * 3_600));
    run.advance(due);
    assert_eq!(run.status(), Status::TimedOut);
}

#[test]
fn an_input_or_output_that_is_no_object_is_refused() {
    let mut run = started("- {Type: Succeed, Name: A}", json!([1]));
    run.advance(at(0));
    assert_eq!(run.failure().map(|failure| failure.code.as_str()), Some("FnF.InvalidInput"));

    let mut run = started(&format!("- {{Type: Task, Name: A, {PARAMETERS}, End: true}}"), json!({}));
    let tasks = run.advance(at(0));
    run.complete(at(1), tasks[0].id, Ok(json!("text")));
    assert_eq!(run.failure().map(|failure| failure.code.as_str()), Some("FnF.InvalidOutput"));
}

#[tokio::test(start_paused = true)]
async fn the_driver_runs_an_execution_on_its_clock() {
    let clock = clock::Clock::seeded(at(0), 1);
    let states = BRANCHES.replace(
        "TASK",
        &format!("{PARAMETERS}, Retry: [{{Description: d, Errors: [FnF.ALL], MaxAttempts: 3, IntervalSeconds: 60}}]"),
    );
    let run = started(&states, json!({}));
    let run = workflow::driver::run(run, &clock, |request| {
        let clock = clock.clone();
        async move {
            clock.sleep(Duration::from_secs(5)).await;
            if request.attempt < 2 { failed("X") } else { Ok(json!({"state": request.state})) }
        }
    })
    .await;
    assert_eq!(run.output(), Some(&json!({"Branch0": {"state": "C"}, "Branch1": {"state": "D"}})));
    // Two tasks in a row, each three attempts of 5 s with two waits of 60 s between them.
    assert_eq!(run.stopped(), Some(at(2 * (3 * 5 + 2 * 60))));
}

const REPORTED: &str = "- Type: Task
  Name: A
  Action: FC:InvokeFunction
  TaskMode: WaitForCustomCallback
  Timeout: 60
  Parameters: {resourceArn: r, invocationType: Async, body: {token.$: $Context.Current.TaskToken}}
  Retry:
  - {Description: d, Errors: [Later], MaxAttempts: 1, IntervalSeconds: 5}
  End: true";

#[test]
fn a_token_is_good_for_one_report_on_one_attempt() {
    let mut run = started(REPORTED, json!({})).with_secret("secret");
    let tasks = run.advance(at(0));
    assert_eq!(tasks[0].mode, TaskMode::WaitForCustomCallback);
    let first = tasks[0].parameters["body"]["token"].as_str().unwrap().to_owned();
    assert_eq!(run.waiting(&first), Ok(tasks[0].id));
    for unknown in ["", "secret", "secret.", "secret.1", "other.0", "secret.0x"] {
        assert_eq!(run.waiting(unknown), Err(TokenError::Unknown), "{unknown}");
    }
    run.complete(at(1), tasks[0].id, failed("Later"));
    assert_eq!(run.waiting(&first), Err(TokenError::Completed));
    let tasks = run.advance(at(6));
    let second = tasks[0].parameters["body"]["token"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    let task = run.waiting(&second).unwrap();
    run.complete(at(7), task, Ok(json!({"n": 1})));
    assert_eq!((run.status(), run.output()), (Status::Succeeded, Some(&json!({"n": 1}))));
    assert_eq!(run.waiting(&second), Err(TokenError::Completed));
}

#[test]
fn a_report_that_does_not_come_times_out() {
    let mut run = started(REPORTED, json!({}));
    let token = run.advance(at(0))[0].parameters["body"]["token"].as_str().unwrap().to_owned();
    assert_eq!(token, "run-1.0");
    assert_eq!(run.next_due(), Some(at(60)));
    run.advance(at(60));
    assert_eq!(run.failure().map(|failure| failure.code.as_str()), Some("FnF.TaskTimeout"));
    assert_eq!(run.waiting(&token), Err(TokenError::Completed));
}

#[test]
fn only_a_task_that_waits_for_a_report_has_a_token() {
    let parameters = "Parameters: {resourceArn: r, invocationType: Sync, body: {token.$: $Context.Current.TaskToken}}";
    let states = format!("- {{Type: Task, Name: A, Action: FC:InvokeFunction, {parameters}, End: true}}");
    let mut run = started(&states, json!({}));
    assert_eq!(run.advance(at(0))[0].parameters["body"]["token"], "");
    assert_eq!(run.waiting("run-1.0"), Err(TokenError::Unknown));
}
