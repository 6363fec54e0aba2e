//! Calls in flight together.

use std::{collections::BTreeMap, sync::Arc};

use fc_runtime::{Endpoint, Error, LambdaEvent, Runtime, serve, service_fn};
use tokio::{
    sync::{Barrier, oneshot},
    task::JoinSet,
};

use crate::support::{Client, Lines, invoke, listen, options};

/// As many as Function Compute sends to one instance at most.
const IN_FLIGHT: usize = 200;

#[tokio::test(start_paused = true)]
async fn two_hundred_calls_are_in_flight_together_and_keep_apart() {
    let lines = Lines::default();
    let together = Arc::new(Barrier::new(IN_FLIGHT));
    let endpoint = Endpoint::new(
        lines.options(),
        service_fn(move |event: LambdaEvent<usize>| {
            let together = Arc::clone(&together);
            async move {
                together.wait().await;
                assert!(event.payload % 10 != 3, "one in ten fails");
                Ok::<_, Error>(format!("{} {}", event.context.request_id, event.payload))
            }
        }),
    );
    let mut calls = JoinSet::new();
    for number in 0..IN_FLIGHT {
        let endpoint = endpoint.clone();
        calls.spawn(async move { (number, endpoint.call(invoke(&format!("1-{number}"), number.to_string())).await) });
    }
    let answers: BTreeMap<_, _> = calls.join_all().await.into_iter().collect();
    for (number, answer) in answers {
        if number % 10 == 3 {
            assert_eq!(answer.status(), 404);
        } else {
            assert_eq!(answer.body(), &format!("\"1-{number} {number}\""));
        }
    }
    let failed = IN_FLIGHT / 10;
    assert_eq!(lines.take().len(), 2 * IN_FLIGHT + failed, "two lines for each call, and a text for each that fails");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_connections_are_served_together_and_some_calls_panic() {
    let (listener, first) = listen().await;
    let address = listener.local_addr().unwrap();
    let together = Arc::new(Barrier::new(IN_FLIGHT));
    let handler = service_fn(move |event: LambdaEvent<String>| {
        let together = Arc::clone(&together);
        async move {
            together.wait().await;
            assert!(event.payload != "3" && !event.payload.ends_with("13"), "some panic");
            Ok::<_, Error>(format!("{} {}", event.context.request_id, event.payload))
        }
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, options(), handler, async {
        stopped.await.unwrap();
    }));
    // Connected only now: more than the listener's backlog would wait for the server.
    let mut clients = vec![first];
    while clients.len() < IN_FLIGHT {
        clients.push(Client::connect_to(address).await);
    }
    let mut calls = JoinSet::new();
    for (number, mut client) in clients.into_iter().enumerate() {
        calls.spawn(async move {
            let reply = client.event(&format!("1-{number}"), &format!("\"{number}\"")).await;
            if number == 3 || number % 100 == 13 {
                assert_eq!(reply.status, 404);
                assert!(reply.body.contains("Lambda panicked: some panic"), "{}", reply.body);
            } else {
                assert_eq!((reply.status, reply.body), (200, format!("\"1-{number} {number}\"")));
            }
            // The connection is as good as before.
            client.write("GET /pre-stop HTTP/1.1\r\n\r\n").await;
            assert_eq!(client.reply().await.status, 200);
        });
    }
    calls.join_all().await;
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn twelve_functions_live_in_one_process() {
    let mut functions = BTreeMap::new();
    for number in 0..12 {
        let mut options = options();
        options.config.function_name = format!("function-{number}");
        let handler = service_fn(|event: LambdaEvent<()>| async move {
            Ok::<_, Error>(event.context.env_config.function_name.clone())
        });
        functions.insert(number, Runtime::new(handler).into_endpoint(options));
    }
    for (number, endpoint) in functions {
        assert_eq!(endpoint.call(invoke("1-a", "")).await.body(), &format!("\"function-{number}\""));
    }
}

#[tokio::test]
async fn an_endpoint_is_called_in_process_and_served_alike() {
    let (listener, mut client) = listen().await;
    let handler = service_fn(|event: LambdaEvent<u8>| async move { Ok::<_, Error>(event.payload + 1) });
    let endpoint = Endpoint::new(options(), handler);
    let (stop, stopped) = oneshot::channel::<()>();
    let served = endpoint.clone().serve(listener, async { stopped.await.unwrap() });
    let ((), ()) = tokio::join!(served, async {
        assert_eq!(client.event("1-a", "1").await.body, "2");
        assert_eq!(endpoint.call(invoke("1-b", "2")).await.body(), "3");
        stop.send(()).unwrap();
    });
}
