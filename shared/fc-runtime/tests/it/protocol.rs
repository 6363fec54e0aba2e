//! Each row of the protocol's table.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;
use fc_runtime::{Diagnostic, Endpoint, Error, LambdaEvent, Options, service_fn};
use http::{Request, Response};
use serde_json::{Value, json};

use crate::support::{invoke, options};

fn echo(options: Options) -> Endpoint {
    Endpoint::new(options, service_fn(|event: LambdaEvent<Value>| async move { Ok::<_, Error>(event.payload) }))
}

fn fc_status(response: &Response<Bytes>) -> &str {
    response.headers()["x-fc-status"].to_str().unwrap()
}

fn error_type(response: &Response<Bytes>) -> String {
    serde_json::from_slice::<Diagnostic>(response.body()).unwrap().error_type
}

fn request(method: &str, path: &str, control: Option<&str>) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(control) = control {
        request = request.header("x-fc-control-path", control);
    }
    request.body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn an_event_is_answered_with_200_and_json() {
    let response = echo(options()).call(invoke("1-a", r#"{"a":[1]}"#)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(fc_status(&response), "200");
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.body(), r#"{"a":[1]}"#);
}

#[tokio::test]
async fn an_empty_event_is_null() {
    assert_eq!(echo(options()).call(invoke("1-a", "")).await.body(), "null");
}

#[tokio::test]
async fn hooks_succeed_when_there_is_nothing_to_do() {
    let endpoint = echo(options());
    for (method, path) in [("POST", "/initialize"), ("GET", "/pre-stop"), ("GET", "/pre-freeze")] {
        for request in [request(method, path, None), request(method, "/", Some(path)), request("GET", path, None)] {
            let response = endpoint.call(request).await;
            assert_eq!((response.status().as_u16(), fc_status(&response)), (200, "200"), "{method} {path}");
            assert!(response.body().is_empty());
        }
    }
}

#[tokio::test]
async fn hooks_run_and_see_their_request() {
    let ran = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&ran);
    let endpoint = echo(Options {
        initialize: Some(Arc::new(move |context| {
            assert_eq!(context.request_id, "local-1");
            let counted = Arc::clone(&counted);
            Box::pin(async move {
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        })),
        pre_stop: Some(Arc::new(|_| Box::pin(async { Err("not flushed".into()) }))),
        ..options()
    });
    assert_eq!(endpoint.call(request("POST", "/initialize", None)).await.status(), 200);
    assert_eq!(ran.load(Ordering::SeqCst), 1);

    let failed = endpoint.call(request("GET", "/pre-stop", None)).await;
    assert_eq!((failed.status().as_u16(), fc_status(&failed)), (404, "404"));
    assert!(failed.body().ends_with(br#""errorMessage":"not flushed"}"#));
}

#[tokio::test]
async fn a_hook_that_panics_fails_its_call() {
    let endpoint = echo(Options { initialize: Some(Arc::new(|_| panic!("no database"))), ..options() });
    let response = endpoint.call(request("POST", "/initialize", None)).await;
    assert_eq!(response.status(), 404);
    assert!(str::from_utf8(response.body()).unwrap().contains("no database"));
}

#[tokio::test]
async fn what_function_compute_does_not_ask_for_is_refused() {
    let endpoint = echo(options());
    for (refused, code) in [
        (request("GET", "/", None), "Runtime.UnknownPath"),
        (request("POST", "/invoke", Some("/other")), "Runtime.UnknownPath"),
        (request("GET", "/invoke", None), "Runtime.MethodNotAllowed"),
        (request("PUT", "/pre-stop", None), "Runtime.MethodNotAllowed"),
    ] {
        let response = endpoint.call(refused).await;
        assert_eq!((response.status().as_u16(), fc_status(&response)), (404, "404"));
        assert_eq!(error_type(&response), code);
    }
}

#[tokio::test]
async fn a_payload_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let endpoint = echo(Options { body_limit: 4, ..options() });
    assert_eq!(endpoint.call(invoke("1-a", "1234")).await.body(), "1234");
    let refused = endpoint.call(invoke("1-b", "12345")).await;
    assert_eq!((refused.status().as_u16(), error_type(&refused).as_str()), (404, "Runtime.PayloadTooLarge"));
}

#[tokio::test]
async fn an_answer_may_be_anything_that_serializes() {
    let unit = Endpoint::new(options(), service_fn(|_: LambdaEvent<Value>| async { Ok::<_, Error>(()) }));
    assert_eq!(unit.call(invoke("1-a", "{}")).await.body(), "null");
    let value = Endpoint::new(options(), service_fn(|_: LambdaEvent<()>| async { Ok::<_, Error>(json!("text")) }));
    assert_eq!(value.call(invoke("1-a", "")).await.body(), "\"text\"");
}
