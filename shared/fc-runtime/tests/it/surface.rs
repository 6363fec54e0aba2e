//! The shapes that handlers written for `lambda_runtime` rely on. Most of what is tested here is that it compiles.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context as TaskContext, Poll},
};

use bytes::Bytes;
use fc_runtime::{
    Context, Diagnostic, Endpoint, Error, FunctionResponse, IntoFunctionResponse, LambdaEvent, LambdaInvocation,
    Runtime, Service, SnapStartResource, StreamResponse, layers::TracingLayer, service_fn, streaming, tower,
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{invoke, options};

#[derive(Deserialize)]
struct Request {
    command: String,
}

#[derive(Serialize)]
struct Response {
    request_id: String,
    message: String,
}

async fn handler(event: LambdaEvent<Request>) -> Result<Response, Error> {
    let (payload, context) = event.into_parts();
    Ok(Response { request_id: context.request_id, message: format!("Command {} executed.", payload.command) })
}

#[tokio::test]
async fn a_handler_can_be_called_without_a_runtime() {
    let mut context = Context::default();
    context.request_id = "id".to_owned();
    let event = LambdaEvent { payload: Request { command: "test".to_owned() }, context };
    let response = handler(event).await.unwrap();
    assert_eq!((response.request_id.as_str(), response.message.as_str()), ("id", "Command test executed."));
}

#[tokio::test]
async fn a_handler_can_be_any_service() {
    #[derive(Clone)]
    struct Greeter {
        greeting: &'static str,
    }
    impl Service<LambdaEvent<String>> for Greeter {
        type Response = String;
        type Error = Infallible;
        type Future = std::future::Ready<Result<String, Infallible>>;
        fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, event: LambdaEvent<String>) -> Self::Future {
            std::future::ready(Ok(format!("{} {}", self.greeting, event.payload)))
        }
    }
    let endpoint = Endpoint::new(options(), Greeter { greeting: "Hello" });
    assert_eq!(endpoint.call(invoke("1-a", "\"you\"")).await.body(), "\"Hello you\"");
}

#[tokio::test]
async fn answers_take_each_of_their_three_forms() {
    async fn either(event: LambdaEvent<bool>) -> Result<FunctionResponse<Value, streaming::Body>, Error> {
        Ok(if event.payload {
            FunctionResponse::BufferedResponse(json!({ "whole": true }))
        } else {
            FunctionResponse::StreamingResponse(streaming::Body::from("in pieces").into())
        })
    }
    let endpoint = Endpoint::new(options(), service_fn(either));
    assert_eq!(endpoint.call(invoke("1-a", "true")).await.body(), "{\"whole\":true}");
    assert_eq!(endpoint.call(invoke("1-a", "false")).await.body(), "in pieces");

    let streamed = service_fn(|_: LambdaEvent<Value>| async {
        let pieces = stream::iter(["a", "b"]).then_ok();
        Ok::<_, Error>(StreamResponse::from(pieces))
    });
    assert_eq!(Endpoint::new(options(), streamed).call(invoke("1-a", "{}")).await.body(), "ab");

    let FunctionResponse::BufferedResponse(five) = IntoFunctionResponse::into_response(5) else {
        panic!("not buffered")
    };
    assert_eq!(five, 5);
}

trait ThenOk: futures_util::Stream + Sized {
    fn then_ok(self) -> impl futures_util::Stream<Item = Result<Bytes, io::Error>> + Unpin + Send + 'static;
}

impl<S: futures_util::Stream<Item = &'static str> + Unpin + Send + 'static> ThenOk for S {
    fn then_ok(self) -> impl futures_util::Stream<Item = Result<Bytes, io::Error>> + Unpin + Send + 'static {
        futures_util::StreamExt::map(self, |piece| Ok(Bytes::from(piece)))
    }
}

/// A layer that acts after the handler, as one does that flushes traces.
#[derive(Clone)]
struct Flush<S> {
    inner: S,
    flushed: Arc<AtomicU32>,
}

impl<S> Service<LambdaInvocation> for Flush<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = Error;
    type Future = fc_runtime::BoxFuture<'static, Result<(), Error>>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        assert_eq!(invocation.parts.status, 200);
        assert_eq!(invocation.parts.headers["x-fc-request-id"], invocation.context.request_id);
        let call = self.inner.call(invocation);
        let flushed = Arc::clone(&self.flushed);
        Box::pin(async move {
            call.await?;
            tokio::task::yield_now().await;
            flushed.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    }
}

#[tokio::test]
async fn layers_are_done_before_the_answer_is_sent() {
    let flushed = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&flushed);
    let endpoint = Runtime::new(service_fn(handler))
        .layer(TracingLayer::new())
        .layer(tower::layer::layer_fn(move |inner| Flush { inner, flushed: Arc::clone(&counter) }))
        .into_endpoint(options());
    assert_eq!(endpoint.call(invoke("1-a", "{\"command\":\"x\"}")).await.status(), 200);
    assert_eq!(flushed.load(Ordering::SeqCst), 1, "an instance may freeze as soon as it has answered");
}

#[test]
fn snapstart_is_accepted() {
    struct Pool;
    impl SnapStartResource for Pool {}
    let runtime = Runtime::new(service_fn(handler)).register_snapstart_resource(Arc::new(Pool));
    assert!(!runtime.is_snapstart());
}

#[test]
fn errors_become_diagnostics() {
    fn diagnostic(error: impl Into<Diagnostic>) -> String {
        error.into().error_message
    }
    assert_eq!(diagnostic("text"), "text");
    assert_eq!(diagnostic(String::from("text")), "text");
    assert_eq!(diagnostic(io::Error::other("disk")), "disk");
    assert_eq!(diagnostic(Error::from("boxed")), "boxed");
    assert_eq!(diagnostic(Box::<dyn std::error::Error>::from("boxed")), "boxed");
}

/// `run`'s bounds: never called, since it would read the environment.
#[expect(dead_code, reason = "compiling it is the test")]
async fn run_takes_what_upstream_takes() -> Result<(), Error> {
    let local = std::rc::Rc::new(String::from("not Send"));
    let borrowed = &local;
    fc_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        Ok::<_, Error>(json!({ "local": borrowed.as_str(), "payload": event.payload }))
    }))
    .await?;
    fc_runtime::spawn_graceful_shutdown_handler(|| async {}).await;
    fc_runtime::run_concurrent(service_fn(handler)).await
}
