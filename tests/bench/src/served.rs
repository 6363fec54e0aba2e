//! Child processes of the suite: a cloud that serves a world with its time held, and whoever is measured beside it.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A process that serves a world. It ends with this.
pub struct Server {
    process: Child,
    /// What it said when it was ready, in a file.
    pub ready: PathBuf,
}

impl Server {
    /// Starts this program with these arguments, and waits until it is ready.
    pub fn start(arguments: &[String]) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut process = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().expect("a server");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut line).expect("its line");
        let _checked: Value = serde_json::from_str(&line).expect("the server is ready");
        let ready = std::env::temp_dir().join(format!("bench-albridge-{}.json", process.id()));
        std::fs::write(&ready, line).expect("a file for the server's line");
        Self { process, ready }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
        let _gone = std::fs::remove_file(&self.ready);
    }
}

/// How a measured process ended.
pub enum Ended {
    /// With a last line of JSON.
    Told(Value),
    /// It was ended at the limit.
    OverTheLimit,
}

/// Runs a command to its end, for at most `limit` of real time. Its last line is its result.
pub fn run(mut command: Command, limit: Duration) -> Ended {
    let mut process = command.stdout(Stdio::piped()).spawn().expect("a process");
    let mut output = process.stdout.take().expect("its output");
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        let _read = output.read_to_string(&mut text);
        text
    });
    let end = Instant::now() + limit;
    let status = loop {
        if let Some(status) = process.try_wait().expect("a process") {
            break status;
        }
        if Instant::now() >= end {
            let _ended = process.kill();
            let _reaped = process.wait();
            return Ended::OverTheLimit;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = reader.join().unwrap_or_default();
    let last = text.lines().last().unwrap_or_default();
    assert!(status.success(), "{command:?} failed: {status}; {}", &text[text.len().saturating_sub(2_000)..]);
    Ended::Told(serde_json::from_str(last).unwrap_or_else(|error| panic!("{command:?}: {error}: {last}")))
}
