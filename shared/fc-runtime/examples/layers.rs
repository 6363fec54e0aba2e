//! tower layers around a handler: one that refuses calls, and one that flushes after each. `cargo run --example layers`, then
//! `scripts/call event '{"name":"you"}'`.
//!
//! A call is answered when its outermost layer is done: what has to be sent before the instance may be frozen is sent there.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use fc_runtime::{
    Error, LambdaEvent, LambdaInvocation, Runtime, Service,
    layers::TracingLayer,
    service_fn, tower,
    tower::{ServiceExt, layer::layer_fn},
    tracing,
};
use serde_json::{Value, json};

/// Stands for metrics or traces that a collector takes.
#[derive(Default)]
struct Metrics {
    calls: AtomicU64,
}

impl Metrics {
    async fn flush(&self) {
        tracing::info!("{} calls so far", self.calls.load(Ordering::Relaxed));
    }
}

/// Refuses what is too large before anything is made of it.
fn limit<S>(inner: S) -> impl Service<LambdaInvocation, Response = (), Error = Error, Future: Send> + Clone
where
    S: Service<LambdaInvocation, Response = (), Error = Error, Future: Send + 'static> + Clone + Send + 'static,
{
    service_fn(move |invocation: LambdaInvocation| {
        let inner = inner.clone();
        async move {
            if invocation.body.len() > 1_000 {
                return Err(format!("{} bytes are more than this function takes", invocation.body.len()).into());
            }
            inner.oneshot(invocation).await
        }
    })
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let metrics = Arc::new(Metrics::default());
    let flushed = layer_fn(|inner| {
        let metrics = Arc::clone(&metrics);
        tower::util::MapFuture::new(inner, move |call| {
            let metrics = Arc::clone(&metrics);
            async move {
                let outcome: Result<(), Error> = call.await;
                metrics.calls.fetch_add(1, Ordering::Relaxed);
                metrics.flush().await;
                outcome
            }
        })
    });
    let handler = service_fn(|event: LambdaEvent<Value>| async move {
        Ok::<_, Error>(json!({ "text": format!("Hello, {}", event.payload["name"].as_str().unwrap_or("world")) }))
    });
    // The one added last runs first.
    Runtime::new(handler).layer(layer_fn(limit)).layer(flushed).layer(TracingLayer::new()).run_concurrent().await
}
