//! Streamed answers: the log ends when the stream does, and a stream that breaks off never looks like a whole one.

use std::time::Duration;

use bytes::Bytes;
use fc_runtime::{Endpoint, Error, LambdaEvent, Options, StreamResponse, serve, service_fn, streaming};
use futures_util::{StreamExt, stream};
use http::Request;
use http_body::Frame;
use http_body_util::StreamBody;
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::support::{Client, Lines, in_time, invoke, listen};

const START: &str = "FC Invoke Start RequestId: 1-a";
const END: &str = "FC Invoke End RequestId: 1-a";
const FAILED: &str = "FC Invoke End RequestId: 1-a, Error: Unhandled function error";

/// Answers with a stream that ends in the way that the query of the request names.
async fn handle(event: LambdaEvent<Value>) -> Result<StreamResponse<streaming::Body>, Error> {
    let how =
        event.payload["queryParameters"]["end"].as_str().or(event.payload.as_str()).unwrap_or_default().to_owned();
    if how == "poll" {
        let pieces = stream::iter(0..2).map(|number| {
            assert!(number == 0, "in the stream");
            Ok::<_, Error>(Frame::data(Bytes::from("piece")))
        });
        return Ok(streaming::Body::new(StreamBody::new(pieces)).into());
    }
    let (mut sender, body) = streaming::channel();
    tokio::spawn(async move {
        sender.send_data("first".into()).await.unwrap();
        match how.as_str() {
            "whole" => sender.send_data("second".into()).await.unwrap(),
            "error" => sender.send_error("broken".into()),
            "abort" => sender.abort(),
            "panic" => panic!("as asked"),
            // The task is ended while it waits for the client to take a piece.
            "cancel" => {
                let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
                let mut pieces = Box::pin(async {
                    sender.send_data("second".into()).await.unwrap();
                    sender.send_data("third".into()).await.unwrap();
                });
                assert!(pieces.as_mut().poll(&mut waker).is_pending());
            }
            _ => std::future::pending().await,
        }
    });
    Ok(body.into())
}

fn serving(listener: TcpListener, lines: &Lines) -> (JoinHandle<Result<(), Error>>, oneshot::Sender<()>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let options = Options { shutdown_grace: Duration::from_millis(50), ..lines.options() };
    let server = serve(listener, options, service_fn(handle), async { stopped.await.unwrap() });
    (tokio::spawn(server), stop)
}

fn get(end: &str) -> String {
    format!(
        "GET /?end={end} HTTP/1.1\r\nx-fc-control-path: /http-invoke\r\nx-fc-request-id: 1-a\r\nConnection: close\r\n\r\n"
    )
}

/// The lines of a call that is over, waited for.
async fn ended(lines: &Lines) -> Vec<String> {
    let mut all = Vec::new();
    while !all.iter().any(|line: &String| line.starts_with(END)) {
        tokio::task::yield_now().await;
        all.extend(lines.take());
    }
    all
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_cut_for_the_client_and_failed_in_the_log() {
    for (end, reason) in [
        ("error", "broken"),
        ("abort", "aborted"),
        ("panic", "panicked"),
        ("poll", "in the stream"),
        ("cancel", "before a piece was sent"),
    ] {
        let lines = Lines::default();
        let (listener, mut client) = listen().await;
        let (server, stop) = serving(listener, &lines);
        client.write(&get(end)).await;
        let received = client.rest().await;
        assert!(received.starts_with("HTTP/1.1 200 ") || received.is_empty(), "{end}: {received}");
        assert!(!received.contains("\r\n0\r\n\r\n"), "{end}: the last chunk says that all came: {received}");
        let lines = ended(&lines).await;
        assert_eq!(lines.first().map(String::as_str), Some(START));
        assert_eq!(lines.last().map(String::as_str), Some(FAILED), "{end}");
        assert!(lines.iter().any(|line| line.contains("Runtime.StreamError") && line.contains(reason)), "{lines:#?}");
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_stream_ends_in_the_log_when_it_ends() {
    let lines = Lines::default();
    let (listener, mut client) = listen().await;
    let mut waiting = Client::connect(&listener).await;
    let (server, stop) = serving(listener, &lines);
    client.write(&get("whole")).await;
    assert!(client.rest().await.ends_with("5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n"));
    assert_eq!(ended(&lines).await, [START, END]);

    waiting.write(&get("never")).await;
    assert_eq!(waiting.reply().await.status, 200);
    assert_eq!(lines.take(), [START], "the first byte is not the end");
    stop.send(()).unwrap();
    drop(waiting);
    in_time(server).await.unwrap().unwrap();
    assert!(ended(&lines).await.contains(&FAILED.to_owned()), "it was cut at the shutdown");
}

#[tokio::test]
async fn a_request_without_a_body_to_answer_with_ends_as_it_should() {
    let lines = Lines::default();
    let (listener, mut client) = listen().await;
    let (server, stop) = serving(listener, &lines);
    client.write(&get("whole").replace("GET", "HEAD")).await;
    assert!(client.rest().await.starts_with("HTTP/1.1 200 "));
    assert_eq!(ended(&lines).await, [START, END]);
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stream_that_panics_fails_an_event() {
    for how in ["\"panic\"", "\"poll\"", "\"cancel\""] {
        let lines = Lines::default();
        let endpoint = Endpoint::new(lines.options(), service_fn(handle));
        let answer = endpoint.call(invoke("1-a", how)).await;
        assert_eq!(answer.status(), 404, "{how}");
        assert!(str::from_utf8(answer.body()).unwrap().contains("Runtime.StreamError"), "{answer:?}");
        assert_eq!(lines.take().last().map(String::as_str), Some(FAILED), "{how}");
    }
}

#[tokio::test]
async fn an_endpoint_without_a_socket_says_so_too() {
    let lines = Lines::default();
    let endpoint = Endpoint::new(lines.options(), service_fn(handle));
    let request = |end: &str| {
        Request::get(format!("/?end={end}"))
            .header("x-fc-control-path", "/http-invoke")
            .header("x-fc-request-id", "1-a")
            .body(Bytes::new())
            .unwrap()
    };
    assert_eq!(endpoint.call(request("whole")).await.body(), "firstsecond");
    assert_eq!(lines.take(), [START, END]);
    assert_eq!(endpoint.call(request("panic")).await.headers()["x-fc-status"], "404");
    assert_eq!(lines.take().last().map(String::as_str), Some(FAILED));
}
