//! Layers around a handler. [`Runtime::layer`](crate::Runtime::layer) adds any `tower::Layer` over services of
//! [`LambdaInvocation`](crate::LambdaInvocation)s; the one added last runs first.
//!
//! Function Compute may freeze an instance as soon as a call is answered. The answer is therefore sent when the
//! outermost layer is done, so that a layer that flushes after the handler has the time to.

#[cfg(feature = "opentelemetry")]
mod otel;
pub mod trace;

#[cfg(feature = "opentelemetry")]
pub use otel::{OpenTelemetryFaasTrigger, OpenTelemetryLayer};
pub use trace::TracingLayer;
