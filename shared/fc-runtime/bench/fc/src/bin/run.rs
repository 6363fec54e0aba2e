//! A function under `run`, with no subscriber, as the hyper servers have none.

use fc_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(bench_fc::greet)).await
}
