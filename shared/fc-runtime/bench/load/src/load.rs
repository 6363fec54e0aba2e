//! Load: by wrk where the server is called, by the mock where it polls.

use std::{
    fs, io,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::server::{BODY, HEADERS, Running, Server, cpu_nanos, pinned};

/// How long the loops poll before they count.
const WARM_UP: Duration = Duration::from_millis(300);

/// What one run of load says.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub per_second: f64,
    pub cpu_micros: f64,
    pub p50_micros: f64,
    pub p99_micros: f64,
}

/// What one run of polling says.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub load: Load,
    /// The share of its core that the mock was busy. Below 1, it is not what limits.
    pub mock_busy: f64,
    pub resident_kb: f64,
}

/// wrk's script with the body and the whole set of headers. Nothing of it runs per request.
pub fn write_script(folder: &Path) -> io::Result<PathBuf> {
    let mut script = format!("wrk.method = \"POST\"\nwrk.body = '{BODY}'\n");
    for line in HEADERS.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        script.push_str(&format!("wrk.headers[\"{name}\"] = \"{}\"\n", value.trim()));
    }
    let path = folder.join("post.lua");
    fs::write(&path, script)?;
    Ok(path)
}

pub fn wrk(server: &Running, script: &Path, connections: usize, seconds: usize) -> io::Result<Load> {
    let before = server.cpu_nanos()?;
    let output = pinned("1", &PathBuf::from("wrk"))
        .args(["-t1", "--latency", &format!("-c{connections}"), &format!("-d{seconds}"), "-s"])
        .arg(script)
        .arg(format!("http://127.0.0.1:{}/invoke", server.port))
        .output()?;
    let cpu = server.cpu_nanos()? - before;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(io::Error::other(format!("calls failed:\n{text}")));
    }
    let word_after = |key: &str| text.lines().find_map(|line| line.trim().strip_prefix(key)).map(str::trim);
    let requests: f64 = text
        .lines()
        .find(|line| line.contains(" requests in "))
        .and_then(|line| line.trim().split(' ').next()?.parse().ok())
        .ok_or_else(|| io::Error::other(format!("wrk says:\n{text}{}", String::from_utf8_lossy(&output.stderr))))?;
    Ok(Load {
        per_second: word_after("Requests/sec:").and_then(|word| word.parse().ok()).unwrap_or(f64::NAN),
        cpu_micros: cpu as f64 / 1e3 / requests,
        p50_micros: word_after("50%").map_or(f64::NAN, micros),
        p99_micros: word_after("99%").map_or(f64::NAN, micros),
    })
}

/// The resident memory of a fresh process after so many calls over 16 connections, in kB.
pub fn resident_after(server: &Server, script: &Path, calls: u64) -> io::Result<f64> {
    let running = server.start()?;
    let mut served = 0.0;
    while served < calls as f64 {
        served += wrk(&running, script, 16, 2)?.per_second * 2.0;
    }
    running.resident_kb()
}

/// `1.23ms` in microseconds.
fn micros(text: &str) -> f64 {
    let (number, factor) = match text {
        text if text.ends_with("us") => (text.trim_end_matches("us"), 1.0),
        text if text.ends_with("ms") => (text.trim_end_matches("ms"), 1e3),
        text => (text.trim_end_matches('s'), 1e6),
    };
    number.parse().map_or(f64::NAN, |number: f64| number * factor)
}

/// The mock as a process that tells how many answers it got.
struct Mock {
    child: Child,
    ask: ChildStdin,
    told: BufReader<ChildStdout>,
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Mock {
    fn start(path: &PathBuf) -> io::Result<(Self, u16)> {
        let mut child = pinned("1", path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(ask), Some(told)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the mock has no pipes"));
        };
        let mut mock = Self { child, ask, told: BufReader::new(told) };
        let port = mock.line()?.parse().map_err(io::Error::other)?;
        Ok((mock, port))
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.told.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn answered(&mut self) -> io::Result<f64> {
        self.ask.write_all(b"\n")?;
        self.line()?.parse().map_err(io::Error::other)
    }
}

pub fn poll(server: &Server, in_flight: usize, seconds: usize) -> io::Result<Sample> {
    let (mut mock, port) = Mock::start(&server.mock)?;
    let mut command: Command = pinned("0", &server.path);
    command
        .env("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{port}"))
        .env("AWS_LAMBDA_FUNCTION_NAME", "hello")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1");
    if in_flight > 1 {
        command.env("AWS_LAMBDA_MAX_CONCURRENCY", in_flight.to_string());
    }
    let running = Running::spawn(&mut command, port)?;
    thread::sleep(WARM_UP);
    let (calls, cpu, mock_cpu) = (mock.answered()?, running.cpu_nanos()?, cpu_nanos(mock.child.id())?);
    let begin = Instant::now();
    thread::sleep(Duration::from_secs(seconds as u64));
    let elapsed = begin.elapsed();
    let calls = mock.answered()? - calls;
    let cpu = running.cpu_nanos()? - cpu;
    let mock_cpu = cpu_nanos(mock.child.id())? - mock_cpu;
    let load = Load {
        per_second: calls / elapsed.as_secs_f64(),
        cpu_micros: cpu as f64 / 1e3 / calls,
        p50_micros: f64::NAN,
        p99_micros: f64::NAN,
    };
    Ok(Sample { load, mock_busy: mock_cpu as f64 / elapsed.as_nanos() as f64, resident_kb: running.resident_kb()? })
}
