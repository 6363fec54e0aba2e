//! The forms of output: lines for people, JSON lines as things happen, or one document at the end.

use serde::Serialize;
use serde_json::Value;

use super::text::is_hidden;
use super::yaml::yaml;

/// For whom a command writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people; with more columns if `wide`.
    People {
        /// More columns.
        wide: bool,
    },
    /// For programs, line by line: JSON.
    Lines,
    /// For programs, at the end.
    Document(Language),
}

/// What a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// JSON, indented.
    Json,
    /// YAML.
    Yaml,
}

impl Language {
    /// A document without a line end at its end. A character that a terminal acts on is escaped: it can only be part of a text.
    pub(super) fn write(self, document: &Value) -> String {
        match self {
            Self::Json => self.escaped(&serde_json::to_string_pretty(document).unwrap_or_default()),
            Self::Yaml => self.escaped(&yaml(document)),
        }
    }

    /// The same text in this language, with every character escaped that a terminal acts on.
    fn escaped(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            match (letter, self) {
                ('\n', _) => out.push('\n'),
                (letter, _) if !is_hidden(letter) => out.push(letter),
                (letter, Self::Yaml) => out.push_str(&format!("\\U{:08x}", u32::from(letter))),
                (letter, Self::Json) => {
                    letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
                }
            }
        }
        out
    }
}

/// A line of JSON, escaped like a document.
pub(super) fn json_line(line: &impl Serialize) -> Option<String> {
    serde_json::to_string(line).ok().map(|line| Language::Json.escaped(&line))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_holds_nothing_that_a_terminal_acts_on_and_reads_back() {
        let document = json!({"a\u{9b}2J": "x\u{202e}y\u{e0001}\u{1b}[0m\n"});
        for language in [Language::Json, Language::Yaml] {
            let text = language.write(&document);
            assert!(!text.chars().any(|letter| letter != '\n' && is_hidden(letter)), "{text:?}");
            let read: Value = serde_saphyr::from_str(&text).unwrap();
            assert_eq!(read, document, "{text}");
        }
        for text in [Language::Json.write(&document), json_line(&document).unwrap()] {
            assert!(!text.chars().any(|letter| letter != '\n' && is_hidden(letter)), "{text:?}");
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
        }
    }
}
