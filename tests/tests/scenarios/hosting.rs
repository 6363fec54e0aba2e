//! The same story over real sockets: functions served by this process, and functions as separate processes.

use std::path::PathBuf;

use clock::Clock;
use emulator::{Settings, Strict};
use end_to_end::{Console, assert_all_ok, worlds, zip};
use local::{Generation, Hosting, Local, Options, Stack, TEMPLATE};
use onboarding::StageName;
use template::{Deployment, Pseudo, Template};

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
    let clock = Clock::scaled(120.0);
    let local =
        Local::start(Options { hosting: Hosting::Http, ..worlds::options(Generation::Upgraded) }, clock).await.unwrap();
    becomes_a_backend(&local, LIMIT).await;
}

#[tokio::test]
async fn an_instance_becomes_a_backend_with_functions_as_processes() {
    // The processes get the cloud's clock and follow it, as the functions in this process do.
    let options = Options { hosting: Hosting::Processes(built()), ..worlds::options(Generation::Upgraded) };
    let local = Local::start(options, Clock::scaled(120.0)).await.unwrap();
    becomes_a_backend(&local, LIMIT).await;
}

#[tokio::test]
async fn an_instance_becomes_a_backend_by_functions_that_were_uploaded() {
    let usual = worlds::options(Generation::Upgraded);
    let stacks = usual.stacks.clone();
    let settings = Settings { strict: Strict { packages: true, ..Strict::default() }, ..Settings::default() };
    let options = Options { hosting: Hosting::Http, packages: true, stacks: Vec::new(), settings, ..usual };
    let local = Local::start(options, Clock::scaled(120.0)).await.unwrap();
    let folder = built();
    let now = local.cloud().now();
    local.cloud().with(|world| {
        for stack in &stacks {
            let deployment = deployment(stack);
            let refused = world.deploy(now, &stack.region, &deployment).unwrap_err().to_string();
            assert!(refused.contains("AccessDenied: unable to access object"), "nothing is uploaded yet: {refused}");
            for stage in StageName::ALL {
                let script = format!("#!/bin/sh\nexec '{}'\n", folder.join(stage.as_str()).display());
                let package = zip::of("bootstrap", script.as_bytes());
                world.put_object(
                    now,
                    &stack.region,
                    &format!("code-{}", stack.region),
                    &format!("albridge/{stage}.zip"),
                    package,
                );
            }
            world.deploy(now, &stack.region, &deployment).unwrap();
        }
    });
    becomes_a_backend(&local, LIMIT).await;
}

/// A stack with its packages in a bucket of its region.
fn deployment(stack: &Stack) -> Deployment {
    let pseudo = Pseudo {
        region: stack.region.clone(),
        account_id: Settings::default().account_id,
        stack_name: "albridge".to_owned(),
        stack_id: format!("albridge-{}", stack.region),
    };
    let store = local::store_address();
    let (place, key) = store.trim_start_matches("oss://").split_once('/').unwrap();
    let (bucket, region) = place.split_once('.').unwrap();
    let code = format!("code-{}", stack.region);
    let own = [("CodeBucket", code.as_str()), ("StoreBucket", bucket), ("StoreRegion", region), ("StoreKey", key)];
    let mut parameters = stack.parameters.clone();
    parameters.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Template::parse(TEMPLATE).unwrap().resolve(&pseudo, &parameters).unwrap()
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
