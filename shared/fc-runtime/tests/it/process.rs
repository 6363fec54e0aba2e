//! The end of a process of its own. The test starts itself again as that process: a binary would be published.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
};

use fc_runtime::{Error, LambdaEvent, run, run_concurrent, service_fn, spawn_graceful_shutdown_handler};
use tokio::signal::unix::{SignalKind, signal};

use crate::support::event;

/// What the process is told to be.
const ROLE: &str = "FC_RUNTIME_TEST_ROLE";

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
        let handler = service_fn(handle);
        match role.as_str() {
            "run" => run(handler).await,
            _ => run_concurrent(handler).await,
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
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let process = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "process::process", "--nocapture"])
        .env(ROLE, role)
        .env("FC_SERVER_PORT", port.to_string())
        .stdout(Stdio::piped())
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

fn a_signal_lets_the_call_end(role: &str) {
    let (mut process, mut client) = start(role);
    let mut output = BufReader::new(process.0.stdout.take().unwrap());
    client.write_all(event("1-a", "7").as_bytes()).unwrap();
    let mut line = String::new();
    while line.trim() != "begun" {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "the call begins");
    }
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
