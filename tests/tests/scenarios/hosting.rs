//! The same story over real sockets: functions served by this process, and functions as separate processes.

use std::path::PathBuf;

use clock::Clock;
use end_to_end::{Console, assert_all_ok, worlds};
use local::{Generation, Hosting, Local, Options};
use onboarding::StageName;

use crate::LIMIT;

/// Within `limit` on the clock of `local`, `i-ecs1` becomes a backend.
async fn becomes_a_backend(local: &Local, limit: std::time::Duration) {
    let console = Console(local);
    console.start_instance("i-ecs1");
    let executions = console.ended(1, limit).await;
    assert_all_ok(&console.reports(&executions[0].name).await);
    let answer = console.get().await.unwrap();
    assert_eq!((answer.status, answer.served_by.as_deref()), (200, Some("i-ecs1")));
}

#[tokio::test]
async fn an_instance_becomes_a_backend_over_http() {
    // Fast enough for a test, slow enough that the functions' own time limits hold on a busy machine.
    let clock = Clock::scaled(80.0);
    let local =
        Local::start(Options { hosting: Hosting::Http, ..worlds::options(Generation::Upgraded) }, clock).await.unwrap();
    becomes_a_backend(&local, LIMIT).await;
}

#[tokio::test]
async fn an_instance_becomes_a_backend_with_functions_as_processes() {
    // The processes get the cloud's clock and follow it, as the functions in this process do.
    let options = Options { hosting: Hosting::Processes(built()), ..worlds::options(Generation::Upgraded) };
    let local = Local::start(options, Clock::scaled(80.0)).await.unwrap();
    becomes_a_backend(&local, LIMIT).await;
}

/// The directory of the functions' binaries: `cargo test --workspace` builds them, because their packages have tests of
/// their own.
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // target/<profile>/deps/<test>
    let folder = test.ancestors().nth(2).unwrap().to_owned();
    for stage in StageName::ALL {
        let binary = folder.join(format!("{stage}{}", std::env::consts::EXE_SUFFIX));
        let missing =
            "is missing: `cargo test --workspace` builds it; with `--test`, run `cargo build --workspace` first";
        assert!(binary.exists(), "{} {missing}", binary.display());
    }
    folder
}
