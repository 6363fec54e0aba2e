//! Events whose bytes are no JSON, and JSON with something behind it.

use fc_runtime::{Endpoint, Error, LambdaEvent, RawEvent, service_fn, streaming};
use serde_json::Value;

use crate::support::{invoke, options};

#[tokio::test]
async fn a_handler_can_have_the_bytes_of_its_event_and_answer_with_bytes() {
    let endpoint = Endpoint::new(
        options(),
        service_fn(|event: LambdaEvent<RawEvent>| async move {
            Ok::<_, Error>(streaming::Response::from(streaming::Body::from(event.payload.0)))
        }),
    );
    for body in [&b"\xff\x00\xfe"[..], b"plain text", b"{\"a\":1}", b""] {
        let answer = endpoint.call(invoke("1-a", body)).await;
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, body));
    }
}

#[tokio::test]
async fn a_typed_handler_refuses_what_follows_its_json() {
    let endpoint =
        Endpoint::new(options(), service_fn(|event: LambdaEvent<Value>| async move { Ok::<_, Error>(event.payload) }));
    assert_eq!(endpoint.call(invoke("1-a", "{\"a\":1}\n")).await.body(), "{\"a\":1}");
    for body in ["{\"a\":1} {\"a\":2}", "{\"a\":1}x", "1,2", "null\u{0}"] {
        let refused = endpoint.call(invoke("1-a", body)).await;
        assert_eq!(refused.status(), 404, "{body}");
        assert!(str::from_utf8(refused.body()).unwrap().contains("trailing characters"), "{refused:?}");
    }
}
