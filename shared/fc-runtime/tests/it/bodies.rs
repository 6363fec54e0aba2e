//! Large bodies, slow ones, and clients that go away in the middle.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use fc_runtime::{Error, LambdaEvent, Options, serve, service_fn};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, oneshot},
    task::{JoinHandle, yield_now},
};

use crate::support::{Client, event, listen, options};

const LIMIT: usize = 32 * 1024 * 1024;

fn echo(listener: TcpListener) -> (JoinHandle<Result<(), Error>>, oneshot::Sender<()>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let handler = service_fn(|event: LambdaEvent<String>| async move { Ok::<_, Error>(event.payload) });
    // The default limit, which is Function Compute's.
    let options = Options { body_limit: Options::new(options().now).body_limit, ..options() };
    (tokio::spawn(serve(listener, options, handler, async { stopped.await.unwrap() })), stop)
}

#[tokio::test]
async fn a_body_of_32_mb_comes_and_goes_and_one_byte_more_is_refused() {
    let (listener, mut client) = listen().await;
    let mut refused = Client::connect(&listener).await;
    let (server, stop) = echo(listener);
    let largest = format!("\"{}\"", "x".repeat(LIMIT - 2));
    let reply = client.event("1-a", &largest).await;
    assert_eq!(reply.status, 200);
    assert!(reply.body == largest, "an answer of {} bytes", reply.body.len());

    // The length is announced, so that the answer does not wait for the body.
    refused.write(&format!("POST /invoke HTTP/1.1\r\nContent-Length: {}\r\n\r\n", LIMIT + 1)).await;
    let reply = refused.reply().await;
    assert_eq!(reply.status, 404);
    assert!(reply.body.contains("Runtime.PayloadTooLarge"), "{}", reply.body);
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_body_of_chunks_is_refused_where_it_exceeds_the_limit() {
    let (listener, mut client) = listen().await;
    let (server, stop) = echo(listener);
    client.write("POST /invoke HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let chunk = format!("100000\r\n{}\r\n", "x".repeat(0x10_0000));
    for _ in 0..33 {
        client.try_write_bytes(chunk.as_bytes()).await;
    }
    let rest = client.rest().await;
    // An answer to what was not read to its end may be lost to a reset.
    assert!(rest.contains("Runtime.PayloadTooLarge") || rest.is_empty(), "{rest}");
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_slow_body_holds_up_nobody() {
    let (listener, mut slow) = listen().await;
    let mut quick = Client::connect(&listener).await;
    let (server, stop) = echo(listener);
    let request = event("1-slow", "\"a body that comes byte by byte\"");
    for byte in request.as_bytes() {
        slow.try_write_bytes(&[*byte]).await;
        yield_now().await;
        if *byte == b'b' {
            assert_eq!(quick.event("1-quick", "\"quick\"").await.body, "\"quick\"");
        }
    }
    assert_eq!(slow.reply().await.body, "\"a body that comes byte by byte\"");
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_hundred_clients_go_away_and_every_call_goes_on_to_its_end_before_the_server_does() {
    const CLIENTS: u32 = 100;
    let (listener, first) = listen().await;
    let mut clients = vec![first];
    while clients.len() < CLIENTS as usize {
        clients.push(Client::connect(&listener).await);
    }
    let mut other = Client::connect(&listener).await;
    let (begun, ended) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU32::new(0)));
    let gate = Arc::new(Semaphore::new(0));
    let handler = {
        let (begun, ended, gate) = (Arc::clone(&begun), Arc::clone(&ended), Arc::clone(&gate));
        service_fn(move |event: LambdaEvent<bool>| {
            let (begun, ended, gate) = (Arc::clone(&begun), Arc::clone(&ended), Arc::clone(&gate));
            async move {
                if event.payload {
                    begun.add_permits(1);
                    gate.acquire().await?.forget();
                    ended.fetch_add(1, Ordering::SeqCst);
                }
                Ok::<_, Error>(())
            }
        })
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, options(), handler, async { stopped.await.unwrap() }));
    for client in &mut clients {
        client.write(&event("1-a", "true")).await;
    }
    begun.acquire_many(CLIENTS).await.unwrap().forget();
    drop(clients);
    // Every connection's end is seen before this call's answer is: they became readable first.
    assert_eq!(other.event("1-b", "false").await.status, 200);
    stop.send(()).unwrap();
    drop(other);
    gate.add_permits(CLIENTS as usize);
    server.await.unwrap().unwrap();
    assert_eq!(ended.load(Ordering::SeqCst), CLIENTS);
}
