//! Running the tool, and an emulated cloud for it to work on.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a tool that cannot be run ends the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Whether matrices run whole (docs/testing.md).
#[expect(clippy::disallowed_methods, reason = "the setting of the matrices, which the tool's tests go by, too")]
pub(crate) fn is_whole() -> bool {
    let scope = std::env::var("ALBRIDGE_MATRIX").unwrap_or_default();
    matches!(scope.as_str(), "full" | "soak")
}

/// What a run of the tool left behind.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Every line of stdout; each has to be JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
            .collect()
    }
}

/// The tool, with no environment but this.
pub(crate) fn tool(arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    tool_with_input(arguments, environment, "")
}

/// The same, with this on its standard input.
pub(crate) fn tool_with_input(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_albridge"));
    command.args(arguments).env_clear().envs(environment.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A tool that does not read its input may be gone already.
    let _gone = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A running `albridge emulate`; it ends with this.
pub(crate) struct Emulated {
    child: Child,
    /// Its line.
    pub(crate) line: Value,
}

impl Emulated {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_albridge"))
            .arg("emulate")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let line = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut why = String::new();
            child.stderr.as_mut().unwrap().read_to_string(&mut why).unwrap();
            panic!("no line: {line:?} {why}")
        });
        Self { child, line }
    }

    /// The tool, pointed at this cloud.
    pub(crate) fn tool(&self, arguments: &[&str]) -> Ran {
        let environment = self.environment();
        let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        tool(arguments, &environment)
    }

    /// The tool, pointed at this cloud, while it works.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_albridge"));
        command.args(arguments).env_clear().envs(self.environment());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn environment(&self) -> [(&'static str, String); 4] {
        let endpoints = self.line["endpoints"].to_string();
        let text = |name: &str| self.line[name].as_str().unwrap().to_owned();
        [
            ("ALBRIDGE_ENDPOINTS", endpoints),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", text("accessKeyId")),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", text("accessKeySecret")),
            ("ALBRIDGE_BINDINGS", text("bindings")),
        ]
    }
}

impl Drop for Emulated {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _gone = self.child.wait();
    }
}
