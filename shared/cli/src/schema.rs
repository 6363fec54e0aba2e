//! `albridge schema` and `albridge completions`: output for editors and shells.

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use crate::args::Cli;
use crate::output::{CliError, Console, Exit};

/// Prints the JSON schema of the bindings.
pub(crate) fn schema(console: Console) -> Result<Exit, CliError> {
    let schema = onboarding::store::schema();
    let text =
        if !console.is_for_people() { serde_json::to_string(&schema) } else { serde_json::to_string_pretty(&schema) };
    console.raw(&text.map_err(|error| CliError::Failed(error.to_string()))?);
    Ok(Exit::Done)
}

/// Prints a shell's completions.
pub(crate) fn completions(shell: Shell, console: Console) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "albridge", &mut script);
    let script = String::from_utf8_lossy(&script);
    console.print_json(&json!({"shell": shell.to_string(), "script": script}));
    if console.is_for_people() {
        console.raw(script.trim_end());
    }
    Ok(Exit::Done)
}
