//! Writes `src/gateway/table/*.rs`, the parameter tables that the emulator checks requests against.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::tables::{self, Range};

/// Files by name, and what is to be in them.
pub(crate) fn files() -> Vec<(PathBuf, String)> {
    let folder = crate::root().join("src/gateway/table");
    tables::services().map(|service| (folder.join(format!("{service}.rs")), module(service))).collect()
}

fn module(service: &str) -> String {
    let version = tables::version(service).unwrap();
    // A service may have nothing but actions without parameters.
    let uses = match &*kinds(service).join(", ") {
        "" => "use super::entry::Action;".to_owned(),
        kinds => format!("use super::entry::Kind::{{{kinds}}};\nuse super::entry::{{Action, may, must}};"),
    };
    let mut text = format!(
        "//! What the actions of `{service}` take. Written by tests/conformance from data: not to be edited.\n\n\
         {uses}\n\n\
         pub(super) const VERSION: &str = \"{version}\";\n\npub(super) const ACTIONS: &[Action] = &[\n"
    );
    for (name, action) in tables::actions(service).unwrap() {
        let ranges = tables::ranges(service, name);
        writeln!(text, "    Action {{ name: \"{name}\", parameters: &[").unwrap();
        for (parameter, kind) in &action.parameters {
            let range = ranges.iter().find(|range| range.parameter == *parameter);
            writeln!(text, "        {}{},", row(parameter, kind), range.map(bounds).unwrap_or_default()).unwrap();
        }
        text.push_str("    ] },\n");
    }
    text.push_str("];\n");
    text
}

fn row(name: &str, kind: &str) -> String {
    let how = if kind.starts_with("required") { "must" } else { "may" };
    format!("{how}(\"{name}\", {})", word(kind))
}

fn bounds(range: &Range) -> String {
    let how = if range.length { "length" } else { "value" };
    format!(".{how}({}, {})", grouped(range.from), grouped(range.to))
}

/// `65_535`.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join("_")
}

/// The type as the tables' own type calls it.
fn word(kind: &str) -> &'static str {
    match kind.trim_start_matches("required").trim() {
        "int" => "Integer",
        "float" => "Float",
        "bool" => "Flag",
        "" => "Group",
        kind if kind.starts_with("Dict") => "Json",
        _ => "Text",
    }
}

fn kinds(service: &str) -> Vec<&'static str> {
    let actions = tables::actions(service).unwrap().values();
    let mut kinds: Vec<&str> = actions.flat_map(|action| action.parameters.values()).map(|kind| word(kind)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
