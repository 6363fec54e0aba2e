//! Function Compute starts this: settings, then `run_concurrent`. Everything else is in the library.

use std::process::ExitCode;

use fc_runtime::{LambdaEvent, run_concurrent, service_fn};
use stage::Host;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "main is where the environment is read")]
#[expect(clippy::print_stderr, reason = "without settings there is no log yet")]
async fn main() -> ExitCode {
    fc_runtime::tracing::init_default_subscriber();
    let host = match Host::from_environment(&std::env::vars().collect()) {
        Ok(host) => host,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(64);
        }
    };
    match run_concurrent(service_fn(move |event: LambdaEvent<_>| vpc_routes::handle(host.clone(), event))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
