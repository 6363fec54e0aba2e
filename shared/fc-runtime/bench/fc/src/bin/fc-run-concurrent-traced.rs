//! `run_concurrent`, with the default subscriber.

use fc_runtime::{Error, run_concurrent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    fc_runtime::tracing::init_default_subscriber();
    run_concurrent(service_fn(bench_fc::greet)).await
}
