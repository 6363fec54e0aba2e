//! Writes the bill of materials of the shipped packages: `cargo metadata` on stdin, CycloneDX on stdout. The arguments are
//! the names of the shipped packages.

use std::io::{Read, Write};
use std::process::ExitCode;

use deployment::package::{bill, faults};

fn main() -> ExitCode {
    match written() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _gone = writeln!(std::io::stderr(), "sbom: {why}");
            ExitCode::FAILURE
        }
    }
}

fn written() -> Result<(), String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| error.to_string())?;
    let metadata = serde_json::from_str(&text).map_err(|error| format!("stdin is no JSON: {error}"))?;
    let roots: Vec<String> = std::env::args().skip(1).collect();
    let bill = bill(&metadata, "albridge", env!("CARGO_PKG_VERSION"), &roots).map_err(|error| error.to_string())?;
    let faults = faults(&bill);
    if !faults.is_empty() {
        return Err(format!("the bill breaks the schema: {}", faults.join("; ")));
    }
    let text = serde_json::to_string_pretty(&bill).map_err(|error| error.to_string())?;
    writeln!(std::io::stdout(), "{text}").map_err(|error| error.to_string())
}
