//! The function whose speed is measured.

use fc_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};

/// The event.
#[derive(Deserialize)]
pub struct Request {
    name: String,
}

/// The answer.
#[derive(Serialize)]
pub struct Greeting {
    text: String,
}

/// The handler.
///
/// # Errors
///
/// None.
pub async fn greet(event: LambdaEvent<Request>) -> Result<Greeting, Error> {
    Ok(Greeting { text: format!("Hello, {}", event.payload.name) })
}
