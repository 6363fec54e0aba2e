//! The API of flows and executions, on explicit time.

use jiff::SignedDuration;

use super::*;
use crate::call::{Caller, Params, Service};
use crate::testing::{HANGZHOU, start, world};

const FLOW: &str = "
Type: StateMachine
Name: slow
SpecVersion: v1
StartAt: Wait
States:
  - { Type: Wait, Name: Wait, Seconds: 60, End: true }
";

fn ask_in(region: &str, world: &mut World, now: Timestamp, action: &str, pairs: &[(&str, &str)]) -> Answer {
    let params = Params::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let call = Call {
        service: Service::Fnf,
        action: action.to_owned(),
        region: region.to_owned(),
        params,
        caller: Caller::Root,
        request_id: "R".to_owned(),
    };
    world.handle(now, &call)
}

fn ask(world: &mut World, now: Timestamp, action: &str, pairs: &[(&str, &str)]) -> Answer {
    ask_in(HANGZHOU, world, now, action, pairs)
}

fn with_flow() -> World {
    let mut world = world();
    let flow = [("Name", "slow"), ("Definition", FLOW), ("Description", "d"), ("Type", "FDL")];
    ask(&mut world, start(), "CreateFlow", &flow).unwrap();
    world
}

fn begin(world: &mut World, at: Timestamp, name: &str) -> Answer {
    ask(
        world,
        at,
        "StartExecution",
        &[("FlowName", "slow"), ("ExecutionName", name), ("Input", "{\"binding\":\"web\"}")],
    )
}

#[test]
fn only_an_update_does_not_tell_the_mode() {
    let mut world = with_flow();
    let shown = ask(&mut world, start(), "DescribeFlow", &[("Name", "slow")]).unwrap();
    assert_eq!(shown["ExecutionMode"], "Standard");
    let updated = ask(&mut world, start(), "UpdateFlow", &[("Name", "slow"), ("Description", "new")]).unwrap();
    assert_eq!(updated["Description"], "new");
    assert!(updated.get("ExecutionMode").is_none());
}

#[test]
fn flows_are_kept_by_name_and_region() {
    let mut world = with_flow();
    let twice = [("Name", "slow"), ("Definition", FLOW), ("Description", "d"), ("Type", "FDL")];
    assert_eq!(ask(&mut world, start(), "CreateFlow", &twice).unwrap_err().code, "FlowAlreadyExists");
    let bad = [("Name", "bad"), ("Definition", "Type: StateMachine"), ("Description", "d"), ("Type", "FDL")];
    assert_eq!(ask(&mut world, start(), "CreateFlow", &bad).unwrap_err().code, "InvalidArgument");
    assert_eq!(ask(&mut world, start(), "DescribeFlow", &[("Name", "slow")]).unwrap()["Definition"], FLOW);
    assert_eq!(ask(&mut world, start(), "DescribeFlow", &[("Name", "x")]).unwrap_err().code, "FlowNotExists");
    assert_eq!(
        ask_in("cn-shanghai", &mut world, start(), "DescribeFlow", &[("Name", "slow")]).unwrap_err().code,
        "FlowNotExists"
    );
    let elsewhere = ask_in("cn-chengdu", &mut world, start(), "ListFlows", &[]);
    assert_eq!(elsewhere.unwrap_err().code, "InvalidRegionId.NotFound");
    ask(&mut world, start(), "DeleteFlow", &[("Name", "slow")]).unwrap();
    assert_eq!(ask(&mut world, start(), "ListFlows", &[]).unwrap()["Flows"], json!([]));
}

#[test]
fn a_running_name_answers_with_its_execution_and_a_finished_one_is_taken() {
    let mut world = with_flow();
    let first = begin(&mut world, start(), "web-1").unwrap();
    world.advance(start());
    let later = start() + SignedDuration::from_secs(30);
    world.advance(later);
    let again = begin(&mut world, later, "web-1").unwrap();
    assert_eq!(first["StartedTime"], again["StartedTime"]);
    assert_eq!(again["Status"], "Running");
    let after = start() + SignedDuration::from_secs(61);
    world.advance(after);
    assert_eq!(begin(&mut world, after, "web-1").unwrap_err().code, "ExecutionAlreadyExists");
    assert_eq!(world.next_due(after), None);
}

#[test]
fn what_cannot_start_is_refused() {
    let mut world = with_flow();
    let cases = [
        ([("FlowName", "none"), ("ExecutionName", "a"), ("Input", "{}")], "FlowNotExists"),
        ([("FlowName", "slow"), ("ExecutionName", "1a"), ("Input", "{}")], "InvalidArgument"),
        ([("FlowName", "slow"), ("ExecutionName", "a"), ("Input", "[]")], "InvalidArgument"),
        ([("FlowName", "slow"), ("ExecutionName", "a"), ("Input", "{")], "InvalidArgument"),
    ];
    for (params, code) in cases {
        assert_eq!(ask(&mut world, start(), "StartExecution", &params).unwrap_err().code, code, "{params:?}");
    }
}

#[test]
fn executions_are_listed_newest_first_page_by_page() {
    let mut world = with_flow();
    for number in 0..5 {
        begin(&mut world, start() + SignedDuration::from_secs(number), &format!("web-{number}")).unwrap();
    }
    ask(&mut world, start(), "StopExecution", &[("FlowName", "slow"), ("ExecutionName", "web-2")]).unwrap();
    let now = start() + SignedDuration::from_secs(9);
    world.advance(now);
    let names = |answer: &Value| -> Vec<String> {
        answer["Executions"].as_array().unwrap().iter().map(|run| run["Name"].as_str().unwrap().to_owned()).collect()
    };
    let filter = [("FlowName", "slow"), ("Status", "Running"), ("Limit", "3")];
    let page = ask(&mut world, now, "ListExecutions", &filter).unwrap();
    assert_eq!(names(&page), ["web-4", "web-3", "web-1"]);
    // A newcomer between two pages shifts nothing.
    begin(&mut world, now, "web-9").unwrap();
    let token = page["NextToken"].as_str().unwrap();
    let rest = [filter[0], filter[1], filter[2], ("NextToken", token)];
    let page = ask(&mut world, now, "ListExecutions", &rest).unwrap();
    assert_eq!(names(&page), ["web-0"]);
    assert!(page.get("NextToken").is_none());
    let bounded = [("FlowName", "slow"), ("StartedTimeEnd", "2026-11-22T08:00:01Z"), ("ExecutionNamePrefix", "web-")];
    assert_eq!(names(&ask(&mut world, now, "ListExecutions", &bounded).unwrap()), ["web-1", "web-0"]);
    let bad = ask(&mut world, now, "ListExecutions", &[("FlowName", "slow"), ("NextToken", "?")]);
    assert_eq!(bad.unwrap_err().code, "InvalidArgument");
}

#[test]
fn a_stopped_execution_says_so_and_keeps_its_history() {
    let mut world = with_flow();
    begin(&mut world, start(), "web-1").unwrap();
    world.advance(start());
    let name = [("FlowName", "slow"), ("ExecutionName", "web-1")];
    let stopped =
        ask(&mut world, start(), "StopExecution", &[name[0], name[1], ("Error", "Superseded"), ("Cause", "c")])
            .unwrap();
    assert_eq!(stopped["Status"], "Stopped");
    let first = ask(&mut world, start(), "GetExecutionHistory", &[name[0], name[1], ("Limit", "1")]).unwrap();
    assert_eq!(first["Events"][0]["Type"], "ExecutionStarted");
    let token = first["NextToken"].as_str().unwrap();
    let rest = ask(&mut world, start(), "GetExecutionHistory", &[name[0], name[1], ("NextToken", token)]).unwrap();
    let kinds: Vec<&str> =
        rest["Events"].as_array().unwrap().iter().map(|event| event["Type"].as_str().unwrap()).collect();
    assert_eq!(kinds.first().copied(), Some("StateEntered"));
    assert_eq!(kinds.last().copied(), Some("ExecutionStopped"));
}
