//! A function under `run_concurrent`, with no subscriber, as the hyper servers have none.

use fc_runtime::{Error, run_concurrent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_concurrent(service_fn(bench_fc::greet)).await
}
