//! Events that meet in one process share calls, and none relies on what was read before it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Random;
use dispatch::Dispatched;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stage::{Host, StageError};

use super::world::{Answer, Call, World, invoke, refusal};

const WAY: Duration = Duration::from_millis(50);
/// The flow's Wait; the window is two seconds shorter.
const WAIT: SignedDuration = SignedDuration::from_secs(12);

fn event(id: &str) -> Value {
    json!({
        "source": "acs.ecs", "type": "ecs:Instance:StateChange", "aliyunregionid": "cn-hangzhou",
        "data": {"resourceId": id, "state": "Running"}
    })
}

/// What DescribeInstances says of the instances that it is asked for, all of them in one VPC.
fn instances(call: &Call, vpc: &str) -> Answer {
    instances_in(call, |_| vpc)
}

/// The same, each in its own VPC.
fn instances_in<'v>(call: &Call, vpc: impl Fn(&str) -> &'v str) -> Answer {
    let rows: Vec<_> = call
        .ids()
        .iter()
        .map(|id| {
            json!({
                "InstanceId": id, "Status": "Running", "RegionId": "cn-hangzhou", "CreationTime": "2026-11-22T07:00Z",
                "VpcAttributes": {"VpcId": vpc(id), "VSwitchId": "vsw-b", "PrivateIpAddress": {"IpAddress": ["10.0.0.1"]}},
                "NetworkInterfaces": {"NetworkInterface": []}, "SecurityGroupIds": {"SecurityGroupId": ["sg-1"]}
            })
        })
        .collect();
    let count = rows.len();
    (200, None, json!({ "Instances": {"Instance": rows}, "TotalCount": count, "NextToken": "", "RequestId": "R" }))
}

fn date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A run that starts when it is asked for.
fn started(call: &Call) -> Answer {
    let body = json!({
        "Name": call.get("ExecutionName"), "Status": "Running", "StartedTime": call.at.to_string(), "RequestId": "R"
    });
    (200, Some(date(call.at)), body)
}

/// A workflow in which a run waits behind another one, so that its invocation lasts.
fn listing(call: &Call) -> Answer {
    let rows = ["web-1", "web-2"].map(|name| {
        json!({
            "FlowName": "albridge", "Name": name, "Status": "Running", "Input": r#"{"binding":"web"}"#,
            "StartedTime": "2026-11-22T07:59:00Z"
        })
    });
    let rows = if call.get("Status") == "Running" { rows.to_vec() } else { Vec::new() };
    (200, None, json!({ "Executions": rows, "RequestId": "R" }))
}

fn cloud(vpc: &'static str) -> impl Fn(&Call) -> Answer + Send + Sync {
    move |call| match call.action.as_str() {
        "DescribeInstances" => instances(call, vpc),
        "ListExecutions" => listing(call),
        _ => started(call),
    }
}

/// An event that arrives after a while.
async fn later(host: &Host, after: Duration, event: Value) -> Result<Dispatched, StageError> {
    host.clock().sleep(after).await;
    invoke(host, event).await
}

fn counts(world: &World) -> [usize; 3] {
    ["GetObject", "DescribeInstances", "StartExecution"].map(|action| world.count(action))
}

fn names(answer: &Dispatched) -> Vec<&str> {
    answer.started.iter().map(|started| started.execution.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn events_that_meet_share_one_start() {
    let world = World::far(WAY, cloud("vpc-b"));
    let host = world.process();
    let events =
        (0..20_u32).map(|number| later(&host, 15 * number * Duration::from_millis(1), event(&format!("i-{number}"))));
    let answers: Vec<_> = join_all(events).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(counts(&world), [1, 1, 1]);
    assert!(
        answers.iter().all(|answer| names(answer) == names(&answers[0]) && answer.started.len() == 1),
        "{answers:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn those_that_wait_are_read_in_one_call_of_up_to_a_hundred() {
    // Nobody is concerned, so nothing covers them.
    let world = World::far(WAY, cloud("vpc-elsewhere"));
    let host = world.process();
    let events = (0..151_u32)
        .map(|number| later(&host, if number == 0 { Duration::ZERO } else { WAY }, event(&format!("i-{number}"))));
    let answers = join_all(events).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().started.is_empty()));
    let read: Vec<_> = world.calls_of("DescribeInstances").iter().map(|call| call.ids().len()).collect();
    assert_eq!(read, [1, 100, 50]);
    assert_eq!((world.count("GetObject"), world.count("StartExecution")), (2, 0));
}

/// An instance moves into the VPC while the calls for another one are under way: its event relies on none of them.
#[tokio::test(start_paused = true)]
async fn an_event_that_comes_while_calls_are_under_way_has_its_own() {
    for after in [10_u64, 60, 110, 160, 190, 210, 290].map(Duration::from_millis) {
        let moved: Timestamp = "2026-11-22T08:00:00Z".parse::<Timestamp>().unwrap() + after;
        let world = World::far(WAY, move |call| match call.action.as_str() {
            "DescribeInstances" => {
                instances_in(call, |id| if id == "i-1" && call.at >= moved { "vpc-b" } else { "vpc-elsewhere" })
            }
            _ => started(call),
        });
        let host = world.process();
        let (first, second) = tokio::join!(invoke(&host, event("i-0")), later(&host, after, event("i-1")));
        first.unwrap();
        assert_eq!(second.unwrap().started.len(), 1, "{after:?}");
        let last = world.calls_of("DescribeInstances").pop().unwrap();
        assert!(last.ids().contains(&"i-1".to_owned()) && last.at >= moved, "{after:?}: {last:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_covers_others_while_its_run_waits_and_no_longer() {
    let world = World::far(WAY, cloud("vpc-b"));
    let host = world.process();
    // A run that waits for its turn keeps the process awake.
    let turn = invoke(&host, json!({ "binding": "web", "run": "web-2", "stage": "turn" }));
    let events = async {
        invoke(&host, event("i-0")).await.unwrap();
        let after_the_first = counts(&world);
        assert_eq!(after_the_first, [1, 1, 1]);
        later(&host, Duration::from_secs(8), event("i-1")).await.unwrap();
        assert_eq!(counts(&world), after_the_first, "its run waits for four seconds more");
        later(&host, Duration::from_secs(2), event("i-2")).await.unwrap();
        assert_eq!(counts(&world), [2, 2, 2], "its run may be about to read");
    };
    let (turn, ()) = tokio::join!(turn, events);
    turn.unwrap_err();
}

/// The platform may freeze a process that has nothing to do, and its clock with it.
#[tokio::test(start_paused = true)]
async fn nothing_is_kept_while_nothing_is_under_way() {
    let world = World::far(WAY, cloud("vpc-b"));
    let host = world.process();
    for number in 1..=3 {
        invoke(&host, event("i-0")).await.unwrap();
        assert_eq!(counts(&world), [number; 3]);
    }
}

#[tokio::test(start_paused = true)]
async fn those_that_wait_for_a_leader_that_is_cut_go_on_by_themselves() {
    // Cut in the reading of the store, of the instances, and in the start.
    for cut in [30, 90, 130, 190, 230, 290] {
        let world = World::far(WAY, cloud("vpc-b"));
        let host = world.process();
        let leader = host.clock().timeout(Duration::from_millis(cut), invoke(&host, event("i-0")));
        let others = (1..4).map(|number| later(&host, WAY / 2, event(&format!("i-{number}"))));
        let (cut_off, others) = tokio::join!(leader, join_all(others));
        assert!(cut_off.is_err(), "{cut}");
        for answer in others {
            assert_eq!(answer.unwrap().started.len(), 1, "{cut}");
        }
        assert!(world.count("StartExecution") <= 2, "{cut}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_that_of_its_batch_and_the_next_one_tries_again() {
    let tries = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&tries);
    let world = World::far(WAY, move |call| match call.action.as_str() {
        "DescribeInstances" => instances(call, "vpc-b"),
        _ if count.fetch_add(1, Ordering::Relaxed) == 0 => (403, None, refusal("Forbidden.RAM")),
        _ => started(call),
    });
    let host = world.process();
    let events = (0..4_u32)
        .map(|number| later(&host, if number == 0 { Duration::ZERO } else { WAY }, event(&format!("i-{number}"))));
    let answers = join_all(events).await;
    assert!(answers[0].is_err(), "the platform brings it again");
    assert!(
        answers[1..].iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.started.len() == 1)),
        "{answers:?}"
    );
    assert_eq!(tries.load(Ordering::Relaxed), 2);
}

/// Near misses on both sides: another VPC, an instance that is not there, a call that fails, an event of a region.
#[tokio::test(start_paused = true)]
async fn an_event_concerns_whose_vpc_its_instance_is_in_and_everybody_if_it_is_not_found() {
    let asks = |vpc: &'static str, found: bool, status: u16| {
        World::new(move |call| match call.action.as_str() {
            "DescribeInstances" if status != 200 => (status, None, refusal("Forbidden.RAM")),
            "DescribeInstances" if !found => (
                200,
                None,
                json!({ "Instances": {"Instance": []}, "TotalCount": 0, "NextToken": "", "RequestId": "R" }),
            ),
            "DescribeInstances" => instances(call, vpc),
            _ => started(call),
        })
    };
    for (case, world, concerned) in [
        ("in its VPC", asks("vpc-b", true, 200), 1),
        ("in another VPC", asks("vpc-c", true, 200), 0),
        ("not there", asks("vpc-c", false, 200), 1),
        ("not read", asks("vpc-c", true, 403), 1),
    ] {
        assert_eq!(world.dispatch(event("i-1")).await.unwrap().started.len(), concerned, "{case}");
    }
    let mut of_region = event("eni-1");
    of_region["type"] = json!("ecs:NetworkInterface:PrivateIPAssigned");
    let world = asks("vpc-c", true, 200);
    assert_eq!(world.dispatch(of_region.clone()).await.unwrap().started.len(), 1);
    assert_eq!(world.count("DescribeInstances"), 0);
    of_region["aliyunregionid"] = json!("cn-beijing");
    assert_eq!(world.dispatch(of_region).await.unwrap().started.len(), 0, "nobody has backends there");
}

/// A workflow as the cloud has it: names that are taken, runs that wait, work and end. Its clock goes on while the process is
/// frozen.
#[derive(Default)]
struct Workflow {
    /// Milliseconds for which the process was frozen so far.
    frozen: AtomicI64,
    runs: Mutex<BTreeMap<String, Timestamp>>,
}

impl Workflow {
    fn now(&self, at: Timestamp) -> Timestamp {
        at + SignedDuration::from_millis(self.frozen.load(Ordering::Relaxed))
    }

    fn start(&self, call: &Call) -> Answer {
        let (name, now) = (call.get("ExecutionName").to_owned(), self.now(call.at));
        let begun = *self.runs.lock().unwrap().entry(name.clone()).or_insert(now);
        if now > begun + WAIT + SignedDuration::from_secs(4) {
            return (400, None, refusal("ExecutionAlreadyExists"));
        }
        let body = json!({ "Name": name, "Status": "Running", "StartedTime": begun.to_string(), "RequestId": "R" });
        (200, Some(date(now)), body)
    }

    /// When a run begins to read.
    fn reads(&self, name: &str) -> Timestamp {
        self.runs.lock().unwrap()[name] + WAIT
    }
}

/// Every interleaving that chance finds: events at any time, calls that take up to three seconds each way, leaders that are
/// cut, a process that is frozen while it has nothing to do. Each event that got an answer relies on a run that reads after
/// the event came.
#[tokio::test(start_paused = true)]
async fn every_event_relies_on_a_run_that_reads_after_it() {
    let (mut events, mut starts, mut freezes) = (0, 0, 0);
    for seed in 0..150 {
        let workflow = Arc::new(Workflow::default());
        let script = Arc::clone(&workflow);
        let world = World::unsteady(seed, Duration::from_secs(3), move |call| match call.action.as_str() {
            "DescribeInstances" => instances(call, "vpc-b"),
            _ => script.start(call),
        });
        let host = world.process();
        let mut random = Random::seeded(seed);
        let under_way = Arc::new(AtomicUsize::new(0));
        let all = (0..25).map(|number| {
            // Some storms, some events that come alone.
            let pause = if seed % 3 == 0 { 60.0 } else { 12.0 };
            let after = Duration::from_secs_f64(pause * random.fraction());
            let cut = (random.fraction() < 0.1).then(|| Duration::from_secs_f64(6.0 * random.fraction()));
            let (host, workflow, under_way) = (host.clone(), Arc::clone(&workflow), Arc::clone(&under_way));
            let nap = Duration::from_secs_f64(20.0 * random.fraction());
            async move {
                host.clock().sleep(after).await;
                let mut frozen = 0;
                if under_way.load(Ordering::Relaxed) == 0 && number % 2 == 0 {
                    // It was frozen until this event came.
                    workflow.frozen.fetch_add(i64::try_from(nap.as_millis()).unwrap(), Ordering::Relaxed);
                    frozen = 1;
                }
                under_way.fetch_add(1, Ordering::Relaxed);
                let came = workflow.now(host.clock().now());
                let event = event(&format!("i-{number}"));
                let limit = cut.unwrap_or(Duration::from_secs(60));
                let answer = host.clock().timeout(limit, invoke(&host, event)).await;
                under_way.fetch_sub(1, Ordering::Relaxed);
                (came, answer.ok(), cut.is_some(), frozen)
            }
        });
        for (came, answer, is_cut, frozen) in join_all(all.collect::<Vec<_>>()).await {
            freezes += frozen;
            let Some(answer) = answer else {
                assert!(is_cut, "seed {seed}");
                continue;
            };
            let answer = answer.unwrap();
            let [name] = names(&answer)[..] else { panic!("seed {seed}: {answer:?}") };
            assert!(
                workflow.reads(name) > came,
                "seed {seed}: {name} reads at {}, and the event came at {came}",
                workflow.reads(name)
            );
            events += 1;
        }
        starts += world.count("StartExecution");
    }
    assert!(events > 3_000 && freezes > 100, "{events} events, {freezes} freezes");
    assert!(starts < events / 2, "{starts} starts for {events} events");
}
