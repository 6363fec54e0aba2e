//! The error of a store, with its place.

use std::fmt;

use serde::Serialize;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{DefaultMessageFormatter, Error, MessageFormatter};

use super::check::value::no_number;
use super::place::Place;
use super::shape::Misfit;
use super::wrong::Wrong;
use crate::reason::{Code, Reason};

/// Why a store cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub struct StoreError {
    /// The document: a file or an OSS address.
    pub name: String,
    /// Line and column, both from 1, if they are known.
    pub at: Option<(u64, u64)>,
    /// The path of the value, as in `bindings[0].alb.id`; empty if the document could not be parsed that far.
    pub path: String,
    /// The problem, and what to do.
    pub message: String,
}

impl StoreError {
    /// The text cannot be parsed as a store. `places` are known unless it is not even YAML.
    pub(super) fn unreadable(name: &str, error: &Error, places: Option<&Place>) -> Self {
        let mut at = error.location().map(|at| (at.line(), at.column()));
        let missing = matches!(error.without_snippet(), Error::SerdeMissingField { .. });
        let path = places.zip(at).and_then(|(places, at)| if missing { places.around(at) } else { places.path(at) });
        let path = path.unwrap_or_default();
        if missing {
            // The parser reports the place of the last key; the mapping without the field is meant.
            at = places.and_then(|places| places.find(&path)).or(at);
        }
        Self { name: name.to_owned(), at, message: discreet(&path, sentence(error, &path)), path }
    }

    /// The text cannot be read.
    #[must_use]
    pub fn not_read(name: &str, why: impl fmt::Display) -> Self {
        let message = format!("cannot be read: {why}.");
        Self { name: name.to_owned(), at: None, path: String::new(), message }
    }

    /// The text is too large.
    pub(super) fn too_large(name: &str, bytes: usize, most: usize) -> Self {
        let message = format!("has {bytes} bytes, and a store has at most {most}. Split it over several deployments.");
        Self { name: name.to_owned(), at: None, path: String::new(), message }
    }

    /// The text was parsed, but violates a rule.
    pub(super) fn invalid(name: &str, places: &Place, Wrong { path, message }: Wrong) -> Self {
        Self { name: name.to_owned(), at: places.find(&path), message: discreet(&path, message), path }
    }

    /// The text has another structure than a store.
    pub(super) fn misfit(name: &str, Misfit { at, path, message }: Misfit) -> Self {
        Self { name: name.to_owned(), at, message: discreet(&path, message), path }
    }

    /// The error as a reason, for reports.
    #[must_use]
    pub fn reason(&self) -> Reason {
        Reason::new(Code::Store, &self.name, self.to_string())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        f.write_str(": ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// The longest word that is quoted where secrets may stand: no field and no kind is longer.
const QUOTED: usize = 16;

/// A message without what it quotes of the receivers' list, or of a place that is not known: a colon that is missing makes a field's name of a URL.
fn discreet(path: &str, message: String) -> String {
    if !(path.is_empty() || path.starts_with("notify")) || !message.contains('`') {
        return message;
    }
    if !message.matches('`').count().is_multiple_of(2) {
        // Something that is quoted has one of its own, so nobody knows where it ends.
        return "has a field or a value that is not known here.".to_owned();
    }
    let parts = message.split('`').enumerate().map(|(place, part)| {
        // Every other part is quoted. Names of receivers and bindings are checked before they are.
        let is_long = place % 2 == 1 && part.chars().count() > QUOTED;
        if is_long { "..." } else { part }
    });
    parts.collect::<Vec<_>>().join("`")
}

/// The parser's message for authors of a store: without the place, which comes first here, and without Rust types.
fn sentence(error: &Error, path: &str) -> String {
    let error = error.without_snippet();
    match error {
        Error::InvalidScalar { ty, .. } => match *ty {
            "u8" | "u16" | "u32" => no_number(path),
            "bool" | "boolean" => "is neither true nor false.".to_owned(),
            other => format!("is no {other}."),
        },
        // The only addresses in a store are in prefixes.
        Error::Message { msg, .. } if msg == "invalid IP address syntax" => {
            "is no prefix. Write one of the form 100.64.0.0/24.".to_owned()
        }
        Error::InvalidBooleanStrict { .. } => "is neither true nor false.".to_owned(),
        Error::Eof { .. } => "ends too early. Write `bindings:` and a list, which may be [].".to_owned(),
        Error::Unexpected { expected, .. } => {
            let wanted = match *expected {
                "sequence start" => "a list",
                "mapping start" => "fields with values",
                "string scalar" => "a text",
                other => other,
            };
            format!("expected {wanted}.")
        }
        Error::NullIntoString { .. } => {
            "has no value. Write one, or leave the line out if it has a default.".to_owned()
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` stands here twice. Keep one of them."),
        // The error is about the value that an alias stands for.
        Error::AliasError { error, .. } => sentence(error, path),
        Error::Budget { breach: BudgetBreach::RecordedAnchorEvents { .. }, .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "aliases stand for more than a store can hold. Write the values out.".to_owned()
        }
        Error::Budget { .. } => {
            "is nested more deeply, or has more values, than a store can. Write it like the example of the README."
                .to_owned()
        }
        Error::MultipleDocuments { .. } => "a second document begins. Put all bindings into one.".to_owned(),
        // Not `Display`, which would bring what draws excerpts of a text (150 kB) into every function.
        other => {
            let text = DefaultMessageFormatter.format_message(other);
            let line = text.lines().next().unwrap_or_default().replace(char::is_control, " ");
            format!("{}.", line.trim_end())
        }
    }
}
