//! A client that is made once and borrowed by every call.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

struct Client {
    greeting: String,
}

impl Client {
    fn answer(&self, name: &str) -> String {
        format!("{}, {name}", self.greeting)
    }
}

#[derive(Deserialize)]
struct Request {
    name: String,
}

#[derive(Serialize)]
struct Answer {
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = Client { greeting: "Good evening".to_owned() };
    let client = &client;
    run(service_fn(move |event: LambdaEvent<Request>| async move {
        Ok::<_, Error>(Answer { text: client.answer(&event.payload.name) })
    }))
    .await
}
