//! Storms: a thousand instances start within a minute, with their events lost, duplicated, delayed and reordered, and mixed
//! with invalid events. In the end all are members, and the number of runs is limited by the number of windows, not of
//! events.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use emulator::call::Caller;
use emulator::faults::{Effect, Match, Probability, Rule};
use end_to_end::matrix::{self, EVENTS, Tally};
use end_to_end::{Console, start, worlds};
use local::{Generation, Local, Options, Stack};
use openapi::fc;
use serde_json::{Value, json};

/// The number of invalid events that are sent to dispatch.
const STRANGE: usize = 40;
/// The window with the template's defaults: a Wait of 12 seconds minus 2.
const WINDOW: Duration = Duration::from_secs(10);
/// The time within which the instances are started.
const MINUTE: Duration = Duration::from_secs(60);
/// How many starts, listings of instances, and readings of the store dispatch makes for each window, at most: a thousand launches took
/// 47, 53 and 61 of them in 16 windows, the timer's own among them.
const SHARED: u64 = 4;
/// How long dispatch's calls take. Only in a cloud without any distance do events never meet.
const DISTANCE: Duration = Duration::from_millis(100);

fn by_chance(effect: Effect, probability: f64) -> Rule {
    Rule { probability: Some(Probability::try_from(probability).unwrap()), ..Rule::new(effect) }
}

/// Room for a thousand instances in two vSwitches, and a timer that fires every five minutes.
fn options(count: usize) -> Options {
    let scenario = worlds::fleet(count - 1).replacen("cidr: 192.168.8.0/24", "cidr: 192.168.8.0/21", 1).replacen(
        "cidr: 192.168.7.0/24",
        "cidr: 192.168.0.0/21",
        1,
    );
    let home = Stack::home().with("TimerCron", "0 */5 * * * *");
    let far = Match { caller: Some("*-dispatch".to_owned()), ..Match::default() };
    let faults = vec![
        Rule { on: far, ..Rule::new(Effect::Delay { seconds: DISTANCE.into() }) },
        by_chance(Effect::LoseEvent, 0.1),
        by_chance(Effect::DuplicateEvent { copies: NonZeroU32::new(3).unwrap() }, 0.2),
        by_chance(Effect::DelayEvent { seconds: Duration::from_secs(40).into() }, 0.2),
        by_chance(Effect::ReorderEvents { seconds: Duration::from_secs(30).into() }, 0.3),
    ];
    Options { scenario, faults, stacks: vec![home], ..worlds::options(Generation::Upgraded) }
}

/// Events that no correct sender sends: malformed ones, and those from other accounts, sources and types.
fn strange(number: usize) -> Vec<u8> {
    let event = |account: &str, source: &str, kind: &str| {
        json!({
            "id": "1", "specversion": "1.0", "source": source, "type": kind, "aliyunaccountid": account,
            "aliyunregionid": "cn-hangzhou", "data": {"resourceId": "i-of-nobody", "state": "Running"}
        })
        .to_string()
        .into_bytes()
    };
    match number % 5 {
        0 => b"{\"type\": ".to_vec(),
        1 => b"null".to_vec(),
        2 => event("9999999999999999", "acs.ecs", "ecs:Instance:StateChange"),
        3 => event("1234567890123456", "evil", "ecs:Instance:StateChange"),
        _ => event("1234567890123456", "acs.ecs", "ecs:Instance:Unknown"),
    }
}

async fn invoke_dispatch(local: &Local, body: Vec<u8>) {
    let invoke =
        fc::InvokeFunction { function_name: "albridge-dispatch".to_owned(), body: body.into(), ..Default::default() };
    // It may refuse an event that it cannot parse, but it must not crash.
    let answer = local.operator().invoke_function("cn-hangzhou", &invoke).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(answer.is_object(), "dispatch says what it made of it: {answer}");
}

/// The calls of dispatch, by action; those of the timer's checks are among them.
fn calls_of_dispatch(local: &Local, action: &str) -> usize {
    let by_dispatch = |caller: &Caller| caller.role().is_some_and(|role| role.ends_with("-dispatch"));
    let log = local.cloud().gateway().log();
    log.iter().filter(|call| call.action == action && call.caller.as_ref().is_some_and(by_dispatch)).count()
}

#[tokio::test(start_paused = true)]
async fn everyone_is_a_member_and_the_windows_bound_the_runs() {
    let scope = matrix::scope();
    let mut tally = Tally::of("storms");
    let count = usize::try_from(scope.count(40, 1_000)).unwrap();
    let local = start(options(count)).await;
    let console = Console(&local);
    let mut ids = worlds::fleet_ids(count - 1);
    ids.push("i-ecs1".to_owned());
    let began = local.clock().now();
    for (number, id) in ids.iter().enumerate() {
        console.start_instance(id);
        if number % (count / STRANGE).max(1) == 0 {
            invoke_dispatch(&local, strange(number / (count / STRANGE).max(1))).await;
            tally.add(EVENTS, 1);
        }
        console.wait(MINUTE / u32::try_from(count).unwrap()).await;
    }
    // Each start is an event, whether it is delivered or not.
    tally.add(EVENTS, count as u64);
    // The last events are late by more than a minute.
    console.wait(MINUTE + MINUTE / 2).await;
    let calls = ["StartExecution", "DescribeInstances", "GetObject"].map(|action| calls_of_dispatch(&local, action));
    println!("{count} launches: {calls:?} calls of StartExecution, DescribeInstances, GetObject by dispatch");
    // Events of one window that meet in one instance of the function share a start, a listing, and the store.
    let passed = Duration::try_from(local.clock().now().duration_since(began)).unwrap();
    let shared = passed.as_secs() / WINDOW.as_secs() + 1;
    let most = calls.into_iter().max().unwrap_or_default();
    assert!(most as u64 <= SHARED * shared, "{calls:?} in {shared} windows");
    let mut members = 0;
    for _ in 0..12 {
        console.wait(5 * MINUTE).await;
        members = console.members().await.len();
        if members == count {
            break;
        }
    }
    assert_eq!(members, count, "everyone is a member");
    let addresses: BTreeSet<String> = console.members().await.into_iter().map(|member| member.server_ip).collect();
    assert_eq!(addresses.len(), count, "nobody is one twice");
    let executions = console.ended(1, 12 * 5 * MINUTE).await;
    let elapsed = Duration::try_from(local.clock().now().duration_since(began)).unwrap();
    let windows = elapsed.as_secs() / WINDOW.as_secs() + 1;
    assert!(executions.len() as u64 <= windows, "{} runs in {windows} windows", executions.len());
    let worked = executions.iter().filter(|execution| execution.status == "Succeeded").count();
    assert!(worked <= 8, "{worked} runs for one minute of events: {executions:#?}");
    assert_eq!(console.ailing().await, Vec::<String>::new());
}
