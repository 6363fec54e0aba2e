//! Parameters that a client sends as one JSON text, expanded into one parameter per field.
//!
//! The official SDKs "shrink" some parameters: `Targets` of EventBridge's `PutTargets`, `TransitRouterCidrList` of CEN's
//! `CreateTransitRouter`, `Environment` of CloudFlow's `CreateFlow`. The services behind the gateway see fields only.

use serde_json::Value;

use super::table;
use crate::call::{Params, Service};

/// The parameters with every JSON text expanded; none if there would be more than `most`. What is no JSON object or list stays:
/// the table refuses it.
pub(super) fn expand(service: Service, action: &str, params: &Params, most: usize) -> Option<Params> {
    let mut expanded = Vec::new();
    for (name, value) in params.iter() {
        let may_be = value.trim_start().starts_with(['[', '{']);
        let structure = if may_be && table::has_fields(service, action, name) { structure(value) } else { None };
        match structure {
            Some(structure) => flatten(name, &structure, most, &mut expanded),
            None => expanded.push((name.to_owned(), value.to_owned())),
        }
    }
    (expanded.len() <= most).then(|| Params::new(expanded))
}

fn structure(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(|value: &Value| value.is_object() || value.is_array())
}

/// Recursive: JSON is read 128 levels deep at most.
fn flatten(name: &str, value: &Value, most: usize, into: &mut Vec<(String, String)>) {
    if into.len() > most {
        return;
    }
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(field, value)| flatten(&format!("{name}.{field}"), value, most, into));
        }
        Value::Array(items) => {
            items.iter().zip(1_u32..).for_each(|(item, number)| {
                flatten(&format!("{name}.{number}"), item, most, into);
            });
        }
        Value::Null => {}
        Value::String(text) => into.push((name.to_owned(), text.clone())),
        scalar => into.push((name.to_owned(), scalar.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(service: Service, action: &str, name: &str, value: &str) -> Vec<(String, String)> {
        let params = Params::new([(name.to_owned(), value.to_owned())]);
        let expanded = expand(service, action, &params, 100).unwrap();
        expanded.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn a_list_of_objects_is_spread_out() {
        let targets = r#"[{"Id":"a","ParamList":[{"Form":"CONSTANT"}]},{"Id":"b","Type":null}]"#;
        let fields = [("Targets.1.Id", "a"), ("Targets.1.ParamList.1.Form", "CONSTANT"), ("Targets.2.Id", "b")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(expanded(Service::EventBridge, "PutTargets", "Targets", targets), fields);
    }

    #[test]
    fn an_empty_list_is_nothing() {
        assert!(expanded(Service::Cbn, "CreateTransitRouter", "TransitRouterCidrList", "[]").is_empty());
    }

    #[test]
    fn texts_that_look_like_json_stay_texts() {
        for (name, value) in [("RuleName", "[1]"), ("Targets", "none"), ("Targets", "7"), ("Unknown", "{}")] {
            let kept = [(name.to_owned(), value.to_owned())];
            assert_eq!(expanded(Service::EventBridge, "PutTargets", name, value), kept);
        }
    }
}
