//! `lambda_runtime`, polling the mock: sequential, or with as many loops as `AWS_LAMBDA_MAX_CONCURRENCY` says.

use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request {
    name: String,
}

#[derive(Serialize)]
struct Greeting {
    text: String,
}

async fn greet(event: LambdaEvent<Request>) -> Result<Greeting, Error> {
    Ok(Greeting { text: format!("Hello, {}", event.payload.name) })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_concurrent(service_fn(greet)).await
}
