//! A main that is not async: the runtime is the program's own, and something else runs on it as well.

use std::sync::mpsc;

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use tokio::runtime::Builder;

fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (tell, told) = mpsc::channel();
    runtime.spawn(async move { tell.send("told by another task") });
    let text = told.recv()?;
    runtime.block_on(run(service_fn(|event: LambdaEvent<Option<String>>| async move {
        Ok::<_, Error>(event.payload.unwrap_or_else(|| text.to_owned()))
    })))
}
