//! Partial failures of a batch: a function that takes any handler of one record, and borrows it for every call.

use std::future::Future;

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

#[derive(Deserialize)]
struct Batch {
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    id: String,
    body: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failures {
    batch_item_failures: Vec<String>,
}

#[derive(Deserialize)]
struct Payment {
    cents: i64,
}

async fn run_by_record<T, F, R>(handle: F) -> Result<(), Error>
where
    T: DeserializeOwned,
    F: Fn(T) -> R,
    R: Future<Output = Result<(), Error>>,
{
    run(service_fn(|event: LambdaEvent<Batch>| by_record(event, &handle))).await
}

async fn by_record<T, F, R>(event: LambdaEvent<Batch>, handle: &F) -> Result<Failures, Error>
where
    T: DeserializeOwned,
    F: Fn(T) -> R,
    R: Future<Output = Result<(), Error>>,
{
    let mut batch_item_failures = Vec::new();
    for record in event.payload.records {
        let outcome = match serde_json::from_str(&record.body) {
            Ok(body) => handle(body).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = outcome {
            tracing::warn!("record {} failed: {error}", record.id);
            batch_item_failures.push(record.id);
        }
    }
    Ok(Failures { batch_item_failures })
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run_by_record(|payment: Payment| async move {
        if payment.cents < 0 { Err("a payment is not negative".into()) } else { Ok(()) }
    })
    .await
}
