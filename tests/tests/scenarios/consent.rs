//! `provision: approved`: billed and far-reaching changes wait for a person's approval.

use emulator::CallRecord;
use emulator::call::Service;
use end_to_end::calls::{assert_quiet, writes};
use end_to_end::{Console, apply, start, worlds};
use local::{Generation, Local, Options};

use crate::{LIMIT, minutes};

on_both_generations!(attachments_wait_for_a_person);

fn cen_writes(local: &Local) -> Vec<CallRecord> {
    writes(local).into_iter().filter(|call| call.service == Some(Service::Cbn)).collect()
}

async fn attachments_wait_for_a_person(generation: Generation) {
    let bindings = worlds::binding_with("provision: auto", "provision: approved");
    let scenario = worlds::fleet(1);
    let local = start(Options { bindings, scenario, ..worlds::options(generation) }).await;
    let console = Console(&local);
    console.start_instance("i-ecs1");
    let executions = console.ended(1, LIMIT).await;
    assert_eq!(executions[0].status, "Succeeded", "what is not approved is no failure");
    let reports = console.reports(&executions[0].name).await;
    let refusal = |stage: &str| {
        let report = reports.iter().find(|report| report.stage.as_str() == stage).unwrap();
        let blocked = report.blocked.iter().filter(|reason| reason.code.as_str() == "XREG-NOT-APPROVED");
        (report.ok, blocked.map(|reason| reason.message.clone()).collect::<Vec<_>>())
    };
    for stage in ["preflight", "vpc-attachments", "peer-attachment", "verify"] {
        let (ok, named) = refusal(stage);
        assert!(!ok && !named.is_empty(), "{stage}: {reports:?}");
    }
    let attachments = refusal("vpc-attachments").1.join(" ");
    assert!(attachments.contains("vpc-1") && attachments.contains("vpc-2"), "by name: {attachments}");
    assert_eq!(cen_writes(&local), [], "nothing that costs money was made");
    assert_eq!(console.members().await, [], "an instance without a path is no member");

    // Nothing more happens without a person.
    let before = writes(&local).len();
    console.wait(minutes(60)).await;
    console.ended(1, LIMIT).await;
    assert_eq!(writes(&local).len(), before);

    let plan = apply::plan(&local, "web").await.unwrap();
    apply::apply(&local, "web", &plan).await.unwrap();
    assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));

    // From now on no approval is needed.
    let made = cen_writes(&local).len();
    let runs = console.executions().await.len();
    console.start_instance("i-fleet-01");
    console.ended(runs + 1, LIMIT).await;
    assert_eq!(console.members().await.len(), 2);
    assert_eq!(console.ailing().await, Vec::<String>::new());
    assert_eq!(cen_writes(&local).len(), made);
    assert_quiet(&local);
}
