//! Spans for OpenTelemetry, and a flush after each call that borrows the provider.

use std::cell::Cell;

use lambda_runtime::{
    Error, LambdaEvent, Runtime,
    layers::{OpenTelemetryFaasTrigger, OpenTelemetryLayer},
    service_fn, tracing,
};
use serde_json::{Value, json};

/// Stands for a tracer provider of the SDK.
struct Provider {
    flushes: Cell<u32>,
}

impl Provider {
    fn force_flush(&self) {
        self.flushes.set(self.flushes.get() + 1);
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let provider = Provider { flushes: Cell::new(0) };
    let handler = service_fn(|_: LambdaEvent<Value>| {
        let flushes = provider.flushes.get();
        async move { Ok::<_, Error>(json!({ "flushesBefore": flushes })) }
    });
    Runtime::new(handler)
        .layer(OpenTelemetryLayer::new(|| provider.force_flush()).with_trigger(OpenTelemetryFaasTrigger::Http))
        .run()
        .await
}
