//! A span around each call, so that every line that is logged inside of it names the request.

use std::task::{Context, Poll};

use tower::{Layer, Service};
use tracing::{Instrument, Span, instrument::Instrumented};

use crate::{Error, context::Context as CallContext, invocation::LambdaInvocation};

/// Puts each call in the span of [`request_span`]. [`run`](crate::run) and its like add it.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingLayer;

impl TracingLayer {
    /// The layer.
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for TracingLayer {
    type Service = TracingService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TracingService { inner }
    }
}

/// The service of [`TracingLayer`].
#[derive(Clone, Debug)]
pub struct TracingService<S> {
    inner: S,
}

impl<S> Service<LambdaInvocation> for TracingService<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
{
    type Response = ();
    type Error = Error;
    type Future = Instrumented<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let span = request_span(&invocation.context);
        // Not `in_scope`: its closure would be one more place that the invocation is copied to.
        let entered = span.enter();
        let future = self.inner.call(invocation);
        drop(entered);
        future.instrument(span)
    }
}

/// The span of a call: `Lambda runtime invoke`, with its `requestId`. The names are `lambda_runtime`'s, so that
/// queries over logs need no change.
pub fn request_span(context: &CallContext) -> Span {
    tracing::info_span!("Lambda runtime invoke", requestId = context.request_id.as_str())
}
