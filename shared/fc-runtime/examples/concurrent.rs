//! A function whose instance serves many calls at once (instance concurrency above 1), and which says goodbye.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use fc_runtime::{Diagnostic, LambdaEvent, run_concurrent, service_fn, spawn_graceful_shutdown_handler, tracing};
use serde_json::{Value, json};

/// Why a call fails. The names are what callers and workflows match.
#[derive(Debug)]
enum Failure {
    NotANumber,
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotANumber => {
                Self { error_type: "NotANumber".into(), error_message: "the payload must be a number".into() }
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), fc_runtime::Error> {
    tracing::init_default_subscriber();
    let sum = Arc::new(AtomicU64::new(0));
    let total = Arc::clone(&sum);
    spawn_graceful_shutdown_handler(move || async move {
        tracing::info!("this instance saw a total of {}", total.load(Ordering::Relaxed));
    })
    .await;
    // The handler is cloned for each call: what clones share, they share through an Arc.
    run_concurrent(service_fn(move |event: LambdaEvent<Value>| {
        let sum = Arc::clone(&sum);
        async move {
            let number = event.payload.as_u64().ok_or(Failure::NotANumber)?;
            Ok::<_, Failure>(json!({ "sum": sum.fetch_add(number, Ordering::Relaxed) + number }))
        }
    }))
    .await
}
