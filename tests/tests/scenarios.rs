//! The scenarios, in memory on paused time.

use std::time::Duration;

use end_to_end::{Console, start};
use local::Options;

#[tokio::test(start_paused = true)]
async fn an_instance_that_starts_becomes_a_backend() {
    let local = start(Options::default()).await;
    let console = Console(&local);
    console.start_instance("i-ecs1").await;
    let settled = console.settle(Duration::from_secs(3600)).await;
    let executions = console.executions().await;
    for execution in &executions {
        println!("{} {} {} {} {}", execution.name, execution.status, execution.started_time, execution.stopped_time, execution.output);
    }
    std::fs::write("/tmp/calls.log", local.cloud().gateway().log_text()).unwrap();
    println!("{:?}", console.members().await);
    println!("{:?}", console.get().await);
    assert!(settled);
    assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));
}
