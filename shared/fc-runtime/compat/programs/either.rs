//! An answer at once or as a stream, as the event asks.

use lambda_runtime::{
    Error, FunctionResponse, LambdaEvent, StreamResponse, run, service_fn,
    streaming::{Body, channel},
};
use serde_json::{Value, json};

async fn answer(event: LambdaEvent<Value>) -> Result<FunctionResponse<Value, Body>, Error> {
    if event.payload["stream"] != true {
        return Ok(FunctionResponse::BufferedResponse(json!({ "whole": true })));
    }
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        for piece in ["in", " ", "pieces"] {
            if sender.send_data(piece.into()).await.is_err() {
                break;
            }
        }
    });
    Ok(FunctionResponse::StreamingResponse(StreamResponse::from(body)))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}
