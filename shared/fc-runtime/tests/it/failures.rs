//! Failed calls: 404, a diagnostic, and a process that goes on.

use std::collections::BTreeMap;

use bytes::Bytes;
use fc_runtime::{Diagnostic, Endpoint, Error, LambdaEvent, streaming};
use fc_runtime::{Runtime, service_fn, tower};
use http::Response;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::support::{invoke, options};

#[derive(Debug)]
enum Failure {
    StillPending,
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::StillPending => {
                Self { error_type: "StillPending".into(), error_message: "2 attachments to go".into() }
            }
        }
    }
}

fn diagnostic(response: &Response<Bytes>) -> Diagnostic {
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["x-fc-status"], "404");
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_slice(response.body()).unwrap()
}

#[tokio::test]
async fn a_handlers_error_names_its_own_type() {
    let endpoint =
        Endpoint::new(options(), service_fn(|_: LambdaEvent<Value>| async { Err::<(), _>(Failure::StillPending) }));
    let response = endpoint.call(invoke("1-a", "{}")).await;
    assert_eq!(response.body(), r#"{"errorType":"StillPending","errorMessage":"2 attachments to go"}"#);
    assert_eq!(diagnostic(&response).error_type, "StillPending");
}

#[tokio::test]
async fn a_boxed_error_gives_its_text() {
    let endpoint =
        Endpoint::new(options(), service_fn(|_: LambdaEvent<Value>| async { Err::<(), Error>("broken".into()) }));
    assert_eq!(diagnostic(&endpoint.call(invoke("1-a", "{}")).await).error_message, "broken");
}

#[tokio::test]
async fn panics_are_answered_and_the_next_call_succeeds() {
    let endpoint = Endpoint::new(
        options(),
        service_fn(|event: LambdaEvent<u8>| {
            assert!(event.payload != 0, "before the future");
            async move {
                match event.payload {
                    1 => panic!("literal"),
                    2 => panic!("formatted {}", event.context.request_id),
                    payload => Ok::<_, Error>(payload),
                }
            }
        }),
    );
    for (payload, message) in [
        ("0", "Lambda panicked: before the future"),
        ("1", "Lambda panicked: literal"),
        ("2", "Lambda panicked: formatted 1-a"),
    ] {
        let diagnostic = diagnostic(&endpoint.call(invoke("1-a", payload)).await);
        assert_eq!(diagnostic.error_message, message);
        assert!(diagnostic.error_type.contains("dyn core::any::Any"), "{}", diagnostic.error_type);
    }
    assert_eq!(endpoint.call(invoke("1-a", "3")).await.body(), "3");
}

#[tokio::test]
async fn a_payload_of_another_form_names_the_path_to_the_fault() {
    #[derive(Deserialize)]
    struct Outer {
        inner: BTreeMap<String, u8>,
    }
    let endpoint = Endpoint::new(
        options(),
        service_fn(|event: LambdaEvent<Outer>| async move { Ok::<_, Error>(event.payload.inner.len()) }),
    );
    let context = "failed to deserialize the incoming data into the function's payload type: ";
    for (payload, rest) in [
        (r#"{"inner":{"a":-1}}"#, "[inner.a] inner.a: invalid value: integer `-1`, expected u8"),
        ("not json", "expected ident"),
        ("", "invalid type: null, expected struct Outer"),
    ] {
        let message = diagnostic(&endpoint.call(invoke("1-a", payload)).await).error_message;
        assert!(message.starts_with(&format!("{context}{rest}")), "{message}");
    }
    assert_eq!(endpoint.call(invoke("1-a", r#"{"inner":{}}"#)).await.body(), "0");
}

#[tokio::test]
async fn an_answer_that_does_not_serialize_fails_the_call() {
    struct Unserializable(bool);
    impl Serialize for Unserializable {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            assert!(self.0, "in serialize");
            Err(serde::ser::Error::custom("refused"))
        }
    }
    let endpoint = Endpoint::new(
        options(),
        service_fn(|event: LambdaEvent<bool>| async move { Ok::<_, Error>(Unserializable(event.payload)) }),
    );
    assert_eq!(diagnostic(&endpoint.call(invoke("1-a", "true")).await).error_message, "refused");
    assert_eq!(diagnostic(&endpoint.call(invoke("1-a", "false")).await).error_message, "Lambda panicked: in serialize");
}

#[tokio::test]
async fn a_stream_that_breaks_off_fails_an_event() {
    let endpoint = Endpoint::new(
        options(),
        service_fn(|event: LambdaEvent<bool>| async move {
            let (mut sender, body) = streaming::channel();
            tokio::spawn(async move {
                sender.send_data("some".into()).await.unwrap();
                if event.payload {
                    sender.send_data(" more".into()).await.unwrap();
                } else {
                    sender.abort();
                }
            });
            Ok::<_, Error>(streaming::Response::from(body))
        }),
    );
    let whole = endpoint.call(invoke("1-a", "true")).await;
    assert_eq!((whole.status().as_u16(), &whole.body()[..]), (200, &b"some more"[..]));
    assert_eq!(diagnostic(&endpoint.call(invoke("1-b", "false")).await).error_type, "Runtime.StreamError");
}

#[tokio::test]
async fn a_layer_that_fails_panics_or_swallows_the_call_is_answered_for() {
    let handler = service_fn(|event: LambdaEvent<Value>| async move { Ok::<_, Error>(event.payload) });
    let failing = Runtime::new(handler).layer(tower::layer::layer_fn(|inner| {
        tower::util::MapFuture::new(inner, |future| async move {
            drop(future);
            Err::<(), Error>("layer".into())
        })
    }));
    assert_eq!(diagnostic(&failing.into_endpoint(options()).call(invoke("1-a", "1")).await).error_message, "layer");

    let panicking = Runtime::new(handler)
        .layer(tower::layer::layer_fn(|inner| tower::util::MapFuture::new(inner, |_| async { panic!("in a layer") })));
    let panicked = panicking.into_endpoint(options()).call(invoke("1-a", "1")).await;
    assert_eq!(diagnostic(&panicked).error_message, "Lambda panicked: in a layer");

    let swallowing = Runtime::new(handler)
        .layer(tower::layer::layer_fn(|inner| tower::util::MapFuture::new(inner, |_| async { Ok::<(), Error>(()) })));
    let swallowed = swallowing.into_endpoint(options()).call(invoke("1-a", "1")).await;
    assert_eq!(diagnostic(&swallowed).error_type, "Runtime.NoAnswer");
}
