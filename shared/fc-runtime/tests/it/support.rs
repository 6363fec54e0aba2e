//! Options that record their log, requests, and an HTTP client of a few lines that shows what is on the wire.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use fc_runtime::{Config, LogWriter, Options};
use http::Request;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// When every request of the tests arrives.
pub(crate) const ARRIVAL_SECONDS: u64 = 1_693_896_071;

#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            config: Config { function_name: "echo".into(), memory: 512, ..Config::default() },
            log: Arc::new(self.clone()),
            ..Options::new(Arc::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(ARRIVAL_SECONDS)))
        }
    }
}

impl LogWriter for Lines {
    fn write_line(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }

    fn write_error(&self, line: &str) {
        self.write_line(line);
    }
}

pub(crate) fn options() -> Options {
    Lines::default().options()
}

/// An event as Function Compute sends it.
pub(crate) fn invoke(request_id: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    Request::post("/invoke")
        .header("content-type", "application/octet-stream")
        .header("x-fc-control-path", "/invoke")
        .header("x-fc-request-id", request_id)
        .body(body.into())
        .unwrap()
}

pub(crate) async fn listen() -> (TcpListener, Client) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let client = Client::connect(&listener).await;
    (listener, client)
}

pub(crate) struct Client(TcpStream);

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Client {
    pub(crate) async fn connect(listener: &TcpListener) -> Self {
        Self::connect_to(listener.local_addr().unwrap()).await
    }

    pub(crate) async fn connect_to(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Writes as much as the server takes before it closes the connection.
    pub(crate) async fn try_write(&mut self, text: &str) {
        self.try_write_bytes(text.as_bytes()).await;
    }

    pub(crate) async fn try_write_bytes(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    pub(crate) async fn event(&mut self, request_id: &str, body: &str) -> Reply {
        self.write(&event(request_id, body)).await;
        self.reply().await
    }

    pub(crate) async fn reply(&mut self) -> Reply {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let (status, headers) = head.trim_end().split_once("\r\n").unwrap();
        let headers: BTreeMap<_, _> = headers
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).await.unwrap();
        Reply {
            status: status.split(' ').nth(1).unwrap().parse().unwrap(),
            headers,
            body: String::from_utf8(body).unwrap(),
        }
    }

    /// All that comes until the server closes the connection.
    pub(crate) async fn rest(mut self) -> String {
        let mut rest = Vec::new();
        // A reset is a close, too.
        let _ = self.0.read_to_end(&mut rest).await;
        String::from_utf8(rest).unwrap()
    }
}

pub(crate) fn event(request_id: &str, body: &str) -> String {
    format!(
        "POST /invoke HTTP/1.1\r\nHost: fc\r\nx-fc-control-path: /invoke\r\nx-fc-request-id: {request_id}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// What comes of a future that has to end. Long after any grace, on a busy machine as well, the test fails.
#[expect(clippy::disallowed_methods, reason = "a test that fails must not hang; nothing waits for this if it passes")]
pub(crate) async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it ends in time")
}
