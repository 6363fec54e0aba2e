//! Time passing by itself, on tokio's paused clock.

use http::Request;
use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::host::Invoked;
use crate::platform::bus;
use crate::platform::triggers;
use crate::testing::{HANGZHOU, Played, acs3, json_of, put_function, put_role, root, rpc, start, world};

const FNF: &str = "2019-03-15";

const FLOW: &str = "
Type: StateMachine
Name: onboarding
SpecVersion: v1
StartAt: Wait
States:
  - { Type: Wait, Name: Wait, Seconds: 12, Next: Work }
  - Type: Task
    Name: Work
    Action: FC:InvokeFunction
    TaskMode: RequestComplete
    Parameters:
      resourceArn: acs:fc:cn-hangzhou:1234567890123456:functions/job/LATEST
      invocationType: Sync
      body: { binding.$: $Context.Execution.Input.binding }
    Retry:
      - { Description: again, Errors: [FnF.ALL], MaxAttempts: 3, IntervalSeconds: 5 }
    End: true
";

fn cloud(played: &Played) -> Cloud {
    let mut world = world();
    let role = put_role(&mut world, "flow", &["fc:InvokeFunction"]);
    let worker = put_role(&mut world, "worker", &["ecs:Describe*"]);
    put_function(&mut world, "job", &worker);
    world.put_flow(start(), HANGZHOU, "onboarding", FLOW, &role).unwrap();
    Cloud::start(world, Clock::seeded(start(), 1), Arc::new(played.clone()))
}

async fn fnf(cloud: &Cloud, nonce: &str, action: &str, params: &[(&str, &str)]) -> serde_json::Value {
    json_of(&cloud.call(HANGZHOU, rpc(cloud.clock().now(), nonce, &root(), FNF, action, params)).await)
}

const RUN: [(&str, &str); 2] = [("FlowName", "onboarding"), ("ExecutionName", "web-1")];
const INPUT: (&str, &str) = ("Input", r#"{"binding":"web"}"#);

#[tokio::test(start_paused = true)]
async fn an_execution_runs_to_its_end_and_retries_on_the_way() {
    let failures = std::sync::atomic::AtomicU32::new(1);
    let played = Played::new(move |invocation| {
        if failures.fetch_sub(1, Ordering::Relaxed) == 1 {
            return Outcome::Failed { error_type: "StillPending".into(), message: "wait".into() };
        }
        Outcome::Answered(invocation.payload.clone())
    });
    let cloud = cloud(&played);
    let input = [RUN[0], RUN[1], INPUT];
    let begun = fnf(&cloud, "1", "StartExecution", &input).await;
    assert_eq!(
        (begun["Name"].as_str(), begun["StartedTime"].as_str()),
        (Some("web-1"), Some("2026-11-22T08:00:00.000Z"))
    );
    let again = fnf(&cloud, "2", "StartExecution", &input).await;
    assert_eq!(again["StartedTime"], begun["StartedTime"]);

    cloud.clock().sleep(Duration::from_secs(20)).await;
    let done = fnf(&cloud, "3", "DescribeExecution", &RUN).await;
    assert_eq!(
        (done["Status"].as_str(), done["Output"].as_str()),
        (Some("Succeeded"), Some(r#"{"binding":"web"}"#)),
        "{done}"
    );
    assert_eq!(done["StoppedTime"], "2026-11-22T08:00:17.000Z");
    let seen = played.seen();
    assert_eq!(seen.len(), 2);
    let header =
        |name: &str| seen[0].headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap();
    assert_eq!(header("x-fc-function-name"), "job");
    assert!(header("x-fc-access-key-id").starts_with("STS."));
    assert!(!header("x-fc-security-token").is_empty());
    let refused = fnf(&cloud, "4", "StartExecution", &input).await;
    assert_eq!(refused["Code"], "ExecutionAlreadyExists");
}

#[tokio::test(start_paused = true)]
async fn a_synchronous_call_waits_for_the_function() {
    let cloud = cloud(&Played::new(|_| Outcome::Answered(b"pong".to_vec())));
    let request = acs3(start(), "1", &root(), "POST", "/2023-03-30/functions/job/invocations", &[], b"ping");
    let answer = cloud.call(HANGZHOU, request).await;
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, b"pong".as_slice()));
    assert!(!answer.headers().contains_key("x-fc-error-type"));
}

#[tokio::test(start_paused = true)]
async fn a_failing_asynchronous_call_is_tried_three_times_more() {
    let played = Played::new(|_| Outcome::Crashed("no".into()));
    let cloud = cloud(&played);
    let headers = [("x-fc-invocation-type", "Async")];
    let request = acs3(start(), "1", &root(), "POST", "/2023-03-30/functions/job/invocations", &headers, b"");
    assert_eq!(cloud.call(HANGZHOU, request).await.status(), StatusCode::ACCEPTED);
    cloud.clock().sleep(Duration::from_secs(60)).await;
    let retries: Vec<String> = played
        .seen()
        .iter()
        .map(|seen| seen.headers.iter().find(|(name, _)| name == "x-fc-retry-count").unwrap().1.clone())
        .collect();
    assert_eq!(retries, ["0", "1", "2", "3"]);
}

/// Never answers, or panics.
struct Broken(bool);

impl FunctionHost for Broken {
    fn invoke(&self, _invocation: Invocation) -> Invoked {
        if self.0 { Box::pin(async { panic!("a broken function") }) } else { Box::pin(std::future::pending()) }
    }
}

async fn invoke_broken(panics: bool) -> (String, SignedDuration) {
    let mut world = world();
    put_function(&mut world, "job", "");
    let cloud = Cloud::start(world, Clock::seeded(start(), 1), Arc::new(Broken(panics)));
    let request = acs3(start(), "1", &root(), "POST", "/2023-03-30/functions/job/invocations", &[], b"");
    let answer = cloud.call(HANGZHOU, request).await;
    assert_eq!(answer.headers()["x-fc-error-type"], "UnhandledInvocationError");
    (json_of(&answer)["errorMessage"].as_str().unwrap().to_owned(), cloud.clock().now().duration_since(start()))
}

#[tokio::test(start_paused = true)]
async fn a_function_ends_at_its_timeout_and_a_crash_is_an_outcome() {
    let (message, took) = invoke_broken(false).await;
    assert_eq!(message, "Task timed out after 10 seconds");
    assert_eq!(took.as_secs(), 10);
    let (message, _) = invoke_broken(true).await;
    assert!(message.starts_with("Process exited unexpectedly"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_undoes_nothing() {
    let played = Played::new(|_| Outcome::Answered(b"{}".to_vec()));
    let cloud = cloud(&played);
    {
        let request = rpc(start(), "1", &root(), FNF, "StartExecution", &[RUN[0], RUN[1], INPUT]);
        let call = cloud.call(HANGZHOU, request);
        tokio::pin!(call);
        // Polled once, then dropped.
        assert!(futures_util::poll!(&mut call).is_pending());
    }
    cloud.clock().sleep(Duration::from_secs(30)).await;
    assert_eq!(played.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn events_reach_functions_by_rule_and_are_repeated_until_taken() {
    let failures = std::sync::atomic::AtomicU32::new(0);
    let played = Played::new(move |_| match failures.fetch_add(1, Ordering::Relaxed) {
        0 => Outcome::Crashed("first".into()),
        _ => Outcome::Answered(b"{}".to_vec()),
    });
    let cloud = cloud(&played);
    let data = json!({"resourceId": "i-1", "resourceType": "ALIYUN::ECS::Instance", "state": "Running"});
    cloud.with(|world| {
        let pattern = json!({"source": ["acs.ecs"], "data": {"state": ["Running"]}});
        triggers::put_rule(world, HANGZHOU, "job", "ecs", &pattern, true);
        for (region, state) in [(HANGZHOU, "Running"), (HANGZHOU, "Starting"), ("cn-chengdu", "Running")] {
            let mut data = data.clone();
            data["state"] = state.into();
            bus::publish(world, start(), region, "acs.ecs", "ecs:Instance:StateChange", "i-1", data);
        }
    });
    cloud.clock().sleep(Duration::from_secs(1)).await;
    assert!(played.seen().is_empty());
    cloud.clock().sleep(Duration::from_secs(2)).await;
    assert_eq!(played.seen().len(), 1);
    cloud.clock().sleep(Duration::from_secs(60)).await;
    let seen = played.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].payload, seen[1].payload);
    let event: serde_json::Value = serde_json::from_slice(&seen[0].payload).unwrap();
    assert_eq!(event["data"], data);
    assert_eq!(event["aliyunregionid"], HANGZHOU);
}

#[tokio::test(start_paused = true)]
async fn timers_fire_on_time() {
    let played = Played::new(|_| Outcome::Answered(b"{}".to_vec()));
    let cloud = cloud(&played);
    cloud.with(|world| {
        let schedule = template::cron::Schedule::parse("0 */5 * * * *").unwrap();
        world.events.put_timer(start(), HANGZHOU, "job", "drift", schedule, "all");
    });
    cloud.clock().sleep(Duration::from_secs(11 * 60)).await;
    let events: Vec<serde_json::Value> =
        played.seen().iter().map(|seen| serde_json::from_slice(&seen.payload).unwrap()).collect();
    assert_eq!(
        events,
        [
            json!({"triggerTime": "2026-11-22T08:05:00Z", "triggerName": "drift", "payload": "all"}),
            json!({"triggerTime": "2026-11-22T08:10:00Z", "triggerName": "drift", "payload": "all"}),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_flow_without_the_right_cannot_invoke() {
    let played = Played::new(|_| Outcome::Answered(b"{}".to_vec()));
    let cloud = cloud(&played);
    cloud.with(|world| put_role(world, "flow", &["oss:*"]));
    fnf(&cloud, "1", "StartExecution", &[RUN[0], RUN[1], INPUT]).await;
    cloud.clock().sleep(Duration::from_secs(60)).await;
    let failed = fnf(&cloud, "2", "DescribeExecution", &RUN).await;
    assert_eq!(failed["Status"], "Failed");
    assert!(failed["Output"].as_str().unwrap().contains("FC.AccessDenied"), "{failed}");
    assert!(played.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_unsigned_request_is_answered_too() {
    let cloud = cloud(&Played::new(|_| Outcome::Crashed("no".into())));
    let answer = cloud.call(HANGZHOU, Request::get("/").body(Bytes::new()).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(json_of(&answer)["RequestId"].is_string());
}

/// The repository's own deployment in Hangzhou, before the procedure's world.
fn deployed(played: &Played, errors: crate::FunctionErrors) -> Cloud {
    let mut world = world();
    world.settings.function_errors = errors;
    world.load(start(), include_str!("../../scenarios/procedure.yml")).unwrap();
    let template = template::Template::parse(include_str!("../../../../template.yml")).unwrap();
    let pseudo = template::Pseudo {
        region: HANGZHOU.into(),
        account_id: world.settings.account_id.clone(),
        stack_name: "albridge".into(),
        stack_id: "s".into(),
    };
    let given = [("CodeBucket", "code"), ("StoreBucket", "store")].map(|(name, value)| (name.into(), value.into()));
    let deployment = template.resolve(&pseudo, &std::collections::BTreeMap::from(given)).unwrap();
    world.deploy(start(), HANGZHOU, &deployment).unwrap();
    Cloud::start(world, Clock::seeded(start(), 1), Arc::new(played.clone()))
}

async fn run_deployed(errors: crate::FunctionErrors) -> (String, Vec<String>) {
    // Every stage needs more time once.
    let pending = std::sync::Mutex::new(std::collections::BTreeSet::new());
    let played = Played::new(move |invocation| {
        if pending.lock().unwrap().insert(invocation.function.clone()) {
            return Outcome::Failed { error_type: "StillPending".into(), message: "wait".into() };
        }
        Outcome::Answered(b"{\"ok\":true}".to_vec())
    });
    let cloud = deployed(&played, errors);
    let run = [("FlowName", "albridge"), ("ExecutionName", "web-1")];
    fnf(&cloud, "1", "StartExecution", &[run[0], run[1], INPUT]).await;
    cloud.clock().sleep(Duration::from_secs(280)).await;
    let done = fnf(&cloud, "2", "DescribeExecution", &run).await;
    let names = played.seen().iter().map(|seen| seen.function.clone()).collect();
    (done["Status"].as_str().unwrap_or_default().to_owned(), names)
}

#[tokio::test(start_paused = true)]
async fn the_repositorys_own_workflow_runs_whichever_way_errors_are_named() {
    let (status, names) = run_deployed(crate::FunctionErrors::ByType).await;
    assert_eq!(status, "Succeeded", "{names:?}");
    let mut twice = std::collections::BTreeMap::new();
    for name in &names {
        *twice.entry(name.as_str()).or_insert(0) += 1;
    }
    assert_eq!(twice.len(), 12, "{twice:?}");
    // Two states are of the connection's stage: Connect is tried again, and PeerAttachment then succeeds at once. So are Turn and the summary.
    let expected = |name: &str| if matches!(name, "albridge-peer-attachment" | "albridge-dispatch") { 3 } else { 2 };
    assert!(twice.iter().all(|(name, times)| *times == expected(name)), "{twice:?}");
    assert_eq!(names.last().map(String::as_str), Some("albridge-dispatch"));
    assert_eq!(run_deployed(crate::FunctionErrors::Unknown).await, (status, names));
}

#[tokio::test(start_paused = true)]
async fn a_world_at_rest_sleeps() {
    let played = Played::new(|_| Outcome::Answered(b"{}".to_vec()));
    let cloud = deployed(&played, crate::FunctionErrors::ByType);
    cloud.clock().sleep(Duration::from_secs(3600)).await;
    // The drift timer, every five minutes, and nothing else.
    assert!((11..=12).contains(&played.seen().len()), "{}", played.seen().len());
    let rounds = cloud.core.rounds.load(Ordering::Relaxed);
    assert!(rounds < 100, "the driver spins: {rounds}");
}

/// A host whose function never ends.
#[derive(Debug)]
struct Endless(std::sync::Mutex<Vec<Invocation>>);

impl FunctionHost for Endless {
    fn invoke(&self, invocation: Invocation) -> Invoked {
        self.0.lock().unwrap().push(invocation);
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn no_invocation_gets_less_than_ten_real_seconds_however_fast_time_runs() {
    // Speed, and the seconds of a function of 10 s.
    for (speed, seconds) in [(1.0, 10), (0.5, 10), (1.5, 15), (20.0, 200), (100.0, 1_000)] {
        let host = Arc::new(Endless(std::sync::Mutex::default()));
        let clock = Clock::scaled(speed);
        let mut world = world();
        put_function(&mut world, "job", "");
        let cloud = Cloud::start(world, clock.clone(), host.clone());
        let begun = (clock.now(), clock.wall());
        let request = acs3(clock.wall(), "1", &root(), "POST", "/2023-03-30/functions/job/invocations", &[], b"");
        let answer = cloud.call(HANGZHOU, request).await;
        let told = format!("Task timed out after {seconds} seconds");
        assert_eq!(json_of(&answer)["errorMessage"], told, "at speed {speed}");
        let invocation = host.0.lock().unwrap().pop().unwrap();
        assert_eq!(invocation.timeout_seconds, seconds);
        let header = invocation.headers.iter().find(|(name, _)| name == "x-fc-function-timeout").unwrap();
        assert_eq!(header.1, seconds.to_string(), "the function counts on the same time");
        let took = (clock.now().duration_since(begun.0), clock.wall().duration_since(begun.1));
        let off = took.0.as_secs_f64() - f64::from(seconds);
        assert!((0.0..0.1).contains(&off), "at speed {speed} it took {} of the cloud's time", took.0);
        assert!(
            speed <= 1.0 || took.1 >= SignedDuration::from_secs(10),
            "at speed {speed} it took {} real time",
            took.1
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_tasks_own_timeout_leaves_the_function_its_time() {
    let flow = FLOW.replace("    TaskMode: RequestComplete\n", "    TaskMode: RequestComplete\n    Timeout: 15\n");
    let host = Arc::new(Endless(std::sync::Mutex::default()));
    let clock = Clock::scaled(20.0);
    let mut world = world();
    let role = put_role(&mut world, "flow", &["fc:InvokeFunction"]);
    put_function(&mut world, "job", "");
    world.put_flow(clock.now(), HANGZHOU, "onboarding", &flow, &role).unwrap();
    let cloud = Cloud::start(world, clock.clone(), host.clone());
    let request = rpc(clock.wall(), "1", &root(), FNF, "StartExecution", &[RUN[0], RUN[1], INPUT]);
    assert_eq!(cloud.call(HANGZHOU, request).await.status(), 200);
    // After 12 s of Wait the function begins; its 200 s end before the task's 15 and 200.
    clock.sleep(Duration::from_secs(12 + 195)).await;
    assert_eq!(host.0.lock().unwrap().len(), 1);
    clock.sleep(Duration::from_secs(20)).await;
    assert_eq!(host.0.lock().unwrap().len(), 2, "the function's timeout was what ended it, and it is tried again");
}

/// The Date of an answer, in whole seconds.
fn dated(answer: &Response<Bytes>) -> Timestamp {
    let date = answer.headers()["date"].to_str().unwrap();
    jiff::fmt::rfc2822::parse(date).unwrap().timestamp()
}

#[test]
fn an_answer_is_dated_when_it_is_its_turn_and_not_when_it_came() {
    // 200 cloud seconds pass while a request waits for the world: its Date has to be behind all that was done before it.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Clock::scaled(1_000.0);
        let cloud = Cloud::start(world(), clock.clone(), Arc::new(Played::new(|_| Outcome::Answered(Vec::new()))));
        let request = rpc(clock.wall(), "1", &root(), "2015-04-01", "GetCallerIdentity", &[]);
        let (asking, came) = std::sync::mpsc::channel();
        let asked = cloud.clone();
        let (call, freed) = cloud.gateway().with(|_| {
            let call = tokio::spawn(async move {
                asking.send(()).unwrap();
                asked.call(HANGZHOU, request).await
            });
            came.recv().unwrap();
            let until = clock.now() + SignedDuration::from_secs(200);
            while clock.now() < until {
                std::hint::spin_loop();
            }
            (call, clock.now())
        });
        let date = dated(&call.await.unwrap());
        assert!(date >= freed - SignedDuration::from_secs(1), "{date} is before {freed}");
    });
}

#[test]
fn what_a_date_proves_about_a_window_is_so_at_any_speed() {
    // What dispatch concludes: answered before started + 10 s means that the run is still in its Wait of 12 s.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Clock::scaled(400.0);
        let mut world = world();
        let role = put_role(&mut world, "flow", &["fc:InvokeFunction"]);
        put_function(&mut world, "job", "");
        world.put_flow(clock.now(), HANGZHOU, "onboarding", FLOW, &role).unwrap();
        let played = Played::new(|_| Outcome::Failed { error_type: "StillPending".into(), message: String::new() });
        let cloud = Cloud::start(world, clock.clone(), Arc::new(played));
        // At each call, under the world's lock: whether the run has left its Wait.
        let (seen, calls) = std::sync::mpsc::channel();
        cloud.gateway().watch(move |world, call| {
            let read = crate::services::fnf::has_entered(world, HANGZHOU, "onboarding", "web-1", "Work");
            let _gone = seen.send((call.at, read));
        });
        let mut tasks = Vec::new();
        for number in 0..40 {
            let (cloud, clock) = (cloud.clone(), clock.clone());
            tasks.push(tokio::spawn(async move {
                clock.sleep(Duration::from_secs(number)).await;
                let nonce = number.to_string();
                let request = rpc(clock.wall(), &nonce, &root(), FNF, "StartExecution", &[RUN[0], RUN[1], INPUT]);
                let answer = json_of(&cloud.call(HANGZHOU, request).await);
                answer["StartedTime"].as_str().map(|started| started.parse::<Timestamp>().unwrap())
            }));
        }
        let mut started = None;
        for task in tasks {
            started = started.or(task.await.unwrap());
        }
        let ends = started.unwrap() + SignedDuration::from_secs(10);
        let calls: Vec<_> = calls.try_iter().collect();
        // A Date has whole seconds.
        let proven = calls.iter().filter(|(at, _)| at.as_second() * 1_000 < ends.as_millisecond());
        assert!(proven.clone().count() > 0 && calls.iter().any(|(_, read)| *read), "{calls:?}");
        for (at, read) in proven {
            assert!(!read, "answered {at}, before {ends}, but the run had read");
        }
    });
}
