//! The table of guarded lines (docs/testing.md): its entries exist, and the mutants are those of its functions.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a page that cannot be read ends the test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A row: a function with the path of its file, and the test that fails when the function is inverted.
struct Guard {
    path: String,
    function: String,
    test: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn guards() -> Vec<Guard> {
    let page = read("docs/testing.md");
    let (_, section) = page.split_once("\n## Guarded lines\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `shared/") || line.starts_with("| `functions/"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [function, _, test] = cells.as_slice() else { panic!("{row}") };
        let (path, function) = function.trim_matches('`').split_once("::").unwrap();
        Guard { path: path.to_owned(), function: function.to_owned(), test: test.trim_matches('`').to_owned() }
    })
    .collect()
}

/// All Rust sources of the crate that contains a file.
fn crate_of(path: &str) -> String {
    let (package, _) = path.split_once("/src/").unwrap();
    let mut text = String::new();
    let mut folders = vec![root().join(package).join("src"), root().join(package).join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

/// The entry of `.cargo/mutants.toml` for a function. It matches all mutants of this function and of no other.
fn pattern(guard: &Guard) -> String {
    let function = match guard.function.split_once("::") {
        Some((owner, method)) if read(&guard.path).contains(&format!("trait {owner}")) => {
            format!("<impl {owner} for .*>::{method}")
        }
        Some((owner, method)) => format!("{owner}(<.*>)?::{method}"),
        None => guard.function.clone(),
    };
    format!("^{}:.*(: replace| in) {function}( ->| with|$)", guard.path.replace('.', "\\."))
}

#[test]
fn what_the_table_names_exists() {
    let guards = guards();
    assert!(guards.len() > 60, "{} rows", guards.len());
    let mut seen = BTreeSet::new();
    for Guard { path, function, test } in &guards {
        assert!(seen.insert((path, function)), "{path}::{function} has two rows");
        let source = read(path);
        let (owner, name) = function.split_once("::").unwrap_or(("", function));
        assert!(
            source.contains(&format!("fn {name}(")) || source.contains(&format!("fn {name}<")),
            "{path}: {function}"
        );
        let owners = [format!("impl {owner}"), format!("impl<'a> {owner}<'a>"), format!("trait {owner}")];
        assert!(owner.is_empty() || owners.iter().any(|text| source.contains(text)), "{path}: {function}");
        let text = crate_of(path);
        let is_test = |text: &str| {
            let (before, _) = text.split_once(&format!("fn {test}(")).unwrap_or_default();
            before.trim_end_matches("async ").trim_end().ends_with(']')
        };
        assert!(is_test(&text), "{path}::{function}: {test} is no test of its crate");
    }
}

#[test]
fn the_mutants_are_those_of_the_table() {
    let guards = guards();
    let config = read(".cargo/mutants.toml");
    let listed = |open: char, close: &str| -> Vec<String> {
        let lines =
            config.lines().filter_map(|line| line.strip_prefix("    ")?.strip_prefix(open)?.strip_suffix(close));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(listed('\'', "',"), guards.iter().map(pattern).collect::<Vec<_>>());
    let mut paths: Vec<&str> = guards.iter().map(|guard| guard.path.as_str()).collect();
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(*path));
    assert_eq!(listed('"', "\","), paths);
}
