//! What an answer means, and functions as real processes. The processes are this very test binary: a package holds a script that
//! starts it again as [`plays_a_function`].

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use http::HeaderMap;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::package::Package;
use crate::state::fc::{InvocationId, Program};
use crate::testing::{HANGZHOU, Zipped, zip};

#[test]
fn either_status_makes_a_failure() {
    let body = br#"{"errorType":"StillPending","errorMessage":"wait"}"#;
    let failed = Outcome::Failed { error_type: "StillPending".into(), message: "wait".into() };
    let mut headers = HeaderMap::new();
    assert_eq!(read_outcome(StatusCode::OK, &headers, b"{}"), Outcome::Answered(b"{}".to_vec()));
    assert_eq!(read_outcome(StatusCode::NOT_FOUND, &headers, body), failed);
    headers.insert("x-fc-status", "404".parse().unwrap());
    assert_eq!(read_outcome(StatusCode::OK, &headers, body), failed);
    let plain = Outcome::Failed { error_type: String::new(), message: "oops".into() };
    assert_eq!(read_outcome(StatusCode::BAD_GATEWAY, &HeaderMap::new(), b"oops"), plain);
}

/// What the played function is told to do: the payload of a call.
mod told {
    /// Says its process id and its environment.
    pub(super) const SAY: &[u8] = b"say";
    /// Ends its process.
    pub(super) const EXIT: &[u8] = b"exit";
    /// Never answers.
    pub(super) const HANG: &[u8] = b"hang";
    /// Answers when two such calls are there at once.
    pub(super) const PAIR: &[u8] = b"pair";
    /// Takes 200 MB of memory.
    pub(super) const EAT: &[u8] = b"eat";
    /// Starts a process of its own and says its id.
    pub(super) const BEAR: &[u8] = b"bear";
}

#[test]
#[ignore = "is started by the other tests, as a function"]
#[expect(clippy::disallowed_methods, reason = "a process of its own reads its environment")]
fn plays_a_function() {
    let Some(port) = std::env::var("FC_SERVER_PORT").ok().and_then(|port| port.parse::<u16>().ok()) else { return };
    // One address, since this server takes loopback's alone: the one that a function is called at, unless a test says another.
    let address: Ipv4Addr = std::env::var("LISTENS_ON").map_or(process::OUTSIDE, |address| address.parse().unwrap());
    let pair = Arc::new(tokio::sync::Barrier::new(2));
    let serve = async {
        let listener = TcpListener::bind((address, port)).await.unwrap();
        crate::ports::serve(listener, move |request: Request<Bytes>| {
            let pair = Arc::clone(&pair);
            async move { http::Response::new(Bytes::from(play(request.body(), &pair).await)) }
        })
        .await
        .unwrap();
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(serve);
}

#[expect(clippy::disallowed_methods, reason = "a process of its own says its environment")]
async fn play(payload: &[u8], pair: &tokio::sync::Barrier) -> String {
    match payload {
        told::EXIT => std::process::exit(3),
        told::HANG => std::future::pending().await,
        told::PAIR => {
            pair.wait().await;
        }
        told::EAT => assert!(vec![1_u8; 200 << 20].iter().all(|byte| *byte == 1)),
        told::BEAR => {
            let child = tokio::process::Command::new("/bin/sleep").arg("1000").spawn().unwrap();
            return child.id().unwrap().to_string();
        }
        _ => {}
    }
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    json!({"pid": std::process::id(), "environment": variables}).to_string()
}

/// The name of [`plays_a_function`] as the test harness knows it.
const PLAYED: &str = "host::tests::plays_a_function";

fn script(test: &str) -> String {
    let binary = std::env::current_exe().unwrap();
    format!("#!/bin/sh\nexec '{}' --exact {test} --ignored --nocapture >&2\n", binary.display())
}

fn program(files: &[Zipped<'_>]) -> Arc<Program> {
    Arc::new(Program {
        revision: 1,
        package: Arc::new(Package::open(zip(files).into()).unwrap()),
        command: vec!["/code/bootstrap".to_owned()],
        environment: BTreeMap::from([("COLOUR".to_owned(), "red".to_owned())]),
        memory: 128,
        instance_concurrency: 2,
    })
}

fn played() -> Arc<Program> {
    let script = script(PLAYED);
    program(&[Zipped { name: "bootstrap", mode: 0o100_755, body: script.as_bytes(), deflate: true }])
}

fn call(program: &Arc<Program>, payload: &[u8]) -> Invocation {
    Invocation {
        id: InvocationId(1),
        region: HANGZHOU.to_owned(),
        function: "job".to_owned(),
        payload: payload.to_vec(),
        headers: vec![("x-fc-access-key-id".to_owned(), "STS.1".to_owned())],
        timeout_seconds: 60,
        fate: None,
        program: Some(Arc::clone(program)),
    }
}

async fn said(host: &ProcessHost, program: &Arc<Program>) -> Value {
    match host.invoke(call(program, told::SAY)).await {
        Outcome::Answered(body) => serde_json::from_slice(&body).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Waits until a process is gone; a test that waits for ever fails by its harness.
async fn gone(pid: u64) {
    let there = || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        !status.is_empty() && !status.contains("State:\tZ")
    };
    while there() {
        Clock::system().sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_instance_is_started_from_the_package_with_its_environment() {
    let host = ProcessHost::new(Clock::system());
    host.set_variables(BTreeMap::from([("CLOUD".to_owned(), "here".to_owned())]));
    let program = played();
    let first = said(&host, &program).await;
    let variable = |name: &str| first["environment"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!((variable("COLOUR").as_str(), variable("CLOUD").as_str()), ("red", "here"));
    assert_eq!(variable("ALIBABA_CLOUD_ACCESS_KEY_ID"), "STS.1");
    assert_eq!(variable("FC_SERVER_PORT"), variable("FC_CUSTOM_LISTEN_PORT"));
    assert!(variable("FC_FUNC_CODE_PATH").ends_with(&variable("PWD")), "it starts in its folder: {first}");
    assert_eq!(variable("HOME"), "", "nothing of the emulator's own environment");
    let second = said(&host, &program).await;
    assert_eq!((&second["pid"], host.instances(HANGZHOU, "job")), (&first["pid"], 1), "an instance serves many calls");
}

#[tokio::test]
async fn an_instance_that_crashed_is_started_again() {
    let host = ProcessHost::new(Clock::system());
    let program = played();
    let first = said(&host, &program).await;
    let crashed = host.invoke(call(&program, told::EXIT)).await;
    assert!(matches!(&crashed, Outcome::Crashed(why) if why.starts_with("Process exited unexpectedly")), "{crashed:?}");
    assert_ne!(said(&host, &program).await["pid"], first["pid"]);
}

#[tokio::test]
async fn an_instance_is_filled_before_another_one_starts() {
    let host = ProcessHost::new(Clock::system());
    let program = played();
    let pair = || host.invoke(call(&program, told::PAIR));
    let (one, two) = futures_util::future::join(pair(), pair()).await;
    assert!(one.succeeded() && two.succeeded());
    assert_eq!(host.instances(HANGZHOU, "job"), 1);
    let four = futures_util::future::join4(pair(), pair(), pair(), pair()).await;
    assert!(four.0.succeeded() && four.1.succeeded() && four.2.succeeded() && four.3.succeeded());
    assert_eq!(host.instances(HANGZHOU, "job"), 2);
}

#[tokio::test]
async fn a_call_that_runs_out_of_time_takes_its_instance_with_it() {
    let host = ProcessHost::new(Clock::system());
    let program = played();
    let pid = said(&host, &program).await["pid"].as_u64().unwrap();
    {
        let hanging = host.invoke(call(&program, told::HANG));
        tokio::pin!(hanging);
        assert!(futures_util::poll!(&mut hanging).is_pending());
    }
    gone(pid).await;
    assert_ne!(said(&host, &program).await["pid"], pid);
}

#[tokio::test]
async fn a_function_has_no_more_memory_than_it_asked_for() {
    let host = ProcessHost::new(Clock::system());
    let program = played();
    assert!(matches!(host.invoke(call(&program, told::EAT)).await, Outcome::Crashed(_)), "200 MB in 128 MB");
    let larger = Arc::new(Program { revision: 2, memory: 512, ..(*program).clone() });
    assert!(host.invoke(call(&larger, told::EAT)).await.succeeded());
}

#[tokio::test]
async fn a_newer_version_takes_over_and_the_host_takes_all_with_it() {
    let host = ProcessHost::new(Clock::system());
    let program = played();
    let old = said(&host, &program).await["pid"].as_u64().unwrap();
    let newer = Arc::new(Program { revision: 2, ..(*program).clone() });
    let new = said(&host, &newer).await["pid"].as_u64().unwrap();
    gone(old).await;
    let Outcome::Answered(child) = host.invoke(call(&newer, told::BEAR)).await else { panic!("it has a child") };
    drop(host);
    gone(new).await;
    gone(String::from_utf8(child).unwrap().parse().unwrap()).await;
}

#[tokio::test]
async fn instances_that_nobody_asks_end_after_a_while() {
    // Five minutes of the cloud are a third of a second.
    let clock = Clock::scaled(1_000.0);
    let host = ProcessHost::new(clock.clone());
    let pid = said(&host, &played()).await["pid"].as_u64().unwrap();
    gone(pid).await;
    assert_eq!(host.instances(HANGZHOU, "job"), 0);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_listens_on_loopback_alone_is_not_reached() {
    let mut alone = (*played()).clone();
    alone.environment.insert("LISTENS_ON".to_owned(), "127.0.0.1".to_owned());
    let host = ProcessHost::new(Clock::system());
    let Outcome::Crashed(why) = host.invoke(call(&Arc::new(alone), told::SAY)).await else { panic!("it is reached") };
    assert!(why.starts_with("Function instance health check failed on port"), "{why}");
    assert!(why.contains("has to on 0.0.0.0"), "{why}");
    assert_eq!(host.instances(HANGZHOU, "job"), 0, "nothing of it is left");
}

#[tokio::test]
async fn what_does_not_start_says_why() {
    let host = || ProcessHost::new(Clock::system());
    let file = |mode, body| [Zipped { name: "bootstrap", mode, body, deflate: false }];
    let script: &[u8] = b"#!/bin/sh\necho no luck\nexit 7\n";
    for (files, expected) in [
        (file(0o100_755, script), ["(code 7)", "Logs:no luck"]),
        (file(0o100_644, script), ["(code 126)", "ermission denied"]),
    ] {
        let Outcome::Crashed(why) = host().invoke(call(&program(&files), b"")).await else { panic!("{expected:?}") };
        assert!(expected.iter().all(|part| why.contains(part)), "{why}");
    }
    let other = [Zipped { name: "main", mode: 0o100_755, body: script, deflate: false }];
    let host = host();
    let Outcome::Crashed(why) = host.invoke(call(&program(&other), b"")).await else { panic!("nothing to start") };
    assert!(why.contains("(code 127)") && why.contains("/code/bootstrap"), "{why}");
    assert_eq!(host.instances(HANGZHOU, "job"), 0);
}

#[test]
#[ignore = "is started by the test below, as an emulator that is killed"]
fn plays_an_emulator() {
    let run = async {
        let host = ProcessHost::new(Clock::system());
        let pid = said(&host, &played()).await["pid"].clone();
        eprintln!("function {pid}");
        std::future::pending::<()>().await;
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run);
}

#[tokio::test]
async fn no_function_outlives_an_emulator_that_is_killed() {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let mut emulator = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "host::tests::plays_an_emulator", "--ignored", "--nocapture"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(emulator.stderr.take().unwrap()).lines();
    let pid = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some(pid) = line.strip_prefix("function ") {
            break pid.parse().unwrap();
        }
    };
    emulator.kill().await.unwrap();
    gone(pid).await;
}
