//! `albridge validate`: every error of a bindings file at once, as `file:line:column: path: message`, without a cloud.

use std::path::{Path, PathBuf};

use onboarding::{Store, StoreError};
use serde_json::json;
use stage::store;

use crate::args::ValidateArgs;
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit};
use crate::target;

/// The name of standard input, as an argument and in messages.
const STDIN: (&str, &str) = ("-", "<stdin>");

/// Checks each file, and fails if one of them is not valid.
pub(crate) fn validate(args: &ValidateArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let mut wrong = Vec::new();
    for file in files(args, environment)? {
        let name = if file == Path::new(STDIN.0) { STDIN.1.to_owned() } else { file.display().to_string() };
        let errors = match read(&file) {
            Ok(text) => Store::validate(&text, &name),
            Err(error) => Err(vec![StoreError::not_read(&name, error)]),
        };
        match errors {
            Ok(store) => {
                let names: Vec<&str> = store.bindings.iter().map(|binding| binding.name.as_str()).collect();
                console.print(format!("{name}: valid, {}", counted(names.len(), "binding")));
                console.print_json(&json!({"event": "valid", "file": name, "bindings": names}));
            }
            Err(errors) => {
                for error in &errors {
                    console.print(error.to_string());
                    let (line, column) = error.at.unzip();
                    console.print_json(&json!({"event": "error", "file": name, "line": line, "column": column,
                                               "path": error.path, "message": error.message}));
                }
                wrong.push(format!("{name}: {}", counted(errors.len(), "error")));
            }
        }
    }
    if wrong.is_empty() { Ok(console.finish(Exit::Done, json!({}))) } else { Err(CliError::Usage(wrong.join("; "))) }
}

/// What is to be checked.
fn files(args: &ValidateArgs, environment: &Environment) -> Result<Vec<PathBuf>, CliError> {
    if !args.files.is_empty() {
        return Ok(args.files.clone());
    }
    let usage = |message: String| Err(CliError::Usage(message));
    match environment.get("ALBRIDGE_BINDINGS") {
        None => match target::file_here(environment) {
            Some(file) => Ok(vec![PathBuf::from(file)]),
            None => usage(format!(
                "No bindings are named, and there is no {} here: give a FILE, `-` for standard input, or set ALBRIDGE_BINDINGS.",
                target::BINDINGS
            )),
        },
        Some(object) if object.starts_with("oss://") => usage(format!(
            "{object} is in the cloud, which this command does not ask: give a FILE, or `-` for standard input."
        )),
        Some(file) => Ok(vec![PathBuf::from(file)]),
    }
}

fn read(file: &Path) -> std::io::Result<String> {
    if file != Path::new(STDIN.0) {
        return store::read_file(file);
    }
    store::read(std::io::stdin().lock())
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
