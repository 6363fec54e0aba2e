//! The payload for a target: the whole event, a part of it, a template with parts of it, or a constant.

use serde_json::Value;
use template::Param;

/// Applies a target's parameter; without one the target gets the event as it is.
pub(super) fn apply(param: Option<&Param>, event: &Value) -> Vec<u8> {
    let Some(param) = param else { return event.to_string().into_bytes() };
    match param.form.as_str() {
        "CONSTANT" => param.value.clone().into_bytes(),
        "JSONPATH" => plain(&select(event, &param.value)).into_bytes(),
        "TEMPLATE" => fill(param, event).into_bytes(),
        _ => event.to_string().into_bytes(),
    }
}

/// `$.data.resourceId`; only member access is supported. What is missing is null.
fn select(event: &Value, path: &str) -> Value {
    let steps = path.trim_start_matches('$').split('.').filter(|step| !step.is_empty());
    steps.fold(event.clone(), |value, step| value.get(step).cloned().unwrap_or(Value::Null))
}

/// `Value` maps names to paths, `Template` is a text with `${name}`.
fn fill(param: &Param, event: &Value) -> String {
    let names: serde_json::Map<String, Value> = serde_json::from_str(&param.value).unwrap_or_default();
    let mut text = param.template.clone().unwrap_or_default();
    for (name, path) in names {
        let value = select(event, path.as_str().unwrap_or_default());
        text = text.replace(&format!("${{{name}}}"), &plain(&value));
    }
    text
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_gives_its_part() {
        let event = json!({"data": {"resourceId": "i-1"}});
        let given = |form: &str, value: &str, template: Option<&str>| {
            let param = Param {
                key: "Body".into(),
                form: form.into(),
                value: value.into(),
                template: template.map(str::to_owned),
            };
            String::from_utf8(apply(Some(&param), &event)).unwrap()
        };
        assert_eq!(given("ORIGINAL", "", None), event.to_string());
        assert_eq!(given("CONSTANT", "x", None), "x");
        assert_eq!(given("JSONPATH", "$.data.resourceId", None), "i-1");
        assert_eq!(given("JSONPATH", "$.data.gone", None), "null");
        assert_eq!(
            given("TEMPLATE", r#"{"id":"$.data.resourceId"}"#, Some(r#"{"instance":"${id}"}"#)),
            r#"{"instance":"i-1"}"#
        );
    }
}
