//! `albridge schema`, `albridge completions` and `albridge man`: output for editors, shells and readers.

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use crate::args::{Cli, ManArgs, SchemaArgs};
use crate::complete;
use crate::output::{CliError, Console, Exit};

/// Prints the JSON schema of the bindings, or of a scenario.
pub(crate) fn schema(args: &SchemaArgs, console: Console) -> Result<Exit, CliError> {
    let schema = if args.scenario { emulator::scenario_schema() } else { onboarding::store::schema() };
    let text =
        if !console.is_for_people() { serde_json::to_string(&schema) } else { serde_json::to_string_pretty(&schema) };
    console.raw(&text.map_err(|error| CliError::Failed(error.to_string()))?);
    Ok(Exit::Done)
}

/// Prints a shell's completions.
pub(crate) fn completions(shell: Shell, console: Console) -> Result<Exit, CliError> {
    let known = complete::script(&shell.to_string());
    let script = known.ok_or_else(|| CliError::Usage(format!("There are no completions for {shell}.")))?;
    console.print_json(&json!({"shell": shell.to_string(), "script": script}));
    if console.is_for_people() {
        console.raw(script.trim_end());
    }
    Ok(Exit::Done)
}

/// Writes the man pages.
pub(crate) fn man(args: &ManArgs, console: Console) -> Result<Exit, CliError> {
    let folder = args.folder.display();
    let failed =
        |error: std::io::Error| CliError::Failed(format!("The man pages cannot be written to {folder}: {error}."));
    std::fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(failed)?;
    let pages = 1 + Cli::command().get_subcommands().count();
    console.note(format!("{pages} man pages are in {folder}."));
    console.print_json(&json!({"event": "man", "folder": args.folder, "pages": pages}));
    Ok(Exit::Done)
}
