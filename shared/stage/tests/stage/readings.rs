//! What is read once, and what is read anew.

use serde_json::json;
use stage::{Look, Looks, Needs, Session};

use crate::scripted::{host, invocation, request, world};

#[tokio::test(start_paused = true)]
async fn a_partial_look_reads_what_it_names_and_nothing_else() {
    let world = world();
    let host = host(&world, &[]);
    let session = Session::open(&invocation(&host), &request()).await.unwrap();
    let whole = session.observe(Needs::ALL).await.unwrap();
    let before = world.calls().len();
    let partial = session.look(Needs::ALL, Look::Only(&["ListListeners"])).await.unwrap();
    assert_eq!(partial, whole);
    let read: Vec<_> = world.calls().split_off(before).into_iter().map(|call| call.action).collect();
    assert_eq!(read, ["ListListeners"]);
    session.observe(Needs::ALL).await.unwrap();
    assert_eq!(world.calls().len(), before + 1 + before - 1, "all of it again, but for the store");
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
    let seen = async |look| session.look(Needs::LISTENERS, look).await.unwrap().listeners.get().unwrap().len();
    assert_eq!(seen(Look::Only(&["ListServerGroups"])).await, 0);
    assert_eq!(seen(Look::Only(&["ListListeners"])).await, 1);
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
    let seen = session.look(Needs::LISTENERS, Look::Only(&[])).await.unwrap();
    assert!(seen.listeners.get().is_some());
}

#[test]
fn the_first_look_and_every_sixth_are_whole_and_so_is_the_one_after_a_change() {
    let mut looks = Looks::of(&["ListListeners"]);
    let whole: Vec<bool> = (0..8).map(|_| looks.next() == Look::Whole).collect();
    assert_eq!(whole, [true, false, false, false, false, false, true, false]);
    looks.again();
    assert_eq!(looks.next(), Look::Whole);
}
