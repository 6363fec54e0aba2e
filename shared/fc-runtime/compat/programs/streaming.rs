//! An answer that is sent as it comes.

use lambda_runtime::{
    Error, LambdaEvent, run, service_fn,
    streaming::{Body, Response, channel},
};
use serde_json::Value;

async fn recite(_: LambdaEvent<Value>) -> Result<Response<Body>, Error> {
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        for line in ["Autumn moonlight\n", "a worm digs silently\n", "into the chestnut\n"] {
            if sender.send_data(line.into()).await.is_err() {
                return;
            }
        }
    });
    Ok(Response::from(body))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(recite)).await
}
