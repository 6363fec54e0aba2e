//! The smallest program: an event with a name in, an object out, the request's id from the context.

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Order {
    command: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    has_request_id: bool,
    message: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(carry_out)).await
}

async fn carry_out(event: LambdaEvent<Order>) -> Result<Receipt, Error> {
    let LambdaEvent { payload, context } = event;
    tracing::info!(command = payload.command, "carrying out");
    Ok(Receipt { has_request_id: !context.request_id.is_empty(), message: format!("{} is done", payload.command) })
}
