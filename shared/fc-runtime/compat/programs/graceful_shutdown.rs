//! Something to be done before the process ends.

use lambda_runtime::{Error, LambdaEvent, run, service_fn, spawn_graceful_shutdown_handler};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    spawn_graceful_shutdown_handler(|| async { println!("goodbye") }).await;
    run(service_fn(|event: LambdaEvent<Value>| async move { Ok::<_, Error>(event.payload) })).await
}
