//! The wire: connections that stay open, requests that are none, and the end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use fc_runtime::{Error, LambdaEvent, Options, serve, service_fn};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Notify, oneshot},
    task::JoinHandle,
};

use crate::support::{Client, Lines, event, listen, options};

/// An echo that is served until the sender speaks.
fn echo(listener: TcpListener, options: Options) -> (JoinHandle<Result<(), Error>>, oneshot::Sender<()>) {
    let (stop, stopped) = oneshot::channel();
    let handler = service_fn(|event: LambdaEvent<Value>| async move { Ok::<_, Error>(event.payload) });
    (tokio::spawn(serve(listener, options, handler, until(stopped))), stop)
}

async fn until(stopped: oneshot::Receiver<()>) {
    stopped.await.unwrap();
}

async fn finish(server: JoinHandle<Result<(), Error>>, stop: oneshot::Sender<()>) {
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn one_connection_serves_many_calls() {
    let (listener, mut client) = listen().await;
    let (server, stop) = echo(listener, options());
    for number in 0..5 {
        let reply = client.event("1-a", &number.to_string()).await;
        assert_eq!((reply.status, reply.body), (200, number.to_string()));
        assert_eq!(reply.headers["content-type"], "application/json");
        assert_eq!(reply.headers["x-fc-status"], "200");
    }
    client.write("GET /pre-stop HTTP/1.1\r\nHost: fc\r\n\r\n").await;
    assert_eq!(client.reply().await.status, 200);
    finish(server, stop).await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_stays_open_for_a_day() {
    let (listener, mut client) = listen().await;
    let (server, stop) = echo(listener, options());
    assert_eq!(client.event("1-a", "1").await.body, "1");
    // And one that has sent half a head.
    let request = event("1-b", "2");
    let (half, rest) = request.split_at(20);
    client.write(half).await;
    tokio::time::advance(Duration::from_secs(86_400)).await;
    client.write(rest).await;
    assert_eq!(client.reply().await.body, "2");
    finish(server, stop).await;
}

#[tokio::test]
async fn what_is_not_a_request_ends_its_connection_only() {
    let (listener, mut good) = listen().await;
    let mut bad = Vec::new();
    for _ in 0..4 {
        bad.push(Client::connect(&listener).await);
    }
    let (server, stop) = echo(listener, options());
    let huge = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1_000_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(1_000));
    let answers = ["HTTP/1.1 400", "HTTP/1.1 431", "HTTP/1.1 431", "HTTP/1.1 400"];
    let requests = ["\0\x01\x02 garbage\r\n\r\n", &huge, &many, "POST /invoke HTTP/1.1\r\nContent-Length: x\r\n\r\n"];
    for ((mut client, request), answer) in bad.into_iter().zip(requests).zip(answers) {
        client.try_write(request).await;
        let rest = client.rest().await;
        // An answer to what was not read to its end may be lost to a reset.
        assert!(rest.starts_with(answer) || rest.is_empty(), "{rest}");
        assert_eq!(good.event("1-a", "1").await.body, "1");
    }
    finish(server, stop).await;
}

#[tokio::test]
async fn as_many_headers_as_function_compute_lets_through_are_taken_and_more_are_refused_in_the_log() {
    let (listener, mut client) = listen().await;
    let mut pipelined = Client::connect(&listener).await;
    let mut refused = Client::connect(&listener).await;
    let lines = Lines::default();
    let (server, stop) = echo(listener, lines.options());
    let with = |count: usize| {
        let more: String = (0..count - 4).map(|number| format!("x-{number}: y\r\n")).collect();
        event("1-a", "7").replace("Host: fc\r\n", &format!("Host: fc\r\n{more}"))
    };
    for count in [101, 140, 256] {
        client.write(&with(count)).await;
        assert_eq!(client.reply().await.body, "7", "{count} headers");
    }
    // The first of its connection with more than 100 comes behind another, and with its head in two parts.
    let many = with(256);
    let (half, rest) = many.split_at(many.len() / 2);
    pipelined.write(&(event("1-b", "8") + half)).await;
    assert_eq!(pipelined.reply().await.body, "8");
    pipelined.write(rest).await;
    assert_eq!(pipelined.reply().await.body, "7");
    assert_eq!(pipelined.event("1-c", "9").await.body, "9");
    lines.take();
    refused.try_write(&with(257)).await;
    let rest = refused.rest().await;
    assert!(rest.starts_with("HTTP/1.1 431") || rest.is_empty(), "{rest}");
    finish(server, stop).await;
    let log = lines.take();
    assert_eq!(log.len(), 1, "{log:#?}");
    assert!(log[0].contains("- [ERROR] a request was refused with 431: more than 256 headers"), "{log:#?}");
}

#[tokio::test]
async fn a_431_of_the_handlers_own_is_sent() {
    let (listener, mut client) = listen().await;
    let (stop, stopped) = oneshot::channel();
    let handler =
        service_fn(|_: LambdaEvent<Value>| async { Ok::<_, Error>(serde_json::json!({ "statusCode": 431 })) });
    let server = tokio::spawn(serve(listener, options(), handler, until(stopped)));
    for connection in ["keep-alive", "keep-alive", "close"] {
        let head = format!("GET / HTTP/1.1\r\nx-fc-control-path: /http-invoke\r\nConnection: {connection}\r\n\r\n");
        client.write(&head).await;
        let reply = client.reply().await;
        assert_eq!((reply.status, &reply.headers["x-fc-status"]), (431, &"200".to_owned()));
    }
    assert_eq!(client.rest().await, "");
    finish(server, stop).await;
}

#[tokio::test]
async fn a_body_that_is_too_large_or_breaks_off_fails_its_call_only() {
    let (listener, mut large) = listen().await;
    let mut broken = Client::connect(&listener).await;
    let mut good = Client::connect(&listener).await;
    let (server, stop) = echo(listener, Options { body_limit: 10, ..options() });
    let reply = large.event("1-a", "[1,2,3,4,5,6]").await;
    assert_eq!((reply.status, reply.headers["x-fc-status"].as_str()), (404, "404"));
    assert!(reply.body.contains("Runtime.PayloadTooLarge"));
    broken.write("POST /invoke HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234").await;
    drop(broken);
    assert_eq!(good.event("1-b", "7").await.body, "7");
    finish(server, stop).await;
}

#[tokio::test]
async fn a_body_may_come_in_chunks() {
    let (listener, mut client) = listen().await;
    let (server, stop) = echo(listener, options());
    client.write("POST /invoke HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n3\r\n,2]\r\n0\r\n\r\n").await;
    assert_eq!(client.reply().await.body, "[1,2]");
    finish(server, stop).await;
}

/// A handler that says when it has begun, and ends when it is told.
#[derive(Clone, Default)]
struct Gate {
    begun: Arc<Notify>,
    go: Arc<Notify>,
    ended: Arc<AtomicU32>,
}

impl Gate {
    async fn pass(self) -> Result<(), Error> {
        self.begun.notify_one();
        self.go.notified().await;
        self.ended.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn ended(&self) -> u32 {
        self.ended.load(Ordering::SeqCst)
    }

    fn serve(&self, listener: TcpListener) -> (JoinHandle<Result<(), Error>>, oneshot::Sender<()>) {
        let (stop, stopped) = oneshot::channel();
        let gate = self.clone();
        let handler = service_fn(move |_: LambdaEvent<()>| gate.clone().pass());
        (tokio::spawn(serve(listener, options(), handler, until(stopped))), stop)
    }
}

#[tokio::test]
async fn shutdown_answers_the_calls_in_flight_and_refuses_new_connections() {
    let (listener, mut busy) = listen().await;
    let address = listener.local_addr().unwrap();
    let mut idle = Client::connect(&listener).await;
    let gate = Gate::default();
    let (server, stop) = gate.serve(listener);

    idle.write("GET /pre-stop HTTP/1.1\r\n\r\n").await;
    assert_eq!(idle.reply().await.status, 200);
    busy.write(&event("1-a", "")).await;
    gate.begun.notified().await;
    stop.send(()).unwrap();
    assert_eq!(idle.rest().await, "", "an idle connection is closed");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    gate.go.notify_one();
    assert_eq!(busy.reply().await.status, 200);
    server.await.unwrap().unwrap();
    assert_eq!(gate.ended(), 1);
}

#[tokio::test]
async fn a_call_goes_on_when_its_client_goes_away() {
    let (listener, mut client) = listen().await;
    let mut other = Client::connect(&listener).await;
    let gate = Gate::default();
    let (server, stop) = gate.serve(listener);
    client.write(&event("1-a", "")).await;
    gate.begun.notified().await;
    drop(client);
    gate.go.notify_one();
    // The second call begins after the first was told to end.
    other.write(&event("1-b", "")).await;
    gate.begun.notified().await;
    while gate.ended() == 0 {
        tokio::task::yield_now().await;
    }
    gate.go.notify_one();
    assert_eq!(other.reply().await.status, 200);
    assert_eq!(gate.ended(), 2);
    finish(server, stop).await;
}
