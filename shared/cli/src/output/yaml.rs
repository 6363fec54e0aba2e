//! JSON values as YAML: one form, without anchors, tags or folded text. Every text that could be read as something else is quoted.

use std::fmt::Write as _;

use serde_json::Value;

/// Texts that a reader of YAML takes for something else.
const WORDS: [&str; 11] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];

/// A value as a document, without a line end at its end.
pub(super) fn yaml(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out.trim_start_matches('\n').to_owned()
}

/// Writes a value behind a key or a dash. What has lines of its own begins with a line end.
fn write(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, field) in fields {
                let _never = write!(out, "\n{:indent$}{}:", "", scalar(key));
                behind(field, indent + 2, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let _never = write!(out, "\n{:indent$}-", "");
                match item {
                    Value::Object(fields) if !fields.is_empty() => {
                        let mut below = String::new();
                        write(item, indent + 2, &mut below);
                        let _never = write!(out, " {}", below.trim_start());
                    }
                    item => behind(item, indent + 2, out),
                }
            }
        }
        other => out.push_str(&plain(other)),
    }
}

fn behind(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => write(value, indent, out),
        Value::Array(items) if !items.is_empty() => write(value, indent, out),
        other => {
            let _never = write!(out, " {}", plain(other));
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        // Numbers, words, and what is empty are written as JSON writes them.
        other => other.to_string(),
    }
}

/// A text, quoted as JSON quotes it unless it can be nothing but text.
fn scalar(text: &str) -> String {
    let is_safe = text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./".contains(letter))
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_safe { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_reads_as_people_write_it() {
        let value = json!({"binding": "web", "ok": false, "runs": [{"run": "web-1", "stages": []}, {"a": {"b": 1}}], "x": {},
                           "list": ["one", "no", "2", [1, 2]], "none": null, "text": "a: b # c\n"});
        let expected = "binding: web\nok: false\nruns:\n  - run: web-1\n    stages: []\n  - a:\n      b: 1\nx: {}\nlist:\n  - one\n  \
                        - \"no\"\n  - \"2\"\n  -\n    - 1\n    - 2\nnone: null\ntext: \"a: b # c\\n\"";
        assert_eq!(yaml(&value), expected);
        assert_eq!(yaml(&json!([])), "[]");
        assert_eq!(yaml(&json!("x")), "x");
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[ -~äß成\n\t]{0,12}".prop_map(Value::from),
            prop::sample::select(vec!["yes", "1e3", "0x1f", "~", "- a", "a:", "#", "2026-11-22", "x.y/z"])
                .prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ -~]{0,8}", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(value in value()) {
            let text = yaml(&value);
            let read: Value = serde_saphyr::from_str(&text).unwrap();
            prop_assert_eq!(read, value, "{}", text);
        }
    }
}
