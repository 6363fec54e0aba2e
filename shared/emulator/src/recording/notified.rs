//! What is secret in bindings: where those who are told of faults take messages (`notify`, docs/operations.md), everything behind the host of
//! a URL, and what messages are signed with. The fields' names, `url` and `secret`, are too common to be known by name alone. Kept apart from the
//! bindings they are a document of their own, `secrets`, of which every value is one.

use document::Limits;
use serde_json::Value;

/// The secrets of a text that is a document with bindings, or with the secrets of some; none of any other text.
pub(super) fn secrets(text: &str) -> Vec<String> {
    if !text.contains("notify") && !text.contains("secrets") {
        return Vec::new();
    }
    let Ok(document) = document::read::<Value>(text, Limits::WORLD) else { return Vec::new() };
    let receivers = document.get("notify").and_then(Value::as_array).into_iter().flatten();
    let fields = receivers.flat_map(|receiver| {
        let field = |name: &str| receiver.get(name).and_then(Value::as_str);
        [field("url").map(behind_host), field("secret")]
    });
    let apart = document.get("secrets").and_then(Value::as_object).into_iter().flatten();
    let apart = apart.filter_map(|(_, value)| value.as_str());
    // A name of one that is kept apart is none itself.
    let fields = fields.flatten().filter(|field| !field.starts_with("secret:"));
    fields.chain(apart).map(str::to_owned).collect()
}

/// What stands behind the first `/`, `?` or `#` after the host, so that the URL stays one without it.
fn behind_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once(['/', '?', '#']).map_or("", |(_, behind)| behind)
}
