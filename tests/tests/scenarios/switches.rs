//! The kill switch, and invalid bindings.

use emulator::call::Service;
use end_to_end::calls::{assert_quiet, writes};
use end_to_end::{Console, STAGES, start, worlds};
use local::{Generation, Local, Options, PROCEDURE_BINDING, Stack};
use openapi::fc;
use serde_json::{Value, json};
use stage::Status;

use crate::{LIMIT, minutes};

/// An event's run is read-only.
async fn assert_event_is_read_only(local: &Local) {
    let console = Console(local);
    console.start_instance("i-ecs1");
    console.ended(1, LIMIT).await;
    assert_read_only(local).await;
}

/// The only run is read-only.
async fn assert_read_only(local: &Local) {
    let console = Console(local);
    let executions = console.executions().await;
    let reports = console.reports(&executions[0].name).await;
    assert_eq!(reports.len(), STAGES, "{executions:?}");
    // Verify only reads, with or without the kill switch.
    for report in reports.iter().filter(|report| report.stage.as_str() != "verify") {
        assert_eq!(report.status, Status::ReadOnly, "{report:?}");
        assert_eq!(report.changes, 0);
    }
    let group = reports.iter().find(|report| report.stage.as_str() == "server-group").unwrap();
    assert!(group.blocked.iter().any(|reason| reason.code.as_str() == "XREG-READ-ONLY"), "{group:?}");
    console.wait(minutes(40)).await;
    assert_eq!(console.executions().await.len(), 1, "the timer starts nothing that may not write");
    assert_eq!(writes(local), []);
    assert_quiet(local);
}

#[tokio::test(start_paused = true)]
async fn a_paused_store_writes_nothing() {
    let bindings = format!("paused: true\n{PROCEDURE_BINDING}");
    assert_event_is_read_only(&start(Options { bindings, ..worlds::options(Generation::Upgraded) }).await).await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_binding_writes_nothing() {
    let bindings = worlds::binding_with("    provision: auto", "    paused: true\n    provision: auto");
    assert_event_is_read_only(&start(Options { bindings, ..worlds::options(Generation::Upgraded) }).await).await;
}

#[tokio::test(start_paused = true)]
async fn the_parameter_read_only_stops_every_write() {
    let mut options = worlds::options(Generation::Classic);
    options.stacks = options.stacks.into_iter().map(|stack: Stack| stack.with("ReadOnly", "1")).collect();
    let local = start(options).await;
    let console = Console(&local);
    console.start_instance("i-ecs1");
    console.wait(minutes(5)).await;
    assert_eq!(console.executions().await.len(), 0, "nobody may start a run");
    console.run("by-hand").await;
    assert_read_only(&local).await;
}

#[tokio::test(start_paused = true)]
async fn a_switch_turned_back_on_lets_work_go_on() {
    let bindings = format!("paused: true\n{PROCEDURE_BINDING}");
    let local = start(Options { bindings, ..worlds::options(Generation::Upgraded) }).await;
    let console = Console(&local);
    console.start_instance("i-ecs1");
    console.ended(1, LIMIT).await;
    local.store(PROCEDURE_BINDING);
    // The timer fires at the half hour.
    console.wait(minutes(30)).await;
    console.ended(2, LIMIT).await;
    assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));
}

#[tokio::test(start_paused = true)]
async fn bindings_that_cannot_be_parsed_stop_every_function_without_a_write() {
    let bindings = worlds::binding_with("    provision: auto", "    provison: auto");
    let local = start(Options { bindings, ..worlds::options(Generation::Upgraded) }).await;
    for stage in onboarding::StageName::ALL {
        let function_name = format!("albridge-{stage}");
        let body = json!({"binding": "web", "run": "by-hand", "stage": stage}).to_string().into_bytes();
        let invoke = fc::InvokeFunction { function_name, body: body.into(), ..Default::default() };
        let answer = local.operator().invoke_function("cn-hangzhou", &invoke).await.unwrap();
        assert!(answer.error_type.is_some(), "{stage} fails");
        let error: Value = serde_json::from_slice(&answer.body).unwrap();
        let message = error["errorMessage"].as_str().unwrap();
        assert!(message.contains("XREG-STORE") && message.contains("provison"), "{stage}: {message}");
        assert!(message.contains("bindings.yml:4:5:"), "line and column of {stage}: {message}");
    }
    assert_eq!(writes(&local), []);
    let log = local.cloud().gateway().log();
    let asked = log
        .iter()
        .filter(|call| matches!(call.service, Some(Service::Alb | Service::Cbn | Service::Vpc | Service::Ecs)));
    assert_eq!(asked.count(), 0, "nobody looks further");
}
