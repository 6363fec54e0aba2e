//! Looking into answers: paths such as `Vpcs.Vpc.0.Status`, and `#` for a list's length.

use serde_json::Value;

/// The value at a path; null where there is none.
pub(crate) fn at(answer: &Value, path: &str) -> Value {
    let mut found = answer.clone();
    for part in path.split('.') {
        found = match (&found, part) {
            (Value::Array(items), "#") => items.len().into(),
            (Value::Array(items), part) => {
                part.parse::<usize>().ok().and_then(|index| items.get(index)).cloned().unwrap_or_default()
            }
            // Some fields hold JSON as text.
            (Value::String(text), part) => at(&serde_json::from_str(text).unwrap_or_default(), part),
            (other, part) => other.get(part).cloned().unwrap_or_default(),
        };
    }
    found
}

/// The value as a later request would send it.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Objects and lists as flattened parameters: `Servers.1.Port`.
pub(crate) fn flatten(name: &str, value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(field, value)| flatten(&join(name, field), value, into)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&join(name, &(index + 1).to_string()), item, into);
            }
        }
        Value::Null => {}
        other => into.push((name.to_owned(), plain(other))),
    }
}

fn join(name: &str, field: &str) -> String {
    if name.is_empty() { field.to_owned() } else { format!("{name}.{field}") }
}

/// A parameter's name as the tables write it: `Servers.2.Port` is `Servers.N.Port`.
pub(crate) fn pattern(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').map(|part| if part.parse::<u32>().is_ok() { "N" } else { part }).collect();
    parts.join(".")
}
