//! Faults of what the platform does by itself, and of the way back to the client: on tokio's paused clock.

use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use serde_json::json;
use template::{Rule as EventRule, Target};

use super::*;
use crate::driver::Cloud;
use crate::gateway::Answered;
use crate::platform::bus;
use crate::state::fc::Outcome;
use crate::testing::{Played, acs3, put_function};

fn played() -> Played {
    Played::new(|_| Outcome::Answered(b"done".to_vec()))
}

fn cloud(played: &Played) -> Cloud {
    let mut world = world();
    put_function(&mut world, "job", "");
    Cloud::start(world, Clock::seeded(start(), 1), Arc::new(played.clone()))
}

fn say(cloud: &Cloud, text: &str) {
    for rule in parse(text).unwrap() {
        cloud.inject(rule).unwrap();
    }
}

fn invoke(cloud: &Cloud, nonce: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
    acs3(cloud.clock().now(), nonce, &root(), "POST", "/2023-03-30/functions/job/invocations", headers, b"x")
}

fn create(cloud: &Cloud, name: &str) -> Request<Bytes> {
    let params = [("RoleName", name), ("AssumeRolePolicyDocument", "{}")];
    rpc(cloud.clock().now(), name, &root(), RAM, "CreateRole", &params)
}

fn is_there(cloud: &Cloud, role: &str) -> bool {
    cloud.with(|world| world.ram.role(role).is_some())
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_cut_before_or_after_the_call_is_carried_out() {
    let cloud = cloud(&played());
    say(
        &cloud,
        "faults: [{ times: 1, effect: cutBefore }, { skip: 1, times: 1, effect: cutAfter }, { skip: 2, times: 1, effect: truncate }]",
    );
    assert!(matches!(cloud.exchange(HANGZHOU, create(&cloud, "a")).await, Answered::Cut));
    assert!(!is_there(&cloud, "a"));
    assert!(matches!(cloud.exchange(HANGZHOU, create(&cloud, "b")).await, Answered::Cut));
    assert!(is_there(&cloud, "b"));
    assert!(matches!(cloud.exchange(HANGZHOU, create(&cloud, "c")).await, Answered::Truncated(_)));
    assert!(is_there(&cloud, "c"));
    assert!(matches!(cloud.exchange(HANGZHOU, create(&cloud, "d")).await, Answered::Whole(_)));
    let log = cloud.gateway().log();
    assert_eq!(log[0].code.as_deref(), Some("ConnectionCut"));
    assert_eq!(cloud.gateway().writes(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_late_in_the_clouds_own_seconds() {
    let cloud = cloud(&played());
    say(&cloud, "{ effect: { delay: { seconds: 30 } } }");
    let before = cloud.clock().now();
    let answer = cloud.call(HANGZHOU, create(&cloud, "a")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(cloud.clock().now().duration_since(before).as_secs(), 30);
    assert!(cloud.gateway().log()[0].at == before, "the call was carried out at once");
}

#[tokio::test(start_paused = true)]
async fn an_instance_dies_before_its_work_or_in_the_middle_of_it() {
    let played = played();
    let cloud = cloud(&played);
    say(
        &cloud,
        "faults: [{ times: 1, effect: { crashFunction: {} } }, { skip: 1, times: 1, effect: { crashFunction: { seconds: 2 } } }]",
    );
    for (nonce, worked, seconds) in [("1", 0, 0), ("2", 1, 2)] {
        let before = cloud.clock().now();
        let answer = cloud.call(HANGZHOU, invoke(&cloud, nonce, &[])).await;
        assert_eq!(answer.headers()["x-fc-error-type"], "UnhandledInvocationError");
        assert!(json_of(&answer)["errorMessage"].as_str().unwrap().starts_with("Process exited unexpectedly"));
        assert_eq!(played.seen().len(), worked);
        assert_eq!(cloud.clock().now().duration_since(before).as_secs(), seconds);
    }
    assert_eq!(cloud.call(HANGZHOU, invoke(&cloud, "3", &[])).await.body().as_ref(), b"done");
}

#[tokio::test(start_paused = true)]
async fn a_function_runs_out_of_time_although_it_worked() {
    let played = played();
    let cloud = cloud(&played);
    say(&cloud, "{ on: { parameters: { functionName: job } }, effect: timeOutFunction }");
    let answer = cloud.call(HANGZHOU, invoke(&cloud, "1", &[])).await;
    assert_eq!(json_of(&answer)["errorMessage"], "Task timed out after 10 seconds");
    assert_eq!(played.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_function_without_an_instance_is_refused_and_tried_again_where_nobody_waits() {
    let played = played();
    let cloud = cloud(&played);
    say(&cloud, "{ times: 1, effect: throttleFunction }");
    let answer = cloud.call(HANGZHOU, invoke(&cloud, "1", &[])).await;
    assert_eq!((answer.status().as_u16(), json_of(&answer)["Code"].as_str()), (429, Some("ResourceThrottled")));
    // The first try fails, the first retry finds no instance, the second one works.
    say(
        &cloud,
        "faults: [{ times: 1, effect: { crashFunction: {} } }, { skip: 1, times: 1, effect: throttleFunction }]",
    );
    let accepted = cloud.call(HANGZHOU, invoke(&cloud, "2", &[("x-fc-invocation-type", "Async")])).await;
    assert_eq!(accepted.status().as_u16(), 202);
    cloud.clock().sleep(Duration::from_secs(60)).await;
    assert_eq!(played.seen().len(), 1);
}

/// When the function of a rule is invoked for three events that were published a second apart.
fn deliveries(rule: &str) -> Vec<i64> {
    let mut world = world();
    put_function(&mut world, "job", "");
    let endpoint = world.function_arn(HANGZHOU, "job");
    let to = Target { id: "t".into(), kind: "acs.fc.function".into(), endpoint, params: Vec::new() };
    let pattern = json!({"source": ["acs.ecs"]});
    world.put_rule(
        HANGZHOU,
        EventRule { bus: "default".into(), name: "r".into(), enabled: true, pattern, targets: vec![to] },
    );
    world.add_faults(start(), parse(rule).unwrap()).unwrap();
    let mut now = start();
    for second in 0..3 {
        now = start() + jiff::SignedDuration::from_secs(second);
        let kind = if second == 1 { "ecs:Instance:StateChange" } else { "ecs:Disk:Other" };
        bus::publish(&mut world, now, HANGZHOU, "acs.ecs", kind, &second.to_string(), json!({}));
    }
    let mut seen = Vec::new();
    while let Some(due) = world.next_due(now) {
        now = due.max(now);
        let effects = world.advance(now);
        seen.extend(effects.iter().map(|_| now.duration_since(start()).as_secs()));
    }
    seen
}

#[test]
fn events_are_lost_doubled_late_and_out_of_order() {
    assert_eq!(deliveries("{ effect: loseEvent, times: 0 }"), [2, 3, 4]);
    assert_eq!(deliveries("{ on: { parameters: { type: 'ecs:Instance:*' } }, effect: loseEvent }"), [2, 4]);
    assert_eq!(deliveries("{ times: 1, effect: { duplicateEvent: { copies: 2 } } }"), [2, 2, 3, 4]);
    assert_eq!(
        deliveries("{ on: { parameters: { subject: '0' } }, effect: { delayEvent: { seconds: 60 } } }"),
        [3, 4, 62]
    );
    let shuffled = deliveries("{ effect: { reorderEvents: { seconds: 600 } } }");
    assert_eq!(shuffled.len(), 3);
    assert!(shuffled.iter().any(|second| *second > 10), "{shuffled:?}");
}

#[tokio::test(start_paused = true)]
async fn time_leaps_where_it_is_told_to() {
    let cloud = cloud(&played());
    cloud.with(|world| world.load(start(), crate::PROCEDURE)).unwrap();
    let begin = rpc(cloud.now(), "s", &root(), ECS, "StartInstance", &[("InstanceId", "i-ecs1")]);
    assert_eq!(cloud.call(HANGZHOU, begin).await.status(), 200);
    cloud.leap(Duration::from_secs(3600));
    assert_eq!(cloud.now().duration_since(cloud.clock().now()).as_secs(), 3600);
    let state = || {
        let request = rpc(
            cloud.clock().now(),
            &cloud.clock().uuid(),
            &root(),
            ECS,
            "DescribeInstances",
            &[("RegionId", HANGZHOU)],
        );
        cloud.call(HANGZHOU, request)
    };
    let listed = json_of(&state().await);
    assert!(!listed.to_string().contains("Starting"), "{listed}");
    assert_eq!(cloud.clock().now(), start(), "the clients' time stands where it was");
}
