//! `albridge`: reads arguments and environment. Everything else is in the library.

use std::process::ExitCode;

use albridge::Environment;

fn main() -> ExitCode {
    // Variables that are not UTF-8 are ignored: albridge uses none.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    albridge::run(std::env::args_os(), &Environment::new(variables))
}
