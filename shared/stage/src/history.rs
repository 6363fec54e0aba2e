//! What the history of an execution says: the reports of its stages, why attempts failed, and which states gave up. Pure.

use openapi::fnf;
use serde_json::Value;

use crate::report::Report;

/// How the names of the states begin that ask for a run's line: that it was asked for is nothing that became of the run.
const SUM_UP: &str = "SumUp";

/// Whether an event is of the run's own work.
#[must_use]
pub fn is_work(event: &fnf::Event) -> bool {
    !event.step_name.starts_with(SUM_UP)
}

/// Whether an event says that an attempt failed.
#[must_use]
pub fn is_failure(event: &fnf::Event) -> bool {
    matches!(event.kind.as_str(), "TaskFailed" | "TaskTimedOut")
}

/// The states whose last attempt failed, in the order in which they did, each with what it said. Of a run that is over they used up
/// their budget, even where a Catch led on and the execution succeeded.
#[must_use]
pub fn gave_up(events: &[fnf::Event]) -> Vec<(&str, Option<String>)> {
    let mut failing: Vec<(&str, Option<String>)> = Vec::new();
    for event in events.iter().filter(|event| is_work(event)) {
        let step = event.step_name.as_str();
        if event.kind == "TaskSucceeded" || is_failure(event) {
            failing.retain(|(failed, _)| *failed != step);
        }
        if is_failure(event) {
            failing.push((step, cause(&event.event_detail)));
        }
    }
    failing
}

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
    fn who_failed_last_gave_up_and_what_asks_for_the_runs_line_is_nobody() {
        let event = |kind: &str, step: &str, why: &str| fnf::Event {
            kind: kind.to_owned(),
            step_name: step.to_owned(),
            event_detail: json!({"Error": "x", "Cause": why}).to_string(),
            ..fnf::Event::default()
        };
        let events = [
            event("TaskFailed", "Listener", "not yet"),
            event("TaskFailed", "VpcRoutes", "no role"),
            event("TaskSucceeded", "Listener", ""),
            event("TaskFailed", "VpcRoutes", "still no role"),
            event("StateFailed", "VpcRoutes", ""),
            event("TaskTimedOut", "Prune", "too long"),
            event("TaskFailed", "SumUp", "no history"),
        ];
        let found = gave_up(&events);
        let said = |why: &str| Some(why.to_owned());
        assert_eq!(found, [("VpcRoutes", said("still no role")), ("Prune", said("too long"))]);
    }

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
