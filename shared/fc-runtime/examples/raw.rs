//! Events that need not be JSON. `cargo run --example raw`, then
//! `curl --data-binary @picture.png http://127.0.0.1:9000/invoke`.

use fc_runtime::{Error, LambdaEvent, RawEvent, run, service_fn, tracing};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(describe)).await
}

async fn describe(event: LambdaEvent<RawEvent>) -> Result<Value, Error> {
    let bytes = event.payload;
    let kind = match &*bytes {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0x1f, 0x8b, ..] => "gzip",
        _ if str::from_utf8(&bytes).is_ok() => "text",
        _ => "unknown",
    };
    Ok(json!({ "bytes": bytes.len(), "kind": kind }))
}
