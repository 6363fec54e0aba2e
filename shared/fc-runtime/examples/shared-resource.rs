//! A handler that borrows what `main` owns: made once per instance, used by every call, neither cloned nor locked.

use std::cell::Cell;

use fc_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde_json::{Value, json};

/// Stands for a client or a cache that is expensive to make.
struct Shared {
    calls: Cell<u64>,
}

impl Shared {
    fn count(&self) -> u64 {
        self.calls.set(self.calls.get() + 1);
        self.calls.get()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let shared = Shared { calls: Cell::new(0) };
    let shared = &shared;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        let signed_in = event.context.credentials.is_some();
        Ok::<_, Error>(json!({ "call": shared.count(), "hasRole": signed_in, "payload": event.payload }))
    }))
    .await
}
