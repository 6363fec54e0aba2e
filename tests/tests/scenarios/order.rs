//! What is written beside what: the routes beside the connection, and nothing that waits for what will not come.

use std::time::Duration;

use emulator::CallRecord;
use emulator::call::Service;
use emulator::faults::{Effect, Match, Rule, Status};
use end_to_end::calls::writes;
use end_to_end::{Console, assert_all_ok, footprint, lies, start, worlds};
use jiff::Timestamp;
use local::{Generation, Local};
use serde_json::Value;

use crate::{LIMIT, onboarded};

on_both_generations!(routes_are_written_beside_the_connection, a_connection_that_is_refused_costs_no_budget);

const CONNECT: &str = "CreateTransitRouterPeerAttachment";

/// The calls of an action that were made.
fn made<'c>(calls: &'c [CallRecord], action: &'c str) -> impl Iterator<Item = &'c CallRecord> {
    calls.iter().filter(move |call| call.action == action)
}

/// The calls that write routes of a VPC: one, or several of a table.
fn routes(calls: &[CallRecord]) -> impl Iterator<Item = &CallRecord> {
    calls.iter().filter(|call| matches!(call.action.as_str(), "CreateRouteEntry" | "CreateRouteEntries"))
}

/// How long a run took, its Wait apart.
fn lasted(execution: &end_to_end::Execution) -> Duration {
    let [started, stopped] = [&execution.started, &execution.stopped].map(|time| time.parse::<Timestamp>().unwrap());
    Duration::try_from(stopped.duration_since(started)).unwrap() - Duration::from_secs(12)
}

async fn only_run(local: &Local) -> end_to_end::Execution {
    let console = Console(local);
    console.start_instance("i-ecs1");
    let executions = console.ended(1, LIMIT).await;
    assert_eq!(executions.len(), 1, "{executions:?}");
    executions[0].clone()
}

async fn routes_are_written_beside_the_connection(generation: Generation) {
    let local = start(worlds::options(generation)).await;
    let run = only_run(&local).await;
    assert_all_ok(&Console(&local).reports(&run.name).await);
    let calls = writes(&local);
    let connected = made(&calls, CONNECT).next().unwrap().at;
    // The connection takes 75 s, and its links come after that.
    let forward = routes(&calls).find(|call| call.region == "cn-chengdu").unwrap().at;
    assert!(forward > connected, "not before the create was accepted");
    let seconds = forward.duration_since(connected).as_secs();
    assert!(seconds < 20, "the way there is written {seconds} s after the create");
    let back = routes(&calls).find(|call| call.region == "cn-hangzhou").unwrap().at;
    // The cloud itself serves the prefixes of a classic load balancer until there is a way back.
    let beside = back.duration_since(connected).as_secs() < 20;
    assert_eq!(beside, generation == Generation::Upgraded);
    let seconds = lasted(&run).as_secs();
    assert!(seconds < if generation == Generation::Upgraded { 380 } else { 407 }, "{seconds} s");
}

/// Nobody but the stage of the connection sees that the cloud refuses it.
async fn a_connection_that_is_refused_costs_no_budget(generation: Generation) {
    let local = start(worlds::options(generation)).await;
    let refuse = Effect::Refuse {
        status: Status::try_from(400).unwrap(),
        code: "Forbidden.Overdue".to_owned(),
        message: String::new(),
        done: false,
    };
    let on = Match { action: Some(CONNECT.to_owned()), ..Match::default() };
    local.cloud().inject(Rule { on, ..Rule::new(refuse) }).unwrap();
    let run = only_run(&local).await;
    let reports = Console(&local).reports(&run.name).await;
    for stage in ["vpc-routes", "back-to-origin"] {
        let report = reports.iter().find(|report| report.stage.as_str() == stage).unwrap();
        assert!(report.blocked.iter().any(|reason| reason.code.as_str() == "XREG-WAITS"), "{report:?}");
    }
    assert_eq!(routes(&writes(&local)).count(), 0, "they would lead nowhere");
    let seconds = lasted(&run).as_secs();
    assert!(seconds < 400, "{seconds} s");
}

/// A listing lags behind and hides a route that is there: the cloud refuses that one of a batch, wherever it stands in it, and makes
/// the others.
#[tokio::test(start_paused = true)]
async fn a_batch_of_routes_that_is_refused_in_part_is_finished() {
    for place in 0..3 {
        let local = onboarded(worlds::options(Generation::Classic)).await;
        let console = Console(&local);
        let whole = footprint::of(&local).await;
        let filter = [("RouteTableId", "vtb-vpc-2"), ("RouteEntryType", "Custom")];
        let listed = console.act(Service::Vpc, "cn-hangzhou", "DescribeRouteEntryList", &filter);
        let there = listed["RouteEntrys"]["RouteEntry"].as_array().unwrap();
        let mut batch: Vec<String> =
            there.iter().map(|route| route["DestinationCidrBlock"].as_str().unwrap().to_owned()).take(3).collect();
        batch.sort();
        let hidden = batch.remove(place);
        for route in there.iter().filter(|route| batch.iter().any(|gone| route["DestinationCidrBlock"] == **gone)) {
            let id = [("RouteEntryId", route["RouteEntryId"].as_str().unwrap())];
            console.act(Service::Vpc, "cn-hangzhou", "DeleteRouteEntry", &id);
            console.wait(Duration::from_secs(30)).await;
        }

        let cloud = local.cloud().clone();
        let batches = move || made(&cloud.gateway().log(), "CreateRouteEntries").count();
        let before = batches();
        let lags = lies::changed({
            let (batches, hidden) = (batches.clone(), hidden.clone());
            move |answer| {
                let is_it = |route: &Value| route["DestinationCidrBlock"] == hidden;
                let Some(routes) = answer["RouteEntrys"]["RouteEntry"].as_array_mut() else { return };
                if batches() == before && routes.iter().any(is_it) {
                    routes.retain(|route| !is_it(route));
                    answer["TotalCount"] = (answer["TotalCount"].as_u64().unwrap() - 1).into();
                }
            }
        });
        let host = lies::host(&local, "DescribeRouteEntryList", &lags);
        let report = lies::run(&host, "web", &back_to_origin::BackToOrigin).await.unwrap();
        assert!(report.ok && report.blocked.is_empty(), "{hidden}: {report:?}");
        assert!(batches() > before, "there was a batch");
        assert_eq!(footprint::of(&local).await, whole, "{hidden}");
    }
}
