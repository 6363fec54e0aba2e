//! The end of a server: within its grace, whatever its clients and its handlers do.

use std::{sync::Arc, time::Duration};

use fc_runtime::{Error, LambdaEvent, Options, Runtime, serve, service_fn};
use tokio::{
    join,
    sync::{Notify, oneshot},
};

use crate::support::{Client, Lines, event, in_time, listen};

/// Short, since each test waits for it.
const GRACE: Duration = Duration::from_millis(50);

/// Hangs, answers with more bytes than a socket holds, or echoes, as the payload says.
async fn handle(begun: Arc<Notify>, event: LambdaEvent<String>) -> Result<String, Error> {
    begun.notify_one();
    match event.payload.as_str() {
        "hang" => std::future::pending().await,
        "large" => Ok("x".repeat(30_000_000)),
        _ => Ok(event.payload),
    }
}

/// The two ways to serve.
#[derive(Clone, Copy, Debug)]
enum Way {
    Local,
    Concurrent,
}

/// Serves a client that sends `request`, and tells the server to end when the handler has begun, or the bytes are read. What
/// it has logged.
async fn log_of_an_end(way: Way, request: &str, begins: bool) -> Vec<String> {
    let lines = Lines::default();
    let (listener, mut client) = listen().await;
    let mut other = Client::connect(&listener).await;
    let begun = Arc::new(Notify::new());
    let (stop, stopped) = oneshot::channel::<()>();
    let options = Options { shutdown_grace: GRACE, ..lines.options() };
    let handler = {
        let begun = Arc::clone(&begun);
        service_fn(move |event: LambdaEvent<String>| handle(Arc::clone(&begun), event))
    };
    let until = async { stopped.await.unwrap() };
    let served = async {
        match way {
            Way::Local => Runtime::new(handler).serve_local(listener, options, until).await,
            Way::Concurrent => serve(listener, options, handler, until).await,
        }
    };
    let asked = async {
        client.write(request).await;
        if begins {
            begun.notified().await;
        } else {
            // Its bytes have come when those of a later request are answered.
            other.write("GET /pre-freeze HTTP/1.1\r\n\r\n").await;
            assert_eq!(other.reply().await.status, 200);
        }
        stop.send(()).unwrap();
    };
    let (ended, ()) = in_time(async { join!(served, asked) }).await;
    ended.unwrap();
    lines.take().into_iter().filter(|line| !line.contains("PreFreeze")).collect()
}

const START: &str = "FC Invoke Start RequestId: 1-a";
const FAILED: &str = "FC Invoke End RequestId: 1-a, Error: Unhandled function error";

#[tokio::test]
async fn a_half_sent_head_is_cut_off() {
    for way in [Way::Local, Way::Concurrent] {
        let log = log_of_an_end(way, "POST /invoke HTTP/1.1\r\nContent-", false).await;
        assert_eq!(log.len(), 1, "{way:?}: {log:#?}");
        assert!(log[0].contains("- [ERROR] shutdown after a grace of 50ms: 1 connections and 0 calls"), "{log:#?}");
    }
}

#[tokio::test]
async fn a_half_sent_body_is_cut_off() {
    for way in [Way::Local, Way::Concurrent] {
        let request = event("1-a", "\"half\"").replace("half\"", "ha");
        let log = log_of_an_end(way, &request, false).await;
        assert_eq!(log[..2], [START, FAILED], "{way:?}");
    }
}

#[tokio::test]
async fn a_handler_that_hangs_is_dropped() {
    for way in [Way::Local, Way::Concurrent] {
        let log = log_of_an_end(way, &event("1-a", "\"hang\""), true).await;
        assert_eq!(log[..2], [START, FAILED], "{way:?}");
        assert!(log[2].contains("1 connections and 1 calls were cut off"), "{log:#?}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_cut_off() {
    for way in [Way::Local, Way::Concurrent] {
        let log = log_of_an_end(way, &event("1-a", "\"large\""), true).await;
        assert_eq!(log[..2], [START, "FC Invoke End RequestId: 1-a"], "{way:?}");
        assert!(log[2].contains("1 connections and 0 calls were cut off"), "{log:#?}");
    }
}

#[tokio::test]
async fn without_anything_under_way_the_grace_is_not_waited_for() {
    for way in [Way::Local, Way::Concurrent] {
        assert_eq!(log_of_an_end(way, "", false).await, [""; 0]);
    }
}
