//! The smallest function. `cargo run --example hello`, then
//! `curl -d '{"name":"you"}' http://127.0.0.1:9000/invoke`.

use fc_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request {
    name: String,
}

#[derive(Serialize)]
struct Greeting {
    text: String,
}

// One thread: an instance has one vCPU or less unless configured otherwise.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    fc_runtime::tracing::init_default_subscriber();
    run(service_fn(greet)).await
}

async fn greet(event: LambdaEvent<Request>) -> Result<Greeting, Error> {
    fc_runtime::tracing::info!("greeting {}", event.payload.name);
    Ok(Greeting { text: format!("Hello, {}", event.payload.name) })
}
