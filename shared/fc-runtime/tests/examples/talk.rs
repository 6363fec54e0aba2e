//! Starts an example, talks to it, and tells it to end.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

/// The examples that the tests below talk to.
const TALKED_TO: [&str; 9] =
    ["concurrent", "credentials", "hello", "http", "initialize", "layers", "raw", "shared-resource", "streaming"];

struct Example {
    process: Child,
    port: u16,
}

struct Answer {
    /// 0 if the connection broke off before it.
    status: u16,
    head: String,
    body: String,
}

fn program(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    assert!(
        program.exists(),
        "{} is missing: `cargo test` builds it; with `--test`, run `cargo build --examples` first",
        program.display()
    );
    program
}

impl Example {
    fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let process = Command::new(program(name))
            .env_clear()
            .env("FC_SERVER_PORT", port.to_string())
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut example = Self { process, port };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(example.process.try_wait().unwrap().is_none(), "{name} is gone");
            thread::yield_now();
        }
        example
    }

    /// Sends one request on a connection of its own.
    fn ask(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let headers: String = headers.iter().flat_map(|header| [header, "\r\n"]).collect();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: fc\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        // A connection that breaks off is an answer, too.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn event(&self, body: impl AsRef<[u8]>) -> Answer {
        self.ask("POST", "/invoke", &["x-fc-region: cn-hangzhou"], body.as_ref())
    }

    fn web(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        self.ask(method, path, &[&["x-fc-control-path: /http-invoke"], headers].concat(), b"")
    }

    /// Tells it to end, and returns what it has printed.
    fn end(mut self) -> String {
        let status = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.process.id())).status().unwrap();
        assert!(status.success());
        let mut output = String::new();
        BufReader::new(self.process.stdout.take().unwrap()).read_to_string(&mut output).unwrap();
        assert!(self.process.wait().unwrap().success(), "{output}");
        output
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn every_example_is_talked_to() {
    let folder = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap();
    let names: BTreeSet<String> =
        folder.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, TALKED_TO.map(str::to_owned).into());
}

#[test]
fn hello() {
    let example = Example::start("hello", &[]);
    assert_eq!(example.event(r#"{"name":"you"}"#).body, r#"{"text":"Hello, you"}"#);
    let refused = example.event("{}");
    assert_eq!(refused.status, 404);
    assert!(refused.body.contains("missing field `name`"));
    assert!(example.end().contains("FC Invoke End RequestId: local-1\n"));
}

#[test]
fn concurrent() {
    let example = Example::start("concurrent", &[]);
    assert_eq!(example.event("1").body, r#"{"sum":1}"#);
    assert_eq!(example.event("41").body, r#"{"sum":42}"#);
    assert!(example.event("{}").body.contains("NotANumber"));
    assert!(example.end().contains("this instance saw a total of 42"));
}

#[test]
fn shared_resource() {
    let example = Example::start("shared-resource", &[]);
    for call in 1..=2 {
        assert!(example.event("7").body.contains(&format!("\"call\":{call}")));
    }
    example.end();
}

#[test]
fn streaming() {
    let example = Example::start("streaming", &[]);
    let whole = example.web("GET", "/?from=2", &[]);
    assert!(whole.head.contains("content-type: text/event-stream"), "{}", whole.head);
    assert!(whole.body.contains("data: 2\n\n") && whole.body.ends_with("0\r\n\r\n"), "{}", whole.body);
    let broken = example.web("GET", "/?from=-1", &[]);
    assert!(!broken.body.ends_with("0\r\n\r\n"), "{}", broken.body);
    let output = example.end();
    assert!(output.contains("FC Invoke End RequestId: local-1\n"), "{output}");
    assert!(output.contains("-1 is below zero") && output.contains("local-2, Error: Unhandled"), "{output}");
}

#[test]
fn http() {
    let example = Example::start("http", &[]);
    let answer = example.web("POST", "/visits", &["x-fc-client-ip: 11.11.11.11", "cookie: name=Ada; other=1"]);
    assert_eq!((answer.status, answer.body.as_str()), (200, "Ada from \"11.11.11.11\" asked for POST /visits\n"));
    assert!(answer.head.contains("set-cookie: seen=yes; path=/\r\nset-cookie: name=ada; path=/"), "{}", answer.head);
    assert_eq!(example.web("GET", "/elsewhere", &[]).status, 404);
    example.end();
}

#[test]
fn initialize() {
    let example = Example::start("initialize", &[]);
    assert!(example.event("1").body.contains("initializer hook"));
    assert_eq!(example.ask("POST", "/initialize", &["x-fc-region: cn-beijing"], b"").status, 200);
    assert_eq!(example.event("1").body, r#"{"modelOf":"cn-beijing","payload":1}"#);
    assert!(example.end().contains("loading the model"));
}

#[test]
fn credentials() {
    let keys = [("ALIBABA_CLOUD_ACCESS_KEY_ID", "own"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "confidential")];
    let example = Example::start("credentials", &keys);
    assert!(example.event("{}").body.contains(r#""signedBy":"own","isTemporary":false"#));
    let headers =
        ["x-fc-access-key-id: role", "x-fc-access-key-secret: confidential", "x-fc-security-token: confidential"];
    let answer = example.ask("POST", "/invoke", &headers, b"{}");
    assert!(answer.body.contains(r#""signedBy":"role","isTemporary":true"#), "{}", answer.body);
    let output = example.end();
    assert!(output.contains("role") && !output.contains("confidential"), "{output}");
}

#[test]
fn layers() {
    let example = Example::start("layers", &[]);
    assert_eq!(example.event(r#"{"name":"you"}"#).body, r#"{"text":"Hello, you"}"#);
    let refused = example.event(format!("\"{}\"", "x".repeat(1_000)));
    assert_eq!(refused.status, 404);
    assert!(refused.body.contains("1002 bytes are more"), "{}", refused.body);
    assert!(example.end().contains("2 calls so far"));
}

#[test]
fn raw() {
    let example = Example::start("raw", &[]);
    assert_eq!(example.event(b"\x89PNG\r\n\x1a\n").body, r#"{"bytes":8,"kind":"png"}"#);
    assert_eq!(example.event(b"\xff\xff").body, r#"{"bytes":2,"kind":"unknown"}"#);
    assert_eq!(example.event(b"not json").body, r#"{"bytes":8,"kind":"text"}"#);
    example.end();
}

/// A line of what an example prints is there while it runs, not only at its end.
#[test]
fn lines_are_not_held_back() {
    let mut example = Example::start("hello", &[]);
    let mut output = BufReader::new(example.process.stdout.take().unwrap());
    example.event(r#"{"name":"you"}"#);
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "FC Invoke Start RequestId: local-1\n");
}
