//! Whatever the results and the times, an execution keeps its promises.

#![expect(clippy::unwrap_used, reason = "a test helper fails the test by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use workflow::{Definition, Execution, Status, TaskError, budget};

const RETRIES: u32 = 2;

/// Every kind of state that the deployment's flow uses, nested once more than it needs.
const FLOW: &str = "
Type: StateMachine
Name: flow
SpecVersion: v1
StartAt: Wait
States:
  - {Type: Wait, Name: Wait, Seconds: 12, Next: First}
  - {Type: Task, Name: First, TASK, Next: All, Catch: [{Errors: [FnF.ALL], Next: All}]}
  - Type: Parallel
    Name: All
    Branches:
      - StartAt: Left
        States:
          - {Type: Task, Name: Left, TASK, Next: LeftDone, Catch: [{Errors: [X], Next: LeftDone}]}
          - {Type: Pass, Name: LeftDone, End: true}
      - StartAt: Inner
        States:
          - Type: Parallel
            Name: Inner
            Branches:
              - {StartAt: Deep, States: [{Type: Task, Name: Deep, TASK, End: true}]}
              - {StartAt: Pause, States: [{Type: Wait, Name: Pause, Seconds: 30, End: true}]}
            End: true
    Catch: [{Errors: [Y], Next: Last}]
    Next: Last
  - {Type: Task, Name: Last, TASK, Next: Done, Catch: [{Errors: [FnF.ALL], Next: Failed}]}
  - {Type: Succeed, Name: Done}
  - {Type: Fail, Name: Failed, Detail: failed}
";

fn definition() -> Arc<Definition> {
    let task = format!(
        "Action: FC:InvokeFunction, Timeout: 60, Parameters: {{resourceArn: r, invocationType: Sync}}, \
         Retry: [{{Description: d, Errors: [X, Y, FnF.TaskTimeout], MaxAttempts: {RETRIES}, IntervalSeconds: 5}}]"
    );
    Arc::new(Definition::parse(&FLOW.replace("TASK", &task)).unwrap())
}

/// What happens next: which open task, after how long, with which result.
fn happening() -> impl Strategy<Value = (prop::sample::Index, i64, u8)> {
    (any::<prop::sample::Index>(), 0_i64..120, 0_u8..6)
}

fn result(kind: u8) -> Option<Result<Value, TaskError>> {
    let error = |code: &str| Some(Err(TaskError { code: code.to_owned(), detail: String::new() }));
    match kind {
        0 => error("X"),
        1 => error("Y"),
        2 => error("Other"),
        3 => Some(Ok(json!("not an object"))),
        // Nothing answers: time passes.
        4 => None,
        _ => Some(Ok(json!({"ok": true}))),
    }
}

proptest! {
    #[test]
    fn any_results_at_any_time_are_survived(happenings in prop::collection::vec(happening(), 0..60)) {
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let mut now = start;
        let mut run = Execution::start(definition(), "run", "role", json!({"binding": "web"}), now);
        let mut open = Vec::new();
        let mut invoked: BTreeMap<String, u32> = BTreeMap::new();
        for (index, seconds, kind) in happenings {
            for task in run.advance(now) {
                prop_assert!(task.attempt <= RETRIES);
                *invoked.entry(task.state.clone()).or_default() += 1;
                open.push(task.id);
            }
            now += SignedDuration::from_secs(seconds);
            // Completed tasks stay in the list: a doubled result must change nothing.
            if let Some(result) = result(kind) && !open.is_empty() {
                run.complete(now, *index.get(&open), result);
            }
        }
        // No more answers: timeouts, retries and waits alone must bring it to an end.
        for _ in 0..200 {
            let Some(due) = run.next_due() else { break };
            now = now.max(due);
            for task in run.advance(now) {
                *invoked.entry(task.state.clone()).or_default() += 1;
            }
        }
        prop_assert!(run.status().is_final(), "{:?}", run.status());
        prop_assert!(invoked.values().all(|attempts| *attempts <= RETRIES + 1), "{invoked:?}");
        let worst = budget::execution(run.definition(), |_| Duration::from_secs(60)).unwrap();
        prop_assert!(u64::try_from(run.events().len()).unwrap() <= worst.events);
        prop_assert_eq!(run.failure().is_none(), run.status() == Status::Succeeded);
        prop_assert!(run.events().windows(2).all(|pair| pair[0].time <= pair[1].time));
    }

    #[test]
    fn a_parallel_waits_for_every_branch_in_any_order(order in Just((0..5_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let branches: Vec<String> = (0..5)
            .map(|n| format!("{{StartAt: T{n}, States: [{{Type: Task, Name: T{n}, Action: A:B, End: true}}]}}"))
            .collect();
        let text = format!(
            "{{Type: StateMachine, Name: f, SpecVersion: v1, StartAt: P, States: [{{Type: Parallel, Name: P, End: true, Branches: [{}]}}]}}",
            branches.join(", ")
        );
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let mut run = Execution::start(Arc::new(Definition::parse(&text).unwrap()), "run", "role", json!({}), now);
        let tasks = run.advance(now);
        for (done, index) in order.iter().enumerate() {
            prop_assert_eq!(run.status(), Status::Running, "after {} branches", done);
            run.complete(now, tasks[*index].id, Ok(json!({"task": index})));
        }
        let expected: Value = (0..5).map(|n| (format!("Branch{n}"), json!({"task": n}))).collect::<serde_json::Map<_, _>>().into();
        prop_assert_eq!(run.output(), Some(&expected));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,80}", expression in "[$A-Za-z0-9.()\\[\\]\"'=<>!&| ,{}-]{0,40}") {
        let _ = Definition::parse(&text);
        let flow = json!({
            "Type": "StateMachine", "Name": "f", "SpecVersion": "v1", "StartAt": "A",
            "States": [{"Type": "Pass", "Name": "A", "End": true, "OutputConstructor": {"x.$": expression}}],
        });
        if let Ok(definition) = Definition::parse(&flow.to_string()) {
            let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
            let mut run = Execution::start(Arc::new(definition), "run", "role", json!({"A": [1]}), now);
            run.advance(now);
            prop_assert!(run.status().is_final());
        }
    }
}

#[test]
fn budgets_add_up() {
    let definition = definition();
    let attempt = |_: &workflow::TaskView<'_>| Duration::from_secs(40);
    let states = budget::states(&definition, attempt).unwrap();
    let task = Duration::from_secs(3 * 40 + 2 * 5);
    assert_eq!(states["Left"].worst.duration, task);
    let [rule] = states["Left"].retries[..] else { panic!("{states:?}") };
    assert_eq!((rule.attempts, rule.intervals), (2, Duration::from_secs(10)));
    assert_eq!(rule.patience(Duration::from_secs(7)), Duration::from_secs(10 + 3 * 7));
    assert_eq!(states["Left"].worst.events, 3 * budget::EVENTS_PER_ATTEMPT + budget::EVENTS_PER_VISIT);
    let whole = budget::execution(&definition, attempt).unwrap();
    assert_eq!(whole.duration, Duration::from_secs(12) + 3 * task);

    let endless = "{Type: StateMachine, Name: f, SpecVersion: v1, StartAt: A, States: [{Type: Choice, Name: A, \
                   Branches: [{Condition: 'true', Next: B}], Default: A}, {Type: Succeed, Name: B}]}";
    let endless = Definition::parse(endless).unwrap();
    assert_eq!(budget::execution(&endless, attempt).unwrap_err().state, "A");
}
