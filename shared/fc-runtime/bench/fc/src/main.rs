//! A function on fc-runtime: `bench-fc run|run_concurrent [traced]`, the latter with the default subscriber.

use fc_runtime::{Error, LambdaEvent, run, run_concurrent, service_fn, tracing};
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
    let arguments: Vec<String> = std::env::args().collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    if has("traced") {
        tracing::init_default_subscriber();
    }
    if has("run_concurrent") { run_concurrent(service_fn(greet)).await } else { run(service_fn(greet)).await }
}
