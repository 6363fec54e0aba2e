//! No input ends the process, and none goes unanswered: properties of the request path.

use bytes::Bytes;
use fc_runtime::{Endpoint, Error, LambdaEvent, Options, serve, service_fn};
use http::{Method, Request};
use proptest::{collection::vec, option, prelude::*};
use serde_json::Value;
use tokio::{runtime::Builder, sync::oneshot};

use crate::support::{Client, event, listen, options};

fn paths() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec!["/invoke", "/initialize", "/pre-stop", "/pre-freeze", "/http-invoke", "/"])
            .prop_map(str::to_owned),
        "/[a-z%0-9/.]{0,20}(\\?[a-z=&%+0-9]{0,20})?",
    ]
}

/// A header of Function Compute or a client's, with any value that HTTP allows.
fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = prop_oneof![
        "x-fc-(request-id|region|account-id|retry-count|function-timeout|access-key-id|security-token|client-ip)",
        "[a-z][a-z0-9-]{0,20}",
    ];
    vec((name, vec(prop_oneof![32_u8..127, 128_u8..=255], 0..40)), 0..8)
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..200),
        "[\\[\\]{}\",:0-9a-z. -]{0,60}".prop_map(String::into_bytes),
        // Answers to HTTP triggers, half right.
        (any::<u16>(), ".{0,20}", any::<bool>()).prop_map(|(status, body, base64)| {
            serde_json::json!({ "statusCode": status, "headers": { &body: body }, "body": body, "isBase64Encoded": base64 })
                .to_string()
                .into_bytes()
        }),
    ]
}

fn request() -> impl Strategy<Value = Request<Bytes>> {
    let method = prop::sample::select(vec![Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS]);
    (method, paths(), option::of(paths()), headers(), bodies()).prop_filter_map(
        "a request that the http crate can hold",
        |(method, path, control, headers, body)| {
            let mut request = Request::builder().method(method).uri(path);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            if let Some(control) = control {
                request = request.header("x-fc-control-path", control);
            }
            request.body(body.into()).ok()
        },
    )
}

/// Echoes; its answer is the client's to choose, and panics are among the choices.
fn endpoint() -> Endpoint {
    let handler = service_fn(|event: LambdaEvent<Value>| async move {
        assert!(event.payload != Value::Bool(true), "as asked");
        let body = event.payload["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
        Ok::<_, Error>(body.unwrap_or(event.payload))
    });
    Endpoint::new(Options { body_limit: 150, ..options() }, handler)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_request_is_answered(request in request()) {
        let runtime = Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(endpoint().call(request));
        let marked = answer.headers().get("x-fc-status").map(http::HeaderValue::as_bytes);
        prop_assert!(marked == Some(b"200") || marked == Some(b"404"), "{answer:?}");
        prop_assert!(answer.status().as_u16() >= 200);
        if marked == Some(b"404") {
            let diagnostic: Value = serde_json::from_slice(answer.body()).unwrap();
            prop_assert!(diagnostic["errorType"].is_string() && diagnostic["errorMessage"].is_string());
        }
    }
}

/// Bytes that are no request, or are one up to some place.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..300),
        (0_usize..120, vec(any::<u8>(), 0..20)).prop_map(|(place, noise)| {
            let mut bytes = event("1-a", "[1,2,3]").into_bytes();
            let place = place.min(bytes.len());
            bytes.splice(place.., noise);
            bytes
        }),
        "(GET|POST) /[a-z]{0,9} HTTP/1\\.[019]\r\n(Content-Length|Transfer-Encoding|Expect): [a-z0-9-]{0,12}\r\n\r\n.{0,9}"
            .prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_over_the_wire_the_next_client_is_served(garbage in vec(garbage(), 1..4)) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (listener, mut good) = listen().await;
            let mut bad = Vec::new();
            for _ in &garbage {
                bad.push(Client::connect(&listener).await);
            }
            let (stop, stopped) = oneshot::channel::<()>();
            let handler = service_fn(|event: LambdaEvent<Value>| async move { Ok::<_, Error>(event.payload) });
            let server = tokio::spawn(serve(listener, options(), handler, async { stopped.await.unwrap() }));
            for (client, bytes) in bad.iter_mut().zip(&garbage) {
                client.try_write_bytes(bytes).await;
            }
            assert_eq!(good.event("1-a", "1").await.body, "1");
            drop(bad);
            assert_eq!(good.event("1-b", "2").await.body, "2");
            stop.send(()).unwrap();
            server.await.unwrap().unwrap();
        });
    }
}
