//! Temporary keys of the function's role, with which it calls other services. `cargo run --example credentials`, then
//! `scripts/call event '{}'`.
//!
//! They come with each call and are valid for 36 hours: a handler takes them from its call's context, and a client that it
//! keeps between calls gets them anew.

use fc_runtime::{Credentials, Error, LambdaEvent, run, service_fn, tracing};
use serde_json::{Value, json};

/// Stands for a client of a service of Alibaba Cloud.
struct Client {
    endpoint: String,
    credentials: Credentials,
}

impl Client {
    fn new(region: &str, credentials: Credentials) -> Self {
        Self { endpoint: format!("https://oss-{region}-internal.aliyuncs.com"), credentials }
    }

    fn describe(&self) -> Value {
        json!({
            "endpoint": self.endpoint,
            "signedBy": self.credentials.access_key_id,
            "isTemporary": self.credentials.security_token.is_some(),
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(|event: LambdaEvent<Value>| async move {
        let context = event.context;
        let credentials =
            context.credentials.ok_or("the function has no role: give it one, or set ALIBABA_CLOUD_* keys")?;
        // Debug shows the key's id only.
        tracing::info!(?credentials, "calling on behalf of account {}", context.account_id);
        Ok::<_, Error>(Client::new(&context.region, credentials).describe())
    }))
    .await
}
