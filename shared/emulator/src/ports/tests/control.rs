//! The emulator's own paths, and faults as a client sees them on the wire.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::testing::rpc as signed;

const CBN: &str = "2017-09-12";

/// A cloud with its ports, and a client of them.
struct Wire {
    cloud: Cloud,
    _ports: Ports,
    base: String,
}

impl Wire {
    async fn open() -> Self {
        let played = Played::new(|_| Outcome::Answered(Vec::new()));
        let cloud = Cloud::start(world(), clock::Clock::seeded(start(), 1), Arc::new(played));
        let ports = Ports::open(&cloud, 0).await.unwrap();
        let base = ports.api(HANGZHOU).unwrap();
        Self { cloud, _ports: ports, base }
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let answer = send(&self.base, request.body(Bytes::from(body.to_owned())).unwrap()).await.unwrap();
        (answer.status().as_u16(), json_of(&answer))
    }

    /// Asks for a CEN instance; nothing comes back where the connection is closed.
    async fn create(&self) -> Option<u16> {
        let request = self.request();
        send(&self.base, request).await.map(|answer| answer.status().as_u16())
    }

    fn request(&self) -> Request<Bytes> {
        signed(self.cloud.clock().now(), &self.cloud.clock().uuid(), &root(), CBN, "CreateCen", &[])
    }

    async fn cens(&self) -> u64 {
        self.control("GET", "/-/world", "").await.1["counts"]["cens"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn a_connection_is_really_closed() {
    let wire = Wire::open().await;
    let (status, added) =
        wire.control("POST", "/-/faults", r#"{"name":"before","times":1,"effect":"cutBefore"}"#).await;
    assert_eq!((status, &added["added"]), (200, &json!(["before"])));
    assert_eq!((wire.create().await, wire.cens().await), (None, 0));
    wire.control("POST", "/-/faults", r#"{"name":"after","times":1,"effect":"cutAfter"}"#).await;
    assert_eq!((wire.create().await, wire.cens().await), (None, 1));
    assert_eq!((wire.create().await, wire.cens().await), (Some(200), 2));
    let (_, listed) = wire.control("GET", "/-/faults", "").await;
    let hits: Vec<_> = listed["faults"].as_array().unwrap().iter().map(|fault| fault["hits"].clone()).collect();
    assert_eq!(hits, [1, 1]);
}

#[tokio::test]
async fn half_of_an_answer_comes() {
    let wire = Wire::open().await;
    wire.control("POST", "/-/faults", r#"{"effect":"truncate"}"#).await;
    let request = wire.request();
    let body = request.body().clone();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(wire.base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await.unwrap();
    let text = String::from_utf8(read).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
    assert_eq!(wire.cens().await, 1);
}

#[tokio::test]
async fn rules_are_added_listed_and_taken_back() {
    let wire = Wire::open().await;
    let rules = r#"{"faults":[{"name":"one","effect":"throttle"},{"effect":{"stick":{}}}]}"#;
    assert_eq!(wire.control("POST", "/-/faults", rules).await.1["added"], json!(["one", "fault-2"]));
    assert_eq!(wire.control("POST", "/-/faults", rules).await.0, 409);
    assert_eq!(wire.create().await, Some(400));
    let (status, one) = wire.control("GET", "/-/faults/one", "").await;
    assert_eq!((status, &one["hits"], &one["rule"]["effect"]), (200, &json!(1), &json!("throttle")));
    assert_eq!(wire.control("DELETE", "/-/faults/one", "").await.0, 200);
    assert_eq!(wire.control("DELETE", "/-/faults/one", "").await.0, 404);
    assert_eq!(wire.create().await, Some(200));
    assert_eq!(wire.control("DELETE", "/-/faults", "").await.1["faults"], json!([]));
    let (status, refused) = wire.control("POST", "/-/faults", "{\"effect\": \"throttle\",\n\"colour\": 1}").await;
    assert_eq!(status, 400);
    assert!(refused["error"].as_str().unwrap().contains("line 2"), "{refused}");
}

#[tokio::test]
async fn the_clock_leaps_and_the_log_is_read_in_pieces() {
    let wire = Wire::open().await;
    let before =
        wire.control("GET", "/-/clock", "").await.1["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let (status, after) = wire.control("POST", "/-/clock", r#"{"advance": 90}"#).await;
    let after = after["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(status, 200);
    assert!(after.duration_since(before).as_secs() >= 90);
    assert_eq!(wire.control("POST", "/-/clock", r#"{"advance": -1}"#).await.0, 400);
    assert_eq!(wire.create().await, Some(200));
    assert_eq!(wire.create().await, Some(200));
    let (_, log) = wire.control("GET", "/-/log?since=1", "").await;
    assert_eq!((log["next"].as_u64(), log["calls"].as_array().unwrap().len()), (Some(2), 1));
    let call = &log["calls"][0];
    assert_eq!((&call["number"], &call["action"], &call["caller"]), (&json!(1), &json!("CreateCen"), &json!("root")));
    assert_eq!(wire.control("GET", "/-/log?since=x", "").await.0, 400);
}

#[tokio::test]
async fn what_is_not_there_and_who_may_not_ask() {
    let wire = Wire::open().await;
    assert_eq!(wire.control("GET", "/-/nothing", "").await.0, 404);
    assert_eq!(wire.control("PUT", "/-/clock", "").await.0, 405);
    let page = Request::get("/-/world").header("host", "localhost").header("origin", "http://example.com");
    assert_eq!(send(&wire.base, page.body(Bytes::new()).unwrap()).await.unwrap().status(), 403);
}
