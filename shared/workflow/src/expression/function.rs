//! The built-in functions whose behaviour the help page shows by example.
//!
//! Source: the CloudFlow help page "Built-in functions". Functions that generate identifiers or hashes are not
//! implemented: a definition that uses them is refused when it is read, not when it runs.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::equality::equal;
use crate::limits;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    ArrayContains,
    ArrayUnique,
    Format,
    FromBase64,
    StringToJson,
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "arrayContains" => Self::ArrayContains,
            "arrayUnique" => Self::ArrayUnique,
            "format" => Self::Format,
            "fromBase64" => Self::FromBase64,
            "stringToJson" => Self::StringToJson,
            _ => return None,
        })
    }

    /// Refuses a call with the wrong number of arguments.
    pub(super) fn check(self, arguments: usize) -> Result<(), String> {
        let fits = match self {
            Self::ArrayContains => arguments == 2,
            Self::Format => arguments >= 1,
            Self::ArrayUnique | Self::FromBase64 | Self::StringToJson => arguments == 1,
        };
        if fits { Ok(()) } else { Err(format!("a built-in function does not take {arguments} arguments")) }
    }

    pub(super) fn apply(self, arguments: &[Value]) -> Result<Value, String> {
        match (self, arguments) {
            (Self::ArrayContains, [Value::Array(items), wanted]) => {
                Ok(Value::Bool(items.iter().any(|item| equal(item, wanted))))
            }
            (Self::ArrayUnique, [Value::Array(items)]) => {
                let mut seen = BTreeSet::new();
                Ok(Value::Array(items.iter().filter(|item| seen.insert(canonical(item))).cloned().collect()))
            }
            (Self::Format, [Value::String(template), values @ ..]) => format(template, values),
            (Self::FromBase64, [Value::String(text)]) => STANDARD
                .decode(text)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .map(Value::String)
                .ok_or_else(|| "fromBase64 needs the Base64 of a text".to_owned()),
            (Self::StringToJson, [Value::String(text)]) => {
                serde_json::from_str(text).map_err(|error| format!("stringToJson cannot read its argument: {error}"))
            }
            _ => Err("a built-in function was given an argument of the wrong type".to_owned()),
        }
    }
}

/// A text that two values share if they are [`equal`].
fn canonical(value: &Value) -> String {
    match value {
        // Far above 2^53 two whole numbers may be one float; equality does not look so closely either.
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            Some(float) if float.fract() == 0.0 => format!("{float:.0}"),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

fn format(template: &str, values: &[Value]) -> Result<Value, String> {
    let mut parts = template.split("{}");
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut values = values.iter();
    for part in parts {
        if text.len() > limits::EXPRESSION_DATA {
            return Err(format!("format makes a text of more than {} bytes", limits::EXPRESSION_DATA));
        }
        match values.next() {
            Some(Value::String(value)) => text.push_str(value),
            Some(value) => text.push_str(&value.to_string()),
            None => return Err("format has more placeholders than values".to_owned()),
        }
        text.push_str(part);
    }
    match values.next() {
        None => Ok(Value::String(text)),
        Some(_) => Err("format has more values than placeholders".to_owned()),
    }
}
