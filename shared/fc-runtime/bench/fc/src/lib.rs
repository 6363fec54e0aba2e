//! The function that every server of this package serves.

use fc_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Request {
    name: String,
}

#[derive(Serialize)]
pub struct Greeting {
    text: String,
}

/// Greets by name.
///
/// # Errors
///
/// None.
pub async fn greet(event: LambdaEvent<Request>) -> Result<Greeting, Error> {
    Ok(Greeting { text: format!("Hello, {}", event.payload.name) })
}
