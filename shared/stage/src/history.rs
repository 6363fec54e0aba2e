//! What the history of an execution says: the reports of its stages, and why attempts failed.

use serde_json::Value;

use crate::report::Report;

/// A stage's report in an event's detail, however the workflow wrapped the function's answer, and the whole answer.
#[must_use]
pub fn report(detail: &str) -> Option<(Report, Value)> {
    let detail: Value = serde_json::from_str(detail).ok()?;
    let output = detail.get("Output").unwrap_or(&detail);
    let output = ["Body", "body"].iter().find_map(|wrap| output.get(*wrap)).unwrap_or(output);
    let output = match output {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    Some((serde_json::from_value(output.clone()).ok()?, output))
}

/// Why an attempt failed, in the words of its function: where it is an error of ours, the words begin with its code.
#[must_use]
pub fn cause(detail: &str) -> Option<String> {
    let detail: Value = serde_json::from_str(detail).ok()?;
    let cause = detail.get("Cause").and_then(Value::as_str)?;
    // A function's own error is JSON text inside of the cause.
    let inner: Option<Value> = serde_json::from_str(cause).ok();
    let message = inner.as_ref().and_then(|inner| inner.get("errorMessage")).and_then(Value::as_str);
    Some(message.unwrap_or(cause).to_owned())
}

#[cfg(test)]
mod tests {
    use onboarding::StageName;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_is_found_in_either_form_of_wrapping() {
        let report_ =
            Report::new(StageName::Listener, &"web".into(), "web-1", vec!["made".to_owned()], Vec::new(), Vec::new());
        let bare = serde_json::to_value(&report_).unwrap();
        let text = bare.to_string();
        for output in [
            json!({"Output": bare}),
            json!({"Output": {"Body": bare}}),
            json!({"Output": {"body": text}}),
            bare.clone(),
        ] {
            assert_eq!(report(&output.to_string()).unwrap().0, report_, "{output}");
        }
        assert!(report(r#"{"Output":{"started":[]}}"#).is_none(), "dispatch reports no stage");
    }

    #[test]
    fn a_cause_is_the_functions_own_sentence_where_there_is_one() {
        let inner = json!({"errorType": "StillPending", "errorMessage": "tr-attach-1 is Attaching"}).to_string();
        assert_eq!(cause(&json!({"Error": "x", "Cause": inner}).to_string()).unwrap(), "tr-attach-1 is Attaching");
        assert_eq!(cause(r#"{"Error":"FC.Unknown","Cause":"it broke"}"#).unwrap(), "it broke");
        assert_eq!(cause("not json"), None);
    }
}
