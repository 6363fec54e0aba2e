//! An error that says itself what its callers read.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn, tracing};
use serde_json::Value;
use thiserror::Error as ThisError;

#[derive(Debug, ThisError)]
enum OrderError {
    #[error("no order {0}")]
    Unknown(u64),
    #[error("the order is not a number: {0}")]
    Malformed(Value),
}

impl From<OrderError> for Diagnostic {
    fn from(error: OrderError) -> Self {
        let error_type = match error {
            OrderError::Unknown(_) => "Order.Unknown",
            OrderError::Malformed(_) => "Order.Malformed",
        };
        Diagnostic { error_type: error_type.into(), error_message: error.to_string() }
    }
}

async fn look_up(event: LambdaEvent<Value>) -> Result<&'static str, OrderError> {
    match event.payload.as_u64() {
        Some(7) => Ok("a teapot"),
        Some(order) => Err(OrderError::Unknown(order)),
        None => Err(OrderError::Malformed(event.payload)),
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(look_up)).await
}
