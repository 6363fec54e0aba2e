//! Which runs an event relies on, and whose turn it is, over a scripted workflow and on paused time.

use std::sync::Arc;
use std::time::Duration;

use dispatch::Dispatched;
use jiff::Timestamp;
use onboarding::Code;
use serde_json::{Value, json};
use stage::StageError;

use super::world::{Answer, Call, World, invoke, refusal};

/// Runs of `web`, in the order of their names: the last one is still starting.
fn listing(runs: &[&str], call: &Call) -> Value {
    let rows = runs.iter().enumerate().filter(|(place, _)| {
        let status = if place + 1 == runs.len() { "Starting" } else { "Running" };
        call.get("Status") == status
    });
    let rows: Vec<_> = rows
        .map(|(place, name)| {
            json!({
                "FlowName": "albridge", "Name": name, "Status": call.get("Status"), "Input": r#"{"binding":"web"}"#,
                "StartedTime": format!("2026-11-22T07:59:{place:02}Z")
            })
        })
        .collect();
    json!({ "Executions": rows, "RequestId": "R" })
}

/// A workflow whose first listing shows `first`, and every later one `later`.
fn listed(first: &'static [&'static str], later: &'static [&'static str]) -> Arc<World> {
    let begin: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    World::new(move |call| match call.action.as_str() {
        "ListExecutions" if call.at.duration_since(begin).as_secs() == 0 => (200, None, listing(first, call)),
        "ListExecutions" => (200, None, listing(later, call)),
        _ => (200, None, json!({ "RequestId": "R" })),
    })
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_a_run_while_writes_are_switched_off_is_told_why_none_starts() {
    let world = listed(&[], &[]);
    let host = world.process_with("ALBRIDGE_READ_ONLY", "true");
    let told = invoke(&host, json!({ "binding": "web" })).await.unwrap();
    let codes: Vec<_> = told.ignored.iter().map(|reason| reason.code).collect();
    assert_eq!((codes, told.started.len()), (vec![Code::ReadOnly], 0));
    assert!(world.calls_of("StartExecution").is_empty());
}

fn turn(run: &str) -> Value {
    json!({ "binding": "web", "run": run, "stage": "turn" })
}

#[tokio::test(start_paused = true)]
async fn the_oldest_run_works_and_the_second_waits_for_it() {
    let runs = &["web-1", "web-2"];
    let went = listed(runs, runs).dispatch(turn("web-1")).await.unwrap();
    assert_eq!(went, Dispatched { turn: Some("web-1".to_owned()), ..Dispatched::default() });
    for (me, before) in [("web-2", "web-1"), ("web-3", "the listing of this run")] {
        let world = listed(runs, runs);
        let failure = world.dispatch(turn(me)).await.unwrap_err();
        assert_eq!((failure.error_type(), failure.to_string().contains(before)), ("StillPending", true), "{failure}");
        assert!(world.calls_of("StopExecution").is_empty());
    }
}

/// The listing may lag: the first of those it shows may have ended, and then the third is the next one.
#[tokio::test(start_paused = true)]
async fn a_third_run_stops_itself_only_if_a_second_listing_names_the_same_two() {
    let runs = &["web-1", "web-2", "web-3"];
    for (later, stops) in [
        (&runs[..], true),
        (&["web-2", "web-3"], false),
        (&["web-3"], false),
        (&["web-2", "web-x", "web-3"], false),
        (&["web-1", "web-2"], false),
    ] {
        let world = listed(runs, later);
        // Whoever does not stop waits on, and looks again after eight seconds at the earliest.
        let looked = world.clock.timeout(Duration::from_secs(6), world.dispatch(turn("web-3"))).await;
        let ended = looked.ok().map(|outcome| outcome.unwrap_err().error_type());
        assert_eq!(ended, stops.then_some("StillPending"), "it is no turn of its own");
        let stopped = world.calls_of("StopExecution");
        let stopped: Vec<_> = stopped.iter().map(|call| call.get("ExecutionName")).collect();
        assert_eq!(stopped, if stops { vec!["web-3"] } else { Vec::new() }, "then {later:?}");
        let looks: Vec<_> = world.calls_of("ListExecutions").iter().map(|call| call.at).collect();
        assert_eq!(looks.len(), 4, "both states, twice");
        assert!(world.calls_of("ListExecutions").iter().all(|call| call.get("FlowName") == "albridge"));
        assert!(looks[2].duration_since(looks[1]).as_secs() >= 3, "the listing has time to catch up");
    }
    let next = listed(runs, &["web-3"]).dispatch(turn("web-3")).await.unwrap();
    assert_eq!(next.turn.as_deref(), Some("web-3"), "it goes on when those before it have ended");
}

/// Its state holds out as long as it has attempts, so each of them has to take its time, also while nothing can be listed.
#[tokio::test(start_paused = true)]
async fn a_run_waits_for_its_turn_inside_of_its_invocation() {
    let runs = &["web-1", "web-2"];
    for world in [listed(runs, runs), World::new(|_| (403, None, refusal("Forbidden.RAM")))] {
        let begun = world.clock.now();
        world.dispatch(turn("web-2")).await.unwrap_err();
        assert_eq!(world.clock.now().duration_since(begun).as_secs(), 55, "up to the margin for its answer");
        let calls = world.count("ListExecutions");
        assert!((6..=16).contains(&calls), "{calls} calls in a minute: CloudFlow takes two a second, of all");
    }
    // It goes on soon after it has become the first.
    let world = listed(runs, &["web-2"]);
    let begun = world.clock.now();
    assert_eq!(world.dispatch(turn("web-2")).await.unwrap().turn.as_deref(), Some("web-2"));
    assert!(world.clock.now().duration_since(begun).as_secs() <= 12);
    // With credentials that have expired it is no use to wait.
    let world = World::new(|_| (403, None, refusal("InvalidSecurityToken.Expired")));
    let begun = world.clock.now();
    assert!(matches!(world.dispatch(turn("web-2")).await, Err(StageError::Expired { .. })));
    assert!(world.clock.now().duration_since(begun).as_secs() < 10);
}

#[tokio::test(start_paused = true)]
async fn runs_that_cannot_be_listed_are_nobodys_turn() {
    let world = World::new(|_| (403, None, refusal("Forbidden.RAM")));
    assert!(matches!(world.dispatch(turn("web-1")).await, Err(StageError::CloudFailing { .. })));
}

/// 2026-11-22T08:00:00Z is in this window of 10 s.
const WINDOW: i64 = 179_533_440;

fn name(window: i64) -> String {
    format!("web-{window}")
}

/// A workflow that answers StartExecution by the place of its window, 0 for the present one.
fn starting(answer: impl Fn(i64) -> Answer + Send + Sync + 'static) -> Arc<World> {
    World::new(move |call| {
        let window: i64 = call.get("ExecutionName").trim_start_matches("web-").parse().unwrap();
        answer(window - WINDOW)
    })
}

fn started(date: Option<&str>, at: &str) -> Answer {
    (200, date.map(str::to_owned), json!({ "Name": "any", "Status": "Running", "StartedTime": at, "RequestId": "R" }))
}

#[tokio::test(start_paused = true)]
async fn an_event_relies_on_a_run_only_if_the_servers_own_clock_proves_that_it_waits_still() {
    let (now, inside, over) =
        ("Sun, 22 Nov 2026 08:00:00 GMT", "Sun, 22 Nov 2026 08:00:09 GMT", "Sun, 22 Nov 2026 08:00:10 GMT");
    let (new, odd) = ("2026-11-22T08:00:00Z", "soon");
    for (case, first, windows) in [
        ("a new one", started(Some(now), new), 1),
        ("one that waits still", started(Some(inside), new), 1),
        ("one that may have read", started(Some(over), new), 2),
        ("one without a time", started(Some(inside), odd), 2),
        ("an answer without a time", started(None, new), 2),
        ("one that has ended", (400, None, refusal("ExecutionAlreadyExists")), 2),
    ] {
        let world = starting(move |place| if place == 0 { first.clone() } else { started(Some(now), new) });
        let dispatched = world.dispatch(json!({ "binding": "web" })).await.unwrap();
        let names: Vec<_> = dispatched.started.iter().map(|started| started.execution.clone()).collect();
        assert_eq!(names, [name(WINDOW + windows - 1)], "{case}");
        let calls = world.calls_of("StartExecution");
        assert_eq!(i64::try_from(calls.len()).unwrap(), windows, "{case}");
        assert!(
            calls.iter().all(|call| call.get("Input") == r#"{"binding":"web","trigger":"manual"}"#),
            "{case}: {calls:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_refused_is_told_and_no_other_name_is_tried() {
    let world = starting(|_| (403, None, refusal("Forbidden.RAM")));
    let failure = world.dispatch(json!({ "binding": "web" })).await.unwrap_err();
    assert!(failure.to_string().contains("Forbidden.RAM"), "{failure}");
    assert_eq!(world.calls_of("StartExecution").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_proves_nothing_gets_no_event_that_relies_on_it() {
    let world = starting(|_| started(None, "2026-11-22T08:00:00Z"));
    let failure = world.dispatch(json!({ "binding": "web" })).await.unwrap_err();
    assert!(matches!(failure, StageError::CloudFailing { .. }), "{failure}");
    assert_eq!(world.calls_of("StartExecution").len(), 50, "and it ends");
}
