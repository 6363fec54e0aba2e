//! The build: static, and without a path or a time of this machine.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::error::PackageError;
use super::target::{FUNCTIONS, TARGET, profile};
use super::workspace::{RUSTUP, Workspace, WorkspaceError};

/// The C compiler for [`TARGET`], as crates with C in them look it up.
const C_COMPILER: &str = "CC_x86_64_unknown_linux_musl";

/// The linker script that leaves out the tables that nobody who does not unwind needs, the standard library's among them.
const NO_UNWINDING: &str = "shared/deployment/no-unwinding.ld";

/// Builds the packages of the workspace, and says which crate is done, of how many.
pub(crate) fn build(
    workspace: &Workspace,
    names_c_compiler: bool,
    compiled: &mut dyn FnMut(&str, usize, usize),
) -> Result<(), PackageError> {
    check(workspace, names_c_compiler)?;
    let mut command = Command::new("cargo");
    command.args(["build", "--locked", "--profile", profile(&workspace.names), "--target", TARGET, "--bins"]);
    command.arg("--message-format=json-render-diagnostics").arg("--quiet");
    for name in &workspace.names {
        command.args(["--package", name]);
    }
    command.args(workspace.features());
    command.current_dir(&workspace.root).env("CARGO_ENCODED_RUSTFLAGS", flags(workspace)).env("SOURCE_DATE_EPOCH", "0");
    if !names_c_compiler {
        // Nothing of the C library's gets into the objects: ring calls none of it.
        command.env(C_COMPILER, "cc");
    }
    let failed = |error: std::io::Error| PackageError::Build(error.to_string());
    let mut cargo = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let of = workspace.packages();
    let mut seen = BTreeSet::new();
    for line in cargo.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()) {
        let Ok(message) = serde_json::from_str::<Value>(&line.map_err(failed)?) else { continue };
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let name = message["target"]["name"].as_str().unwrap_or_default().to_owned();
        if let Some(id) = message["package_id"].as_str()
            && seen.insert(id.to_owned())
        {
            compiled(&name, seen.len(), of);
        }
    }
    let status = cargo.wait().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(PackageError::Build(format!("cargo build ended with {status}"))) }
}

/// What cargo would fail for after minutes, or with words that name no remedy.
fn check(workspace: &Workspace, names_c_compiler: bool) -> Result<(), WorkspaceError> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(&workspace.root)
        .output()
        .map_err(|error| WorkspaceError::Tool { tool: "rustc", error, remedy: RUSTUP })?;
    let folder = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !std::path::Path::new(folder.trim()).exists() {
        return Err(WorkspaceError::Target);
    }
    // cc links; and it compiles ring's C where nothing else is named.
    let remedy = "a C compiler and linker is needed (Debian: apt-get install gcc libc6-dev)";
    let found = Command::new("cc").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match found {
        Err(error) if !names_c_compiler => Err(WorkspaceError::Tool { tool: "cc", error, remedy }),
        _ => Ok(()),
    }
}

/// The compiler's flags, as cargo takes them from its environment. Paths of sources would differ from machine to machine.
fn flags(workspace: &Workspace) -> String {
    let remap = |from: &std::path::Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let mut flags: Vec<String> = workspace.sources().iter().map(|from| remap(from, "/crates")).collect();
    flags.push(remap(&workspace.root, "/albridge"));
    flags.push("-Ctarget-feature=+crt-static".to_owned());
    // What is linked into a program alone reaches its own symbols without a table.
    flags.push("-Crelocation-model=pie".to_owned());
    // A position-independent program moves its own pointers at its start; packed, their list is a hundredth.
    flags.push("-Clink-arg=-Wl,-z,pack-relative-relocs".to_owned());
    if profile(&workspace.names) == FUNCTIONS {
        flags.push(format!("-Clink-arg=-Wl,-T,{}", workspace.root.join(NO_UNWINDING).display()));
        flags.push("-Clink-arg=-Wl,--no-eh-frame-hdr".to_owned());
    }
    flags.join("\u{1f}")
}
