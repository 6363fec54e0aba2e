//! From an empty cloud to the first answered request.

use end_to_end::calls::{assert_quiet, writes};
use end_to_end::{Console, assert_all_ok, start, worlds};
use local::{Generation, Options};

use crate::{LIMIT, minutes, onboarded};

on_both_generations!(an_instance_that_starts_becomes_a_backend, a_finished_deployment_is_left_alone);

async fn an_instance_that_starts_becomes_a_backend(generation: Generation) {
    let local = start(worlds::options(generation)).await;
    let console = Console(&local);
    assert_eq!(console.get().await, None, "nobody listens yet");
    console.start_instance("i-ecs1");
    let executions = console.ended(1, LIMIT).await;
    assert_eq!(executions.len(), 1, "{executions:?}");
    assert_eq!(executions[0].status, "Succeeded");
    assert_all_ok(&console.reports(&executions[0].name).await);

    let members = console.members().await;
    assert_eq!(members.len(), 1);
    assert_eq!(
        (members[0].server_ip.as_str(), members[0].port, members[0].remote_ip_enabled),
        ("192.168.7.10", 80, true)
    );
    assert_eq!(console.ailing().await, Vec::<String>::new());
    let answer = console.get().await.unwrap();
    assert_eq!((answer.status, answer.served_by.as_deref()), (200, Some("i-ecs1")));
    assert_quiet(&local);
}

async fn a_finished_deployment_is_left_alone(generation: Generation) {
    let local = onboarded(worlds::options(generation)).await;
    let console = Console(&local);
    let before = writes(&local).len();
    let reports = console.run("by-hand").await;
    assert_all_ok(&reports);
    assert!(reports.iter().all(|report| report.changes == 0), "{reports:?}");
    assert_eq!(writes(&local).len(), before, "a run of what is there writes nothing");
    // The timer fires every half hour.
    console.wait(minutes(90)).await;
    assert_eq!(console.executions().await.len(), 2, "the timer finds nothing to repair");
    assert_eq!(writes(&local).len(), before);
    assert_quiet(&local);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_fires_meanwhile_repeats_nothing() {
    let local = onboarded(Options::default()).await;
    let console = Console(&local);
    console.wait(minutes(30)).await;
    let executions = console.executions().await;
    assert!(executions.iter().all(|execution| execution.status == "Succeeded"), "{executions:?}");
    assert_eq!(executions.len(), 1, "the timer leaves to the event's run what that is about to do: {executions:?}");
    let creates: Vec<_> = writes(&local).into_iter().map(|call| call.action).collect();
    let count = |action: &str| creates.iter().filter(|made| *made == action).count();
    assert_eq!(count("CreateServerGroup"), 1);
    assert_eq!(count("CreateListener"), 1);
    assert_eq!(count("CreateTransitRouterVpcAttachment"), 2);
    assert_eq!(count("CreateTransitRouterPeerAttachment"), 1);
    assert_eq!(count("AddServersToServerGroup"), 1);
}
