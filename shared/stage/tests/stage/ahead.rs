//! A process that has read the store before makes its first look while the store is read again.

use std::time::Duration;

use serde_json::{Value, json};
use stage::{Host, Report, StageError, Status, run};

use super::run::{Groups, group};
use super::scripted::{World, binding, host, invocation, refusal, request, world};

fn store(change: impl FnOnce(&mut Value)) -> Value {
    let mut binding = binding();
    change(&mut binding);
    Value::from(json!({ "bindings": [binding] }).to_string())
}

/// How an invocation ends, and how many seconds it takes.
async fn invoked(host: &Host) -> (Result<Report, StageError>, i64) {
    let begun = host.clock().now();
    let outcome = run(&Groups, &invocation(host), &request()).await;
    (outcome, host.clock().now().duration_since(begun).as_secs())
}

/// A process that found everything in place in its first invocation.
async fn at_rest(world: &std::sync::Arc<World>) -> Host {
    world.always("ListServerGroups", group("Available"));
    let host = host(world, &[]);
    let (outcome, _) = invoked(&host).await;
    assert_eq!(outcome.unwrap().status, Status::Done);
    host
}

#[tokio::test(start_paused = true)]
async fn the_first_look_is_made_while_the_store_is_read() {
    let world = world();
    let host = at_rest(&world).await;
    let calls = world.calls().len();
    world.slow("GetObject", Duration::from_secs(2)).slow("ListServerGroups", Duration::from_secs(2));
    let (outcome, seconds) = invoked(&host).await;
    assert_eq!((outcome.unwrap().status, seconds), (Status::Done, 2));
    assert_eq!(world.calls().len() - calls, calls, "and no call is made twice");

    let fresh = super::scripted::host(&world, &[]);
    assert_eq!(invoked(&fresh).await.1, 4, "another process does not know the store");
}

#[tokio::test(start_paused = true)]
async fn what_the_store_says_now_counts() {
    for slow in ["GetObject", "ListServerGroups"] {
        let world = world();
        let host = at_rest(&world).await;
        world.slow(slow, Duration::from_secs(2));
        world.always("ListServerGroups", json!({ "ServerGroups": [] }));

        world.always("GetObject", store(|binding| binding["paused"] = true.into()));
        let (outcome, _) = invoked(&host).await;
        assert_eq!(outcome.unwrap().status, Status::ReadOnly, "{slow}");
        assert!(world.writes().is_empty(), "{slow}: {:?}", world.writes());

        world.always("GetObject", store(|binding| binding["serverGroup"]["name"] = "renamed".into()));
        world.refuses("CreateServerGroup", 400, "QuotaExceeded.ServerGroup");
        invoked(&host).await.0.unwrap();
        let [create] = &world.calls_of("CreateServerGroup")[..] else { panic!("one create") };
        assert_eq!(create.get("ServerGroupName"), "renamed", "{slow}");

        world.always("GetObject", Value::from(json!({ "bindings": [] }).to_string()));
        assert!(matches!(invoked(&host).await.0, Err(StageError::NoBinding(_))), "{slow}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_any_more_ends_it_without_a_write() {
    let world = world();
    let host = at_rest(&world).await;
    world.always("ListServerGroups", json!({ "ServerGroups": [] }));
    for unreadable in [Value::from("no: [bindings"), refusal("AccessDenied")] {
        world.always("GetObject", unreadable);
        assert!(matches!(invoked(&host).await.0, Err(StageError::Store(_))));
    }
    assert!(world.writes().is_empty(), "{:?}", world.writes());
}

#[tokio::test(start_paused = true)]
async fn who_tries_again_because_the_store_cannot_be_read_looks_ahead_once() {
    let world = world();
    let host = at_rest(&world).await;
    world.refuses("GetObject", 503, "ServiceUnavailable").slow("GetObject", Duration::from_secs(1));
    let (invocation, request) = (invocation(&host), request());
    let before = world.calls_of("ListServerGroups").len();
    let held = stage::hold(&invocation, || run(&Groups, &invocation, &request)).await;
    assert!(matches!(held, Err(StageError::Store(_))));
    assert!(world.calls_of("GetObject").len() > 5);
    assert_eq!(world.calls_of("ListServerGroups").len() - before, 1);
}
