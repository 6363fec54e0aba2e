//! Compares a recorded answer with a new one, field by field.

use bytes::Bytes;
use emulator::recording::{Content, Exchange, REDACTED};
use http::Response;
use jiff::Timestamp;
use serde_json::Value;

use super::difference::Difference;
use super::names::Names;

/// Fields that differ in every answer.
const PASSING: [&str; 4] = ["RequestId", "HostId", "Recommend", "requestId"];

/// Longer lists are compared in their order only: matching is quadratic.
const MATCHED: usize = 200;

/// The differences between the recorded answer and the new one. It also learns the ids of created resources.
pub(super) fn answers(exchange: &Exchange, new: Option<&Response<Bytes>>, names: &mut Names) -> Vec<Difference> {
    let differs = |place: &str, recorded: String, replayed: String| Difference {
        number: exchange.number,
        region: exchange.region.clone(),
        action: action(exchange),
        place: place.to_owned(),
        recorded,
        replayed,
    };
    // A truncated answer counts as none, as it does for a client.
    let old = exchange.answer.as_ref().filter(|answer| !answer.truncated);
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (None, None) => return Vec::new(),
        (Some(old), None) => return vec![differs("connection", old.status.to_string(), "closed".to_owned())],
        (None, Some(new)) => {
            return vec![differs("connection", "closed".to_owned(), new.status().as_u16().to_string())];
        }
    };
    if let (Some(one), Some(other)) = (old.headers.get("x-acs-request-id"), new.headers().get("x-acs-request-id")) {
        names.same(one, other.to_str().unwrap_or_default());
    }
    let old_bytes = old.body.bytes();
    let (before, after) = (parsed(&old_bytes), parsed(new.body()));
    let code = |value: &Option<Value>| value.as_ref().and_then(|value| value["Code"].as_str()).unwrap_or("").to_owned();
    let mut found = Vec::new();
    if old.status != new.status().as_u16() {
        found.push(differs("status", old.status.to_string(), new.status().as_u16().to_string()));
    }
    if code(&before) != code(&after) {
        found.push(differs("code", code(&before), code(&after)));
    }
    if !found.is_empty() {
        // The rest of a refusal follows from its code.
        return found;
    }
    match (&before, &after) {
        (Some(before), Some(after)) => {
            learn("", before, after, names);
            let mut fields = Vec::new();
            values("", "", before, after, names, &mut fields);
            found.extend(fields.into_iter().map(|(place, recorded, replayed)| differs(&place, recorded, replayed)));
        }
        _ => {
            let before = match &old.body {
                Content::Base64(_) => old_bytes,
                _ => Bytes::from(names.translate(&String::from_utf8_lossy(&old_bytes))),
            };
            if before != *new.body() {
                found.push(differs("body", shown(&before), shown(new.body())));
            }
        }
    }
    found
}

fn parsed(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

/// The action's name, or method and path.
fn action(exchange: &Exchange) -> String {
    let form: &[(String, String)] = match &exchange.body {
        Content::Form(fields) => fields,
        _ => &[],
    };
    let named = exchange.query.iter().chain(form).find(|(name, _)| name == "Action").map(|(_, action)| action.clone());
    named
        .or_else(|| exchange.headers.get("x-acs-action").filter(|_| exchange.path == "/").cloned())
        .unwrap_or_else(|| format!("{} {}", exchange.method, exchange.path))
}

/// Whether a field contains something that the cloud generated.
fn is_id(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    ["id", "ids", "arn", "token", "etag", "macaddress"].iter().any(|end| field.ends_with(end))
}

/// Whether a field, or what is in it, is a time.
fn is_time(field: &str, old: &Value, new: &Value) -> bool {
    let named = ["Time", "Timestamp", "Date", "Expiration"].iter().any(|end| field.ends_with(end));
    let a_time =
        |value: &Value| value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok() || is_minute(text));
    (named && std::mem::discriminant(old) == std::mem::discriminant(new)) || (a_time(old) && a_time(new))
}

/// `2026-11-22T08:00Z`, as ECS writes times.
fn is_minute(text: &str) -> bool {
    text.len() == 17 && text.ends_with('Z') && format!("{}:00Z", &text[..16]).parse::<Timestamp>().is_ok()
}

/// Learns which new id replaces which recorded one, before fields that contain ids are compared.
fn learn(field: &str, old: &Value, new: &Value, names: &mut Names) {
    match (old, new) {
        (Value::String(old), Value::String(new)) if is_id(field) && old != REDACTED => {
            names.same(old, new);
        }
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in old {
                if let Some(other) = new.get(name)
                    && !PASSING.contains(&name.as_str())
                {
                    learn(name, value, other, names);
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for (one, other) in pairs(field, old, new, names) {
                learn(field, one, other, names);
            }
        }
        _ => {}
    }
}

/// Pairs the items of two lists. Lists are ordered by id, and the ids are different now: so each item is paired with the most
/// similar one, preferably at its own position.
fn pairs<'a>(field: &str, old: &'a [Value], new: &'a [Value], names: &Names) -> Vec<(&'a Value, &'a Value)> {
    if old.len().max(new.len()) > MATCHED {
        return old.iter().zip(new).collect();
    }
    let mut free: Vec<usize> = (0..new.len()).collect();
    let mut paired = Vec::new();
    for (index, item) in old.iter().enumerate() {
        let unlike = |place: usize| {
            let mut found = Vec::new();
            values("", field, item, &new[place], names, &mut found);
            found.len()
        };
        // Most lists are in the same order: then no search is needed.
        let own = Some(index).filter(|index| free.contains(index) && unlike(*index) == 0);
        let best = own.or_else(|| free.iter().copied().min_by_key(|place| (unlike(*place), place.abs_diff(index))));
        if let Some(best) = best {
            free.retain(|place| *place != best);
            paired.push((item, &new[best]));
        }
    }
    paired
}

/// Place, what was, what is.
type Found = (String, String, String);

fn values(place: &str, field: &str, old: &Value, new: &Value, names: &Names, found: &mut Vec<Found>) {
    if is_masked(old, new) || is_time(field, old, new) {
        return;
    }
    match (old, new) {
        (Value::Object(one), Value::Object(other)) => {
            for (name, value) in one.iter().filter(|(name, _)| !PASSING.contains(&name.as_str())) {
                let place = join(place, name);
                match other.get(name) {
                    Some(value_now) => values(&place, name, value, value_now, names, found),
                    None => found.push((place, brief(value), "nothing".to_owned())),
                }
            }
            for (name, value) in other.iter().filter(|(name, _)| !one.contains_key(*name)) {
                found.push((join(place, name), "nothing".to_owned(), brief(value)));
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            if one.len() != other.len() {
                found.push((place.to_owned(), format!("{} items", one.len()), format!("{} items", other.len())));
            }
            for (index, (item, item_now)) in pairs(field, one, other, names).into_iter().enumerate() {
                values(&format!("{place}[{index}]"), field, item, item_now, names, found);
            }
        }
        (Value::String(one), Value::String(other)) => {
            let alike = if one == other {
                !names.is_another(one)
            } else {
                names.translate(one) == *other || (is_id(field) && names.may_be_same(one, other))
            };
            // A field may hold JSON of its own, with ids and times in it.
            let nested = || Some((inner(one)?, inner(other)?));
            if alike {
                return;
            }
            match nested() {
                Some((one, other)) => values(place, field, &one, &other, names, found),
                None => found.push((place.to_owned(), one.clone(), other.clone())),
            }
        }
        _ if old == new => {}
        _ => found.push((place.to_owned(), brief(old), brief(new))),
    }
}

/// Whether a text is equal except for the masked part.
fn is_masked(old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_str(), new.as_str()) else { return false };
    match (old.split_once(REDACTED), old.rsplit_once(REDACTED)) {
        (Some((start, _)), Some((_, end))) => {
            new.len() >= start.len() + end.len() && new.starts_with(start) && new.ends_with(end)
        }
        _ => false,
    }
}

fn inner(text: &str) -> Option<Value> {
    text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten()
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

/// A value as one line of text.
fn brief(value: &Value) -> String {
    shown(value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_bytes())
}

fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 120;
    let text = String::from_utf8_lossy(bytes);
    if text.chars().count() <= MOST { text.into_owned() } else { text.chars().take(MOST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(old: &Value, new: &Value) -> Vec<String> {
        let mut names = Names::default();
        learn("", old, new, &mut names);
        let mut found = Vec::new();
        values("", "", old, new, &names, &mut found);
        found.into_iter().map(|(place, was, is)| format!("{place}: {was} -> {is}")).collect()
    }

    #[test]
    fn what_must_differ_does_not_count() {
        let old = json!({"RequestId": "A", "VpcId": "vpc-aaaaaa", "CreationTime": "2026-11-22T08:00:00Z", "Created": "2026-11-22T08:00Z",
            "DNSName": "vpc-aaaaaa.example", "SecurityToken": "***", "GmtTime": 17});
        let new = json!({"RequestId": "B", "VpcId": "vpc-bbbbbb", "CreationTime": "2026-11-23T09:00:00Z", "Created": "2026-11-23T08:00Z",
            "DNSName": "vpc-bbbbbb.example", "SecurityToken": "secret", "GmtTime": 18});
        assert_eq!(differences(&old, &new), Vec::<String>::new());
    }

    #[test]
    fn what_is_masked_is_compared_without_the_mask() {
        let differ = |old: &str, new: &str| !differences(&json!({ "Note": old }), &json!({ "Note": new })).is_empty();
        assert!(!differ("***", "anything") && !differ("key=*** ok", "key=secret ok"));
        assert!(differ("key=*** ok", "key=secret bad") && differ("a***a", "a"));
    }

    #[test]
    fn what_differs_is_named_with_its_place() {
        let old = json!({"Listeners": [{"Status": "Running", "Port": 80}], "Total": 1, "Gone": true});
        let new = json!({"Listeners": [{"Status": "Stopped", "Port": 80}], "Total": 2, "Come": [1]});
        let expected = [
            "Listeners[0].Status: Running -> Stopped",
            "Total: 1 -> 2",
            "Gone: true -> nothing",
            "Come: nothing -> [1]",
        ];
        assert_eq!(differences(&old, &new), expected);
        assert_eq!(differences(&json!({"L": [1, 2]}), &json!({"L": [1]})), ["L: 2 items -> 1 items"]);
    }

    #[test]
    fn lists_may_come_in_another_order() {
        let item = |id: &str, zone: &str| json!({"Id": id, "Zone": zone});
        let old = json!({"L": [item("aaaaaa", "a"), item("bbbbbb", "b")]});
        let new = json!({"L": [item("xxxxxx", "b"), item("yyyyyy", "a")]});
        assert_eq!(differences(&old, &new), Vec::<String>::new());
    }

    #[test]
    fn an_id_stands_for_one_thing_only() {
        let old = json!({"AId": "aaaaaa", "BId": "aaaaaa"});
        let new = json!({"AId": "bbbbbb", "BId": "cccccc"});
        assert_eq!(differences(&old, &new), ["BId: aaaaaa -> cccccc"]);
    }
}
