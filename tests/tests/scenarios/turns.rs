//! Runs of one binding take turns, whatever their names.

use end_to_end::calls::{assert_quiet, writes};
use end_to_end::{Console, start, worlds};
use local::{Generation, Options};

use crate::{LIMIT, minutes};

#[tokio::test(start_paused = true)]
async fn of_three_runs_one_works_one_waits_and_one_stands_down() {
    let local = start(worlds::options(Generation::Upgraded)).await;
    let console = Console(&local);
    console.start_instance("i-ecs1");
    for name in ["Zebra_1", "a-by-hand", "web-again"] {
        console.begin(name, "web").await;
    }
    console.wait(minutes(3)).await;
    let executions = console.executions().await;
    let of = |status: &str| executions.iter().filter(|execution| execution.status == status).count();
    assert_eq!(of("Running"), 2, "one at work, one waiting: {executions:?}");
    assert_eq!(of("Stopped"), executions.len() - 2, "the rest have stood down: {executions:?}");
    assert!(executions.len() >= 3);

    let executions = console.ended(3, LIMIT).await;
    let of = |status: &str| executions.iter().filter(|execution| execution.status == status).count();
    assert_eq!((of("Succeeded"), of("Failed")), (2, 0), "{executions:?}");
    let written: Vec<_> = writes(&local).into_iter().map(|call| call.action).collect();
    for (action, times) in
        [("CreateServerGroup", 1), ("CreateTransitRouterVpcAttachment", 2), ("CreateTransitRouterPeerAttachment", 1)]
    {
        assert_eq!(written.iter().filter(|made| *made == action).count(), times, "{action}");
    }
    assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));
    assert_quiet(&local);
}

#[tokio::test(start_paused = true)]
async fn runs_of_different_bindings_do_not_wait_for_each_other() {
    let bindings = worlds::two_bindings();
    let mut options = Options { bindings, scenario: worlds::three_regions(), ..worlds::options(Generation::Upgraded) };
    options.stacks.push(local::Stack::outpost("cn-shanghai"));
    let local = start(options).await;
    let console = Console(&local);
    console.begin("one", "web").await;
    console.begin("two", "api").await;
    let executions = console.ended(2, LIMIT).await;
    assert!(executions.iter().all(|execution| execution.status == "Succeeded"), "{executions:?}");
    // Neither has waited for the other's whole work.
    let first_end = executions.iter().map(|execution| &execution.stopped).min().unwrap();
    for execution in &executions {
        let reports = console.reports(&execution.name).await;
        assert!(reports.iter().any(|report| report.stage.as_str() == "preflight"), "{reports:?}");
        assert!(&execution.started < first_end);
    }
}
