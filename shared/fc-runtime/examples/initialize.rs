//! What is done once per instance, before its first event: Function Compute calls `/initialize` if the function configures
//! the hook. `cargo run --example initialize`, then `scripts/call initialize` and `scripts/call event '"hello"'`.

use std::sync::{Arc, OnceLock};

use fc_runtime::{Error, LambdaEvent, on_initialize, run, service_fn, tracing};
use serde_json::{Value, json};

/// Stands for a model, or connections, that take a while to load.
struct Model {
    region: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let model = Arc::new(OnceLock::new());
    let loaded = Arc::clone(&model);
    on_initialize(move |context| {
        let loaded = Arc::clone(&loaded);
        async move {
            tracing::info!("loading the model");
            loaded.get_or_init(|| Model { region: context.region });
            // An error here fails the initialization, and the instance with it.
            Ok::<_, Error>(())
        }
    });
    let model = &model;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        // A function that does not configure the hook has no model yet.
        let model = model.get().ok_or("the function has to configure the initializer hook")?;
        Ok::<_, Error>(json!({ "modelOf": model.region, "payload": event.payload }))
    }))
    .await
}
