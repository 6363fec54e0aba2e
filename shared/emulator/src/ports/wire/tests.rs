//! Bytes that no client should send, over real sockets: nothing ends the process, and every answer has a request id.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::driver::Cloud;
use crate::host::NoFunctions;
use crate::ports::Ports;
use crate::testing::{HANGZHOU, root, rpc, start, world};

struct Door {
    cloud: Cloud,
    address: String,
    _ports: Ports,
}

impl Door {
    async fn open() -> Self {
        let cloud = Cloud::start(world(), Clock::seeded(start(), 1), Arc::new(NoFunctions));
        let ports = Ports::open(&cloud, 0).await.unwrap();
        let address = ports.api(HANGZHOU).unwrap().trim_start_matches("http://").to_owned();
        Self { cloud, address, _ports: ports }
    }

    /// Sends the bytes, and reads what comes until the connection ends.
    async fn send(&self, bytes: &[u8]) -> String {
        let exchange = async {
            let mut stream = TcpStream::connect(&self.address).await.unwrap();
            // The server may have seen enough before it has seen everything.
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            String::from_utf8_lossy(&answer).into_owned()
        };
        self.cloud.clock().timeout(Duration::from_secs(20), exchange).await.expect("an end")
    }

    /// Every answer on the connection has a request id; returns how many there were.
    async fn judge(&self, bytes: &[u8]) -> usize {
        let text = self.send(bytes).await;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
        let answers: Vec<&str> = text.split("HTTP/1.").skip(1).collect();
        for answer in &answers {
            let id = answer.split("x-acs-request-id: ").nth(1).and_then(|rest| rest.split("\r\n").next());
            assert!(id.is_some_and(|id| id.len() == 36), "{shown:?}\nanswered {answer:?}");
        }
        answers.len()
    }

    async fn still_answers(&self, nonce: &str) {
        let request = rpc(self.cloud.now(), nonce, &root(), "2015-04-01", "GetCallerIdentity", &[]);
        let text = self.send(&on_the_wire(&request)).await;
        assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    }
}

/// The request as its bytes, the last one on its connection.
fn on_the_wire(request: &Request<Bytes>) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", request.body().len()));
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(request.body());
    bytes
}

#[tokio::test]
async fn malformed_http_is_answered_with_a_request_id() {
    let door = Door::open().await;
    let long = "x".repeat(1 << 20);
    let many: String = (0..300).map(|number| format!("x-{number}: 1\r\n")).collect();
    let requests: Vec<Vec<u8>> = vec![
        b"\r\n\r\nnonsense\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"\0\0\0\0\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"G\xffT / HTTP/1.1\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\n: x\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\na b: c\r\n\r\n".to_vec(),
        b"GET http://[ HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ten\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_vec(),
        format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n").into_bytes(),
        // Well-formed, and no request of any service.
        b"BREW / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_vec(),
        b"GET /%zz/%00?%%%=%f&&=&a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nhost: a\r\nx-acs-action: \xff\xfe\r\nconnection: close\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nhost: \xff\r\nauthorization: ACS3-HMAC-SHA256 \xff\r\nconnection: close\r\n\r\n".to_vec(),
    ];
    for head in [format!("x: {long}"), format!("/?{long}")] {
        // The connection may be reset before its answer is read: not everything that was sent is taken.
        door.judge(format!("GET / HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\n").as_bytes()).await;
        door.judge(format!("GET {head} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await;
    }
    for (number, request) in requests.iter().enumerate() {
        assert!(door.judge(request).await > 0, "request {number} was not answered");
    }
    door.still_answers("after").await;
}

#[tokio::test]
async fn damaged_requests_are_answered_or_dropped() {
    let door = Door::open().await;
    let params = [("InstanceIds", "[\"i-1\"]"), ("MaxResults", "10"), ("Tag.1.Key", "a b*~/é")];
    let whole = on_the_wire(&rpc(start(), "n", &root(), "2014-05-26", "DescribeInstances", &params));
    // Any generator of numbers does: the damage has to be the same in every run.
    let mut state = 7_u64;
    let mut draw = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut answered = 0;
    for _ in 0..250 {
        let mut bytes = whole.clone();
        for _ in 0..=draw(4) {
            let at = draw(bytes.len());
            match draw(4) {
                0 => bytes[at] = u8::try_from(draw(256)).unwrap(),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, u8::try_from(draw(256)).unwrap()),
                _ => bytes.truncate(at.max(1)),
            }
        }
        answered += door.judge(&bytes).await;
    }
    assert!(answered > 100, "{answered}");
    door.still_answers("after").await;
}
