//! An answer in pieces, each sent to the client of an HTTP trigger when it is there. `cargo run --example streaming`, then
//! `curl -N -H 'x-fc-control-path: /http-invoke' 'http://127.0.0.1:9000/?from=3'`.
//!
//! The call's `End` line comes with the last piece. A producer that fails says so with `send_error` (or panics): the client's
//! connection breaks off, and the call has failed.

use fc_runtime::{
    Error, LambdaEvent, MetadataPrelude, StreamResponse, run, service_fn,
    streaming::{Body, Sender, channel},
};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    fc_runtime::tracing::init_default_subscriber();
    run(service_fn(count_down)).await
}

async fn count_down(event: LambdaEvent<Value>) -> Result<StreamResponse<Body>, Error> {
    let from = event.payload["queryParameters"]["from"].as_str().unwrap_or("10").parse::<i32>()?;
    let (sender, stream) = channel();
    tokio::spawn(produce(sender, from));
    let mut metadata_prelude = MetadataPrelude::default();
    metadata_prelude.headers.insert("content-type", "text/event-stream".parse()?);
    Ok(StreamResponse { metadata_prelude, stream })
}

async fn produce(mut sender: Sender, from: i32) {
    if from < 0 {
        sender.send_error(format!("{from} is below zero").into());
        return;
    }
    for number in (0..=from).rev() {
        // An error means that the client is gone.
        if sender.send_data(format!("data: {number}\n\n").into()).await.is_err() {
            return;
        }
    }
}
