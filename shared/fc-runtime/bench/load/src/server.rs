//! A server as a process: started, timed, read from, ended.

use std::{
    fs, io,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How a server gets its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By HTTP requests to its port.
    Http,
    /// By polling the mock, with so many loops.
    Poll(usize),
}

pub struct Server {
    pub name: &'static str,
    pub path: PathBuf,
    pub arguments: Vec<&'static str>,
    pub kind: Kind,
    pub mock: PathBuf,
}

/// How long the reader of a server's output rests.
const READER_PAUSE: Duration = Duration::from_millis(1);

/// A running process; dropping it ends it.
pub struct Running {
    child: Child,
    pub port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts a process whose output is read, as it is on Function Compute. The reader takes what has come every
    /// millisecond, long before a pipe's 64 kB are full: one that waits in `read` would be woken by every line, and what
    /// is measured would be the scheduler.
    pub fn spawn(command: &mut Command, port: u16) -> io::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        if let Some(mut output) = child.stdout.take() {
            thread::spawn(move || {
                let mut buffer = vec![0; 64 * 1024];
                while matches!(output.read(&mut buffer), Ok(read) if read > 0) {
                    thread::sleep(READER_PAUSE);
                }
            });
        }
        Ok(Self { child, port })
    }

    /// Nanoseconds on a core so far, of all threads.
    pub fn cpu_nanos(&self) -> io::Result<u64> {
        cpu_nanos(self.child.id())
    }

    pub fn resident_kb(&self) -> io::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        kb.ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

pub fn cpu_nanos(process: u32) -> io::Result<u64> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        sum += text.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(sum)
}

/// A command whose process stays on one core, so that server and load do not trade places.
pub fn pinned(core: &str, program: &PathBuf) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program);
    command
}

impl Server {
    /// A server by its command: a path below the target folder, and arguments.
    pub fn new(name: &'static str, target: &Path, command: &'static str, kind: Kind, mock: PathBuf) -> Self {
        let mut words = command.split(' ');
        let path = target.join(words.next().unwrap_or_default());
        Self { name, path, arguments: words.collect(), kind, mock }
    }

    /// Starts the server on the first core, and returns when it has answered once.
    pub fn start(&self) -> io::Result<Running> {
        self.answering(pinned("0", &self.path))
    }

    /// The time from the start of a process to its first whole answer. Not pinned: `taskset` is a program that would
    /// start first, and its time would count.
    pub fn time_start(&self) -> io::Result<Duration> {
        let begin = Instant::now();
        let running = self.answering(Command::new(&self.path))?;
        let elapsed = begin.elapsed();
        drop(running);
        Ok(elapsed)
    }

    fn answering(&self, mut command: Command) -> io::Result<Running> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let request = first_request();
        let begin = Instant::now();
        command.args(&self.arguments).env("FC_SERVER_PORT", port.to_string());
        let running = Running::spawn(&mut command, port)?;
        let mut stream = loop {
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(stream) => break stream,
                // No sleep: its granularity is a part of what is measured. The server has the other core.
                Err(_) if begin.elapsed() < Duration::from_secs(10) => thread::yield_now(),
                Err(error) => return Err(error),
            }
        };
        stream.write_all(request.as_bytes())?;
        let mut answer = [0; 1024];
        let read = stream.read(&mut answer)?;
        if !answer[..read].starts_with(b"HTTP/1.1 200") {
            return Err(io::Error::other(format!("{} does not answer", self.name)));
        }
        Ok(running)
    }
}

pub const BODY: &str = r#"{"name":"world"}"#;
pub const HEADERS: &str = include_str!("../../headers.txt");

fn first_request() -> String {
    let headers = HEADERS.trim_end().replace('\n', "\r\n");
    format!("POST /invoke HTTP/1.1\r\nHost: fc\r\nContent-Length: {}\r\n{headers}\r\n\r\n{BODY}", BODY.len())
}
