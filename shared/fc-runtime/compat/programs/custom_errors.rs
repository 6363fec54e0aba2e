//! The ways in which a call fails: an error of the program's own, a library's, a boxed one, and panics.

use std::{fmt, fs};

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Request {
    how: How,
}

#[derive(Deserialize, PartialEq)]
enum How {
    NotAtAll,
    Own,
    Io,
    Text,
    Panic,
    PanicWithValue,
}

#[derive(Debug)]
struct OwnError {
    request_id_known: bool,
}

impl std::error::Error for OwnError {}

impl fmt::Display for OwnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an error of our own (request id known: {})", self.request_id_known)
    }
}

async fn handle(event: LambdaEvent<Request>) -> Result<Value, Error> {
    match event.payload.how {
        How::NotAtAll => Ok(json!("well")),
        How::Own => Err(Box::new(OwnError { request_id_known: !event.context.request_id.is_empty() })),
        How::Io => Ok(json!(fs::read_to_string("/nowhere/at/all")?)),
        How::Text => Err("only text".into()),
        How::Panic => panic!("on purpose"),
        How::PanicWithValue => panic!("with {}", 42),
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(handle)).await
}
