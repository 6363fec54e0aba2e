//! What is read once, and what is read anew.

use onboarding::Code;
use serde_json::json;
use stage::{Look, Needs, Session, run};

use super::run::{Groups, group};
use super::scripted::{World, host, invocation, request, world};

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
    let lasting = ["DescribeCens", "GetObject", "GetRole"];
    assert!(lasting.iter().all(|action| !again.iter().any(|other| other == action)), "{again:?}");
    assert!(again.contains(&"CheckTransitRouterService".to_owned()), "a no is read again: {again:?}");
    assert_eq!(again.len() + lasting.len(), before, "all of the others again");
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

/// A world in which the group is being created for some looks, and then is as `after` says; the load balancer is usable only
/// in the first answer about it.
fn with_a_change_while_it_waits(looks: u32, after: serde_json::Value) -> std::sync::Arc<World> {
    let world = world();
    let (mut groups, mut balancers) = (0, 0);
    world.on("ListServerGroups", move |_| {
        groups += 1;
        (200, if groups <= looks { group("Creating") } else { after.clone() })
    });
    world.on("GetLoadBalancerAttribute", move |_| {
        balancers += 1;
        let zone = json!({
            "ZoneId": "cn-chengdu-a", "VSwitchId": "vsw-a",
            "LoadBalancerAddresses": [{ "Ipv4LocalAddresses": ["10.1.1.9"] }]
        });
        let row = json!({
            "LoadBalancerId": "alb-1", "VpcId": "vpc-a", "LoadBalancerEdition": "Standard", "ZoneMappings": [zone],
            "LoadBalancerStatus": if balancers == 1 { "Active" } else { "Inactive" }
        });
        (200, row)
    });
    world
}

/// Somebody deletes the group and switches the load balancer off while the stage polls the group. The poll shows that a group
/// is missing; what a create depends on was read before.
#[tokio::test(start_paused = true)]
async fn nothing_careful_is_written_on_what_was_read_before_the_last_wait() {
    let world = with_a_change_while_it_waits(2, json!({ "ServerGroups": [], "TotalCount": 0 }));
    let host = host(&world, &[]);
    let report = run(&Groups, &invocation(&host), &request()).await.unwrap();
    assert_eq!(world.writes(), Vec::<String>::new(), "the load balancer was read again, and is not ready");
    assert_eq!(report.blocked.first().map(|reason| reason.code), Some(Code::AlbNotReady), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stage_is_settled_on_recent_readings_only() {
    let world = with_a_change_while_it_waits(20, group("Available"));
    let host = host(&world, &[]);
    run(&Groups, &invocation(&host), &request()).await.unwrap();
    let last = |action: &str| world.calls().iter().rposition(|call| call.action == action).unwrap();
    let settled = [last("ListServerGroups"), last("GetLoadBalancerAttribute")];
    let polls = world.calls_of("ListServerGroups").len();
    assert!(settled[1] >= world.calls().len() - 3, "all of it in the last look: {settled:?}, {polls} polls");
    assert_eq!(world.calls_of("GetLoadBalancerAttribute").len(), 2, "polls read the group and nothing else");
}
