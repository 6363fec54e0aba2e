//! What is read once, and what is read anew.

use serde_json::json;
use stage::{Look, Needs, Session};

use crate::scripted::{host, invocation, request, world};

#[tokio::test(start_paused = true)]
async fn a_partial_look_reads_what_it_names_and_nothing_else() {
    let world = world();
    let host = host(&world, &[]);
    let session = Session::open(&invocation(&host), &request()).await.unwrap();
    let whole = session.observe(Needs::ALL).await.unwrap();
    let before = world.calls().len();
    session.renew(&Look::only(&["ListListeners"]));
    let partial = session.view(Needs::ALL).await.unwrap();
    assert_eq!(partial, whole);
    let read: Vec<_> = world.calls().split_off(before).into_iter().map(|call| call.action).collect();
    assert_eq!(read, ["ListListeners"]);
    session.observe(Needs::ALL).await.unwrap();
    let again: Vec<_> = world.calls().split_off(before + 1).into_iter().map(|call| call.action).collect();
    // The store, and what said yes and does not change within an invocation.
    let lasting = ["CheckTransitRouterService", "DescribeCens", "GetObject", "GetRole"];
    assert!(lasting.iter().all(|action| !again.iter().any(|other| other == action)), "{again:?}");
    assert!(again.len() + lasting.len() + 2 >= before, "all of the others again");
}

#[tokio::test(start_paused = true)]
async fn a_partial_look_sees_what_has_changed_in_what_it_names() {
    let world = world();
    let host = host(&world, &[]);
    let session = Session::open(&invocation(&host), &request()).await.unwrap();
    assert_eq!(session.observe(Needs::LISTENERS).await.unwrap().listeners.get().unwrap().len(), 0);
    world.always(
        "ListListeners",
        json!({ "Listeners": [{
            "ListenerId": "lsn-1", "LoadBalancerId": "alb-1", "ListenerProtocol": "HTTP", "ListenerPort": 80,
            "ListenerStatus": "Running", "DefaultActions": [{ "Type": "FixedResponse" }]
        }], "TotalCount": 1 }),
    );
    let seen = async |action| {
        session.renew(&Look::only(&[action]));
        session.view(Needs::LISTENERS).await.unwrap().listeners.get().unwrap().len()
    };
    assert_eq!(seen("ListServerGroups").await, 0);
    assert_eq!(seen("ListListeners").await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_not_kept() {
    let world = world();
    let host = host(&world, &[]);
    let session = Session::open(&invocation(&host), &request()).await.unwrap();
    world.refuses("ListListeners", 403, "Forbidden.RAM");
    assert!(session.observe(Needs::LISTENERS).await.unwrap().listeners.failure().is_some());
    world.on("ListListeners", |_| (200, json!({ "Listeners": [], "TotalCount": 0 })));
    // Nothing is forgotten, and it is read again all the same.
    let seen = session.view(Needs::LISTENERS).await.unwrap();
    assert!(seen.listeners.get().is_some());
}
