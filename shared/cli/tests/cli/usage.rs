//! The command line itself.

use crate::support::tool;

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let help = tool(&["--help"], &[]);
    assert_eq!(help.code, 0);
    insta::assert_snapshot!(help.stdout);
}

#[test]
fn every_command_has_help_with_an_example() {
    let commands = [
        "demo",
        "emulate",
        "replay",
        "validate",
        "plan",
        "apply",
        "import",
        "run",
        "status",
        "history",
        "console",
        "explain",
        "graph",
        "package",
        "deploy",
        "doctor",
        "teardown",
        "policy",
        "schema",
        "completions",
        "man",
    ];
    for command in commands {
        let help = tool(&[command, "--help"], &[]);
        assert_eq!(help.code, 0, "{command}");
        assert!(help.stdout.contains(&format!("Example:\n  albridge {command}")), "{}", help.stdout);
        assert!(help.stdout.contains("--json"), "{command}");
    }
}

#[test]
fn what_cannot_be_meant_is_64() {
    let wrong: [&[&str]; 23] = [
        &[],
        &["dmeo"],
        &["demo", "--alb", "modern"],
        &["emulate", "--speed", "0"],
        &["emulate", "--scenario", "no-such-file.yml"],
        &["emulate", "--faults", "no-such-file.yml"],
        &["replay", "no-such-file.jsonl"],
        &["replay", "Cargo.toml"],
        &["package", "--function", "no-such-function"],
        &["package", "--function", "listener", "--cli"],
        &["package", "--sources", "/"],
        &["policy", "no-such-function"],
        &["plan"],
        &["run"],
        &["validate"],
        &["status", "-o", "xml"],
        &["status", "-o", "json", "--json"],
        &["status", "--watch=0"],
        &["history", "--since", "yesterday"],
        &["history", "--all", "--limit", "3"],
        &["apply", "-o", "json"],
        &["import", "web"],
        &["import", "web", "i-1"],
    ];
    for arguments in wrong {
        let ran = tool(arguments, &[]);
        assert_eq!(ran.code, 64, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn bindings_that_cannot_be_read_are_named_with_line_and_column() {
    let file = std::env::temp_dir().join(format!("albridge-bad-{}.yml", std::process::id()));
    std::fs::write(&file, "bindings:\n  - name: Web\n").unwrap();
    let ran = tool(&["plan", "--bindings", file.to_str().unwrap()], &[]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(ran.code, 64, "{}", ran.stderr);
    assert!(ran.stderr.contains(".yml:2:"), "{}", ran.stderr);
}

#[test]
fn nobody_is_asked_where_nobody_sits() {
    let ran = tool(&["apply"], &[("ALBRIDGE_BINDINGS", "oss://b.cn-hangzhou/k")]);
    assert_eq!(ran.code, 64);
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
}

#[test]
fn in_json_an_error_is_a_line_too() {
    let ran = tool(&["plan", "--json"], &[]);
    assert_eq!(ran.code, 64);
    let lines = ran.json();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["ok"], false);
}

#[test]
fn as_a_document_an_error_is_one_too() {
    let json = tool(&["plan", "-o", "json"], &[]);
    assert_eq!(json.code, 64);
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&document["ok"], &document["exitCode"]), (&false.into(), &64.into()), "{document}");
    let yaml = tool(&["plan", "-o", "yaml"], &[]);
    assert!(yaml.stdout.starts_with("ok: false\nexitCode: 64\nerror: "), "{}", yaml.stdout);
}

#[test]
fn lines_are_as_wide_as_the_environment_says() {
    let ran = tool(&["plan"], &[("COLUMNS", "44")]);
    assert!(ran.stderr.lines().count() > 1 && ran.stderr.lines().all(|line| line.len() <= 44), "{}", ran.stderr);
    assert_eq!(tool(&["plan"], &[]).stderr.lines().count(), 1, "without a terminal a sentence is a line");
}

#[test]
fn the_schema_and_the_policies_are_json() {
    let schema: serde_json::Value = serde_json::from_str(&tool(&["schema"], &[]).stdout).unwrap();
    assert!(schema["properties"]["bindings"].is_object());
    assert_eq!(tool(&["schema", "--json"], &[]).json(), [schema]);
    let scenario: serde_json::Value = serde_json::from_str(&tool(&["schema", "--scenario"], &[]).stdout).unwrap();
    assert!(scenario["properties"]["securityGroups"].is_object(), "{scenario}");
    let policies = tool(&["policy", "--json"], &[]).json();
    assert_eq!(policies.len(), 12);
    assert!(policies.iter().all(|line| line["policy"]["Version"] == "1"));
    let script = tool(&["completions", "bash"], &[]);
    assert!(script.stdout.contains("_albridge"));
}

/// A disk that is full loses what was asked for; who closes a pipe has read enough.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_no_success() {
    use std::process::{Command, Stdio};

    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [&["schema"][..], &["policy", "listener", "--json"], &["--help"], &["--version"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_albridge"));
        let ran = command.args(arguments).env_clear().stdout(full()).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.starts_with("albridge: the output could not be written: ") && said.lines().count() == 1, "{said}");
    }
    let (closed, pipe) = std::io::pipe().unwrap();
    drop(closed);
    let mut command = Command::new(env!("CARGO_BIN_EXE_albridge"));
    let ran = command.arg("schema").env_clear().stdout(pipe).output().unwrap();
    assert_eq!((ran.status.code(), ran.stderr.len()), (Some(0), 0));
}
