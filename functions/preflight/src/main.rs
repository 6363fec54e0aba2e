//! Function Compute starts this. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    handler::serve(preflight::Preflight)
}
