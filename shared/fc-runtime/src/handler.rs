//! The innermost service: it deserializes the payload, calls the handler, and sends its answer. It catches panics.

use std::{
    fmt::{self, Debug},
    future::Future,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::Stream;
use pin_project_lite::pin_project;
use serde::{Deserialize, Serialize};
use tower::Service;

use crate::{
    Diagnostic, Error,
    context::LambdaEvent,
    diagnostic::DeserializeError,
    invocation::LambdaInvocation,
    payload,
    reply::{Answer, Reply},
    response::{FunctionResponse, IntoFunctionResponse},
    streaming::Body,
};

/// A handler as a service of [`LambdaInvocation`]s. [`Runtime::new`](crate::Runtime::new) makes it.
pub struct HandlerService<F, A, R, B, S, D, E> {
    handler: F,
    types: Types<A, R, B, S, D, E>,
}

/// The types between payload and answer; in a function pointer, so that they do not affect whether it is `Send`.
type Types<A, R, B, S, D, E> = PhantomData<fn(A) -> (R, B, S, D, E)>;

impl<F, A, R, B, S, D, E> HandlerService<F, A, R, B, S, D, E> {
    pub(crate) fn new(handler: F) -> Self {
        Self { handler, types: PhantomData }
    }
}

impl<F: Clone, A, R, B, S, D, E> Clone for HandlerService<F, A, R, B, S, D, E> {
    fn clone(&self) -> Self {
        Self::new(self.handler.clone())
    }
}

impl<F, A, R, B, S, D, E> Debug for HandlerService<F, A, R, B, S, D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerService").finish_non_exhaustive()
    }
}

impl<F, A, R, B, S, D, E> Service<LambdaInvocation> for HandlerService<F, A, R, B, S, D, E>
where
    F: Service<LambdaEvent<A>, Response = R>,
    F::Error: Into<Diagnostic> + Debug,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    type Response = ();
    type Error = Error;
    type Future = HandlerFuture<F::Future, B, S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.handler.poll_ready(cx).map_err(|error| format!("the handler is not ready: {error:?}").into())
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let LambdaInvocation { parts, body, mut context } = invocation;
        // It is present, unless a layer replaced the context: then the answer is lost.
        let reply = context.reply.take().unwrap_or_default();
        reply.recycle(parts.headers);
        let mut future = HandlerFuture { running: None, reply, types: PhantomData };
        let mut context = Some(context);
        // A payload's Deserialize and the handler's own start are code of the user's, too. The closure only borrows:
        // what goes through `catch_unwind` by value is copied twice, and context and future are large.
        let started = catch_unwind(AssertUnwindSafe(|| {
            let payload = payload::deserialize(&body)?;
            future.running = context.take().map(|context| self.handler.call(LambdaEvent { payload, context }));
            Ok::<(), DeserializeError>(())
        }));
        match started {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!("{}", error.to_string().trim_end());
                future.reply.send(Answer::Failed(error.into()));
            }
            Err(panic) => future.reply.send_panic(&panic),
        }
        future
    }
}

pin_project! {
    /// A call under way.
    #[must_use = "futures do nothing unless polled"]
    pub struct HandlerFuture<Fut, B, S> {
        // `None` once the answer is given.
        #[pin]
        running: Option<Fut>,
        reply: Reply,
        types: PhantomData<fn() -> (B, S)>,
    }
}

impl<Fut, B, S> Debug for HandlerFuture<Fut, B, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerFuture").field("answered", &self.running.is_none()).finish_non_exhaustive()
    }
}

impl<Fut, R, X, B, S, D, E> Future for HandlerFuture<Fut, B, S>
where
    Fut: Future<Output = Result<R, X>>,
    X: Into<Diagnostic> + Debug,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(running) = this.running.as_mut().as_pin_mut() else { return Poll::Ready(Ok(())) };
        match catch_unwind(AssertUnwindSafe(|| running.poll(cx).map(answer))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(answer)) => this.reply.send(answer),
            Err(panic) => this.reply.send_panic(&panic),
        }
        // What a future holds may panic when it is dropped, above all after it panicked.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| this.running.set(None))) {
            this.reply.send_panic(&panic);
        }
        Poll::Ready(Ok(()))
    }
}

fn answer<R, X, B, S, D, E>(outcome: Result<R, X>) -> Answer
where
    X: Into<Diagnostic> + Debug,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    match outcome.map(IntoFunctionResponse::into_response) {
        Ok(FunctionResponse::BufferedResponse(value)) => match serde_json::to_vec(&value) {
            Ok(json) => Answer::Buffered(json),
            Err(error) => {
                tracing::error!("the answer does not serialize: {error}");
                Answer::Failed(Error::from(error).into())
            }
        },
        Ok(FunctionResponse::StreamingResponse(response)) => {
            Answer::Streaming(response.metadata_prelude, Body::from_stream(response.stream))
        }
        Err(error) => {
            tracing::error!("{error:?}");
            Answer::Failed(error.into())
        }
    }
}
