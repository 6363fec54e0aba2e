//! A span around each call with OpenTelemetry's attributes for functions, and a flush when the call is over.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use opentelemetry_semantic_conventions::attribute::{FAAS_COLDSTART, FAAS_INVOCATION_ID, FAAS_NAME, FAAS_TRIGGER};
use tower::{Layer, Service};
use tracing::{Instrument, field, instrument::Instrumented};

use crate::invocation::LambdaInvocation;

/// Puts each call in a span for OpenTelemetry, and calls a function after it that flushes what was collected.
///
/// The call is answered after the flush, since Function Compute may freeze an instance that has answered.
///
/// ```no_run
/// use fc_runtime::{Error, LambdaEvent, Runtime, service_fn};
/// use fc_runtime::layers::{OpenTelemetryFaasTrigger, OpenTelemetryLayer};
///
/// # #[tokio::main] async fn main() -> Result<(), Error> {
/// let handler = service_fn(|event: LambdaEvent<String>| async move { Ok::<_, Error>(event.payload) });
/// let flush = || { /* provider.force_flush() */ };
/// Runtime::new(handler)
///     .layer(OpenTelemetryLayer::new(flush).with_trigger(OpenTelemetryFaasTrigger::Timer))
///     .run()
///     .await
/// # }
/// ```
pub struct OpenTelemetryLayer<F> {
    flush: F,
    trigger: OpenTelemetryFaasTrigger,
}

impl<F: Fn() + Clone> OpenTelemetryLayer<F> {
    /// A layer that calls `flush_fn` at the end of each call. It may block: nothing else of the call is left to do.
    pub fn new(flush_fn: F) -> Self {
        Self { flush: flush_fn, trigger: OpenTelemetryFaasTrigger::default() }
    }

    /// Says what triggers the function: the attribute `faas.trigger`.
    #[must_use]
    pub fn with_trigger(self, trigger: OpenTelemetryFaasTrigger) -> Self {
        Self { trigger, ..self }
    }
}

impl<F> fmt::Debug for OpenTelemetryLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenTelemetryLayer").field("trigger", &self.trigger).finish_non_exhaustive()
    }
}

impl<S, F: Fn() + Clone> Layer<S> for OpenTelemetryLayer<F> {
    type Service = OpenTelemetryService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        OpenTelemetryService { inner, flush: self.flush.clone(), trigger: self.trigger, cold: true }
    }
}

/// The service of [`OpenTelemetryLayer`].
#[derive(Clone)]
pub struct OpenTelemetryService<S, F> {
    inner: S,
    flush: F,
    trigger: OpenTelemetryFaasTrigger,
    /// Until the first call.
    cold: bool,
}

impl<S, F> Service<LambdaInvocation> for OpenTelemetryService<S, F>
where
    S: Service<LambdaInvocation, Response = ()>,
    F: Fn() + Clone,
{
    type Response = ();
    type Error = S::Error;
    type Future = OpenTelemetryFuture<S::Future, F>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let context = &invocation.context;
        let function = context.env_config.function_name.as_str();
        let span = tracing::info_span!(
            "Lambda function invocation",
            "otel.name" = function,
            "otel.kind" = field::Empty,
            { FAAS_NAME } = function,
            { FAAS_TRIGGER } = self.trigger.as_str(),
            { FAAS_INVOCATION_ID } = context.request_id.as_str(),
            { FAAS_COLDSTART } = self.cold,
            // A field without a value is not recorded.
            "tenant_id" = context.tenant_id.as_deref()
        );
        self.cold = false;
        let call = span.in_scope(|| self.inner.call(invocation));
        OpenTelemetryFuture { call: Some(Box::pin(call.instrument(span))), flush: self.flush.clone() }
    }
}

/// A call under way in [`OpenTelemetryService`]. Boxed, as projecting it would take unsafe code.
#[must_use = "futures do nothing unless polled"]
pub struct OpenTelemetryFuture<Fut, F> {
    /// `None` once the call is over.
    call: Option<Pin<Box<Instrumented<Fut>>>>,
    flush: F,
}

// Only the box is pinned.
impl<Fut, F> Unpin for OpenTelemetryFuture<Fut, F> {}

impl<Fut: Future, F: Fn()> Future for OpenTelemetryFuture<Fut, F> {
    type Output = Fut::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Nobody polls a future again that has ended.
        let Some(call) = &mut self.call else { return Poll::Pending };
        let output = ready!(call.as_mut().poll(cx));
        // First the future, so that its span is closed and goes out with the flush.
        self.call = None;
        (self.flush)();
        Poll::Ready(output)
    }
}

/// What triggers a function: the values of OpenTelemetry's attribute `faas.trigger`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenTelemetryFaasTrigger {
    /// A write or read of a data source, such as a database or a bucket.
    #[default]
    Datasource,
    /// An HTTP request.
    Http,
    /// A message.
    PubSub,
    /// A schedule.
    Timer,
    /// Anything else.
    Other,
}

impl OpenTelemetryFaasTrigger {
    fn as_str(self) -> &'static str {
        match self {
            Self::Datasource => "datasource",
            Self::Http => "http",
            Self::PubSub => "pubsub",
            Self::Timer => "timer",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for OpenTelemetryFaasTrigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
