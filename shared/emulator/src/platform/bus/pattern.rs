//! Event patterns: the same nesting as the event, AND over keys, OR within lists (workflow-events-template.md 2.3).

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::Value;

/// Whether an event fits a pattern.
pub(super) fn matches(pattern: &Value, event: &Value) -> bool {
    let Some(fields) = pattern.as_object() else { return false };
    fields.iter().all(|(name, wanted)| {
        let value = event.get(name);
        match wanted {
            Value::Array(alternatives) => alternatives.iter().any(|alternative| fits(alternative, value)),
            Value::Object(_) => value.is_some_and(|value| matches(wanted, value)),
            // Outside the documents' grammar; the nearest reading is a list of one.
            plain => fits(plain, value),
        }
    })
}

/// Whether one alternative fits a value; a list fits if one of its elements does.
fn fits(alternative: &Value, value: Option<&Value>) -> bool {
    if let Some(exists) = alternative.get("exists") {
        return exists.as_bool() == Some(value.is_some());
    }
    match value {
        None => false,
        Some(Value::Array(elements)) => elements.iter().any(|element| fits_one(alternative, element)),
        Some(value) => fits_one(alternative, value),
    }
}

fn fits_one(alternative: &Value, value: &Value) -> bool {
    let Some(operators) = alternative.as_object() else { return alternative == value };
    !operators.is_empty() && operators.iter().all(|(operator, operand)| operate(operator, operand, value))
}

fn operate(operator: &str, operand: &Value, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let any_text = |test: &dyn Fn(&str) -> bool| {
        value.is_string() && list(operand).any(|operand| operand.as_str().is_some_and(test))
    };
    match operator {
        "prefix" => any_text(&|wanted| text.starts_with(wanted)),
        "suffix" => any_text(&|wanted| text.ends_with(wanted)),
        "contains" => any_text(&|wanted| text.contains(wanted)),
        "anything-but" => !list(operand).any(|excluded| fits_one(excluded, value)),
        "numeric" => number(value).is_some_and(|number| in_range(operand, number)),
        "cidr" => any_text(&|wanted| {
            let range: Option<Ipv4Net> = wanted.parse().ok();
            let address: Option<Ipv4Addr> = text.parse().ok();
            range.zip(address).is_some_and(|(range, address)| range.contains(&address))
        }),
        _ => false,
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice).iter()
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

/// `[">", 0, "<=", 5]`.
fn in_range(operand: &Value, number: f64) -> bool {
    let Some(parts) = operand.as_array() else { return false };
    !parts.is_empty()
        && parts.chunks(2).all(|pair| match pair {
            [Value::String(comparison), bound] => bound.as_f64().is_some_and(|bound| match comparison.as_str() {
                "=" => (number - bound).abs() < f64::EPSILON,
                "<" => number < bound,
                "<=" => number <= bound,
                ">" => number > bound,
                ">=" => number >= bound,
                _ => false,
            }),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_operator_accepts_and_refuses() {
        let event = json!({
            "type": "ecs:Instance:StateChange",
            "ip": "10.1.2.3",
            "data": {"state": "Running", "count": 3, "ids": ["a", "b"], "empty": ""},
        });
        for (pattern, expected) in [
            (json!({"type": ["x", "ecs:Instance:StateChange"]}), true),
            (json!({"type": ["ecs:instance:statechange"]}), false),
            (json!({"type": [{"prefix": "ecs:"}], "data": {"state": ["Stopped"]}}), false),
            (json!({"type": [{"suffix": "Change"}], "data": {"state": ["Running"]}}), true),
            (json!({"type": [{"contains": "Instance"}]}), true),
            (json!({"data": {"state": [{"anything-but": ["Stopped", "Deleted"]}]}}), true),
            (json!({"data": {"state": [{"anything-but": {"prefix": "Run"}}]}}), false),
            (json!({"data": {"count": [{"numeric": [">", 0, "<=", 3]}]}}), true),
            (json!({"data": {"count": [{"numeric": [">", 3]}]}}), false),
            (json!({"ip": [{"cidr": "10.0.0.0/8"}]}), true),
            (json!({"ip": [{"cidr": "192.168.0.0/16"}]}), false),
            (json!({"data": {"ids": ["b"]}}), true),
            (json!({"data": {"gone": [{"exists": false}], "state": [{"exists": true}]}}), true),
            (json!({"data": {"empty": [""]}}), true),
            (json!({"gone": {"x": ["y"]}}), false),
            (json!({"type": [{"unheard-of": 1}]}), false),
            (json!("x"), false),
        ] {
            assert_eq!(matches(&pattern, &event), expected, "{pattern}");
        }
    }
}
