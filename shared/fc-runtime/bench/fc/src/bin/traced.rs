//! A function with the default subscriber: `traced run|run_concurrent`.

use fc_runtime::{Error, run, run_concurrent, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let handler = service_fn(bench_fc::greet);
    if std::env::args().nth(1).as_deref() == Some("run") { run(handler).await } else { run_concurrent(handler).await }
}
