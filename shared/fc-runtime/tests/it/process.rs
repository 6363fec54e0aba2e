//! The end of a process of its own. The test starts itself again as that process: a binary would be published.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
};

use fc_runtime::{Error, LambdaEvent, on_initialize, run, run_concurrent, service_fn, spawn_graceful_shutdown_handler};
use tokio::signal::unix::{SignalKind, signal};

use crate::support::event;

/// What the process is told to be.
const ROLE: &str = "FC_RUNTIME_TEST_ROLE";

/// Blocks its thread.
fn park() {
    loop {
        thread::park();
    }
}

/// Says when it is asked to end, and does not.
async fn hang(_: LambdaEvent<u8>) -> Result<u8, Error> {
    let mut asked = signal(SignalKind::terminate())?;
    println!("begun");
    asked.recv().await;
    println!("asked");
    std::future::pending().await
}

/// Begins, and ends a while after the process was asked to.
async fn handle(event: LambdaEvent<u8>) -> Result<u8, Error> {
    let mut asked = signal(SignalKind::terminate())?;
    println!("begun");
    asked.recv().await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    println!("ended");
    Ok(event.payload + 1)
}

#[test]
#[ignore = "the process that the tests below start"]
fn process() {
    #[expect(clippy::disallowed_methods, reason = "how a process is told what it is")]
    let Ok(role) = std::env::var(ROLE) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        spawn_graceful_shutdown_handler(|| async { println!("goodbye") }).await;
        match role.as_str() {
            "run" => run(service_fn(handle)).await,
            "run_concurrent" => run_concurrent(service_fn(handle)).await,
            "initialize" => {
                on_initialize(|context| async move {
                    println!("initialized by {}", context.request_id);
                    if context.request_id == "1-bad" { Err("no table") } else { Ok(()) }
                });
                on_initialize(|_| async {
                    println!("then the second");
                    Ok::<_, Error>(())
                });
                run(service_fn(|event: LambdaEvent<u8>| async move { Ok::<_, Error>(event.payload) })).await
            }
            "hang" => run(service_fn(hang)).await,
            "blocked" => {
                let blocked = service_fn(|_: LambdaEvent<u8>| async {
                    println!("begun");
                    Ok::<(), Error>(tokio::task::spawn_blocking(park).await?)
                });
                run(blocked).await
            }
            _ => run(service_fn(|_: LambdaEvent<u8>| async { Err::<(), _>("as asked") })).await,
        }
        .unwrap();
    });
    println!("returned");
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(role: &str) -> (Process, TcpStream) {
    start_with(role, &[])
}

fn start_with(role: &str, variables: &[(&str, &str)]) -> (Process, TcpStream) {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let process = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "process::process", "--nocapture"])
        .env(ROLE, role)
        .env("FC_SERVER_PORT", port.to_string())
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut process = Process(process);
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return (process, stream),
            Err(error) => assert!(process.0.try_wait().unwrap().is_none(), "the process is gone: {error}"),
        }
        thread::yield_now();
    }
}

fn terminate(process: &Process) {
    let status = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", process.0.id())).status().unwrap();
    assert!(status.success());
}

/// Reads lines up to one.
fn wait_for(output: &mut impl BufRead, wanted: &str) {
    let mut line = String::new();
    while line.trim() != wanted {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "{wanted} comes");
    }
}

fn a_signal_lets_the_call_end(role: &str) {
    let (mut process, mut client) = start(role);
    let mut output = BufReader::new(process.0.stdout.take().unwrap());
    client.write_all(event("1-a", "7").as_bytes()).unwrap();
    wait_for(&mut output, "begun");
    terminate(&process);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n8"), "{answer}");
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    let lines: Vec<_> = rest.lines().take(4).collect();
    assert_eq!(lines, ["ended", "FC Invoke End RequestId: 1-a", "goodbye", "returned"]);
    assert!(process.0.wait().unwrap().success());
}

#[test]
fn a_signal_lets_the_call_of_run_end_then_comes_the_hook_then_the_exit() {
    a_signal_lets_the_call_end("run");
}

#[test]
fn a_signal_lets_the_call_of_run_concurrent_end_then_comes_the_hook_then_the_exit() {
    a_signal_lets_the_call_end("run_concurrent");
}

#[test]
fn the_hook_runs_once_though_both_pre_stop_and_a_signal_come() {
    let (mut process, mut client) = start("run");
    client.write_all(b"GET /pre-stop HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    terminate(&process);
    let mut output = String::new();
    process.0.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert_eq!(output.matches("goodbye").count(), 1, "{output}");
    assert!(process.0.wait().unwrap().success());
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let (mut process, mut client) = start_with("hang", &[("RUNTIME_SHUTDOWN_GRACE", "3600")]);
    let mut output = BufReader::new(process.0.stdout.take().unwrap());
    client.write_all(event("1-a", "7").as_bytes()).unwrap();
    wait_for(&mut output, "begun");
    terminate(&process);
    wait_for(&mut output, "asked");
    terminate(&process);
    assert_eq!(process.0.wait().unwrap().code(), Some(128 + 15));
}

#[test]
fn a_handler_that_hangs_ends_with_the_grace_and_the_hook_still_runs() {
    let (mut process, mut client) = start_with("hang", &[("RUNTIME_SHUTDOWN_GRACE", "0.05")]);
    let mut output = BufReader::new(process.0.stdout.take().unwrap());
    client.write_all(event("1-a", "7").as_bytes()).unwrap();
    wait_for(&mut output, "begun");
    terminate(&process);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    let lines: Vec<_> = rest.lines().take(4).collect();
    let failed = "FC Invoke End RequestId: 1-a, Error: Unhandled function error";
    assert_eq!(lines, ["asked", failed, "goodbye", "returned"]);
    assert!(process.0.wait().unwrap().success());
    let mut errors = String::new();
    process.0.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(errors.contains("shutdown after a grace of 50ms"), "{errors}");
}

#[test]
fn a_thread_that_blocks_the_end_of_the_runtime_ends_with_the_process() {
    let (mut process, mut client) = start_with("blocked", &[("RUNTIME_SHUTDOWN_GRACE", "0.05")]);
    let mut output = BufReader::new(process.0.stdout.take().unwrap());
    client.write_all(event("1-a", "7").as_bytes()).unwrap();
    wait_for(&mut output, "begun");
    terminate(&process);
    assert_eq!(process.0.wait().unwrap().code(), Some(1));
}

#[test]
fn the_initializer_is_hooked_under_run() {
    let (mut process, mut client) = start("initialize");
    for (id, status) in [("1-a", "200 "), ("1-bad", "404 ")] {
        client
            .write_all(
                format!("POST /initialize HTTP/1.1\r\nx-fc-request-id: {id}\r\nContent-Length: 0\r\n\r\n").as_bytes(),
            )
            .unwrap();
        let mut answer = [0; 1024];
        let read = client.read(&mut answer).unwrap();
        let answer = str::from_utf8(&answer[..read]).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    drop(client);
    terminate(&process);
    let mut output = String::new();
    process.0.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    let order: Vec<_> = ["initialized by 1-a", "then the second", "initialized by 1-bad", "goodbye"]
        .into_iter()
        .map(|line| output.find(line).unwrap_or_else(|| panic!("{line} is missing in {output}")))
        .collect();
    assert!(order.is_sorted(), "{output}");
    assert_eq!(output.matches("then the second").count(), 1, "the first that fails is the last: {output}");
}

#[test]
fn a_failure_leaves_its_text_on_standard_error_without_a_subscriber() {
    let (mut process, mut client) = start("fails");
    client.write_all(event("1-a", "7").replace("Host: fc", "Connection: close").as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    terminate(&process);
    let mut errors = String::new();
    process.0.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(errors.lines().any(|line| line.ends_with("Z 1-a [ERROR] &&str: as asked")), "{errors}");
}

#[test]
fn a_variable_that_cannot_be_read_ends_the_process_with_its_name() {
    let process = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "process::process", "--nocapture"])
        .envs([(ROLE, "run"), ("RUNTIME_HTTP_EVENT", "lambda")])
        .output()
        .unwrap();
    assert!(!process.status.success());
    let output = String::from_utf8(process.stderr).unwrap();
    assert!(output.contains("RUNTIME_HTTP_EVENT") && output.contains("lambda"), "{output}");
}
