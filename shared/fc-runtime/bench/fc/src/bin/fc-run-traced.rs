//! `run`, with the default subscriber.

use fc_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    fc_runtime::tracing::init_default_subscriber();
    run(service_fn(bench_fc::greet)).await
}
