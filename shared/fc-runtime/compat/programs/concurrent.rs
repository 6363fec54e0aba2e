//! A handler that serves many events at a time where the platform sends them so.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn, tracing};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let sum = Arc::new(AtomicU64::new(0));
    run_concurrent(service_fn(move |event: LambdaEvent<Value>| {
        let sum = Arc::clone(&sum);
        async move {
            let number = event.payload["number"].as_u64().ok_or("a number is missing")?;
            tokio::task::yield_now().await;
            Ok::<_, Error>(json!({ "sum": sum.fetch_add(number, Ordering::Relaxed) + number }))
        }
    }))
    .await
}
