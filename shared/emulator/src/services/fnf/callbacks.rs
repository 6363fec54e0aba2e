//! Tasks that wait for a report: `WaitForCustomCallback`, and executions that were started on behalf of a task.
//!
//! A token is good for one report; what it is refused for: the API pages of ReportTaskSucceeded and ReportTaskFailed.

use jiff::Timestamp;
use serde_json::{Value, json};
use workflow::{EventKind, TaskError, TokenError, limits};

use super::checks::invalid;
use crate::call::{Answer, ApiError, Call};
use crate::digest::sha256_hex;
use crate::state::fnf::RunKey;
use crate::world::World;

/// The secret that the tokens of an execution are made from. It is derived, so that it takes no number from the sequence of ids.
pub(super) fn secret(world: &World, key: &RunKey, now: Timestamp) -> String {
    let RunKey { region, flow, name } = key;
    let seed = world.settings.seed;
    sha256_hex(format!("{seed} {region} {flow} {name} {}", now.as_nanosecond()).as_bytes())
}

/// `ReportTaskSucceeded` and `ReportTaskFailed`.
pub(super) fn report(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let token = params.required("TaskToken")?;
    let result = if call.action == "ReportTaskSucceeded" {
        let output = params.required("Output")?;
        if output.len() > limits::STATE_DATA {
            let message = format!("The payload size exceeds maximum allowed size ({} bytes).", limits::STATE_DATA);
            return Err(ApiError::bad("EntityTooLarge", message));
        }
        let value: Option<Value> = serde_json::from_str(output).ok();
        Ok(value.filter(Value::is_object).ok_or_else(|| invalid("Output"))?)
    } else {
        Err(TaskError { code: params.required("Error")?.to_owned(), detail: params.text("Cause") })
    };
    let event = settle(world, now, &call.region, token, result)?;
    Ok(json!({"EventId": event}))
}

/// Hands a finished execution's result to the task that it was started for, if there is one.
pub(super) fn tell_parent(world: &mut World, now: Timestamp, key: &RunKey) {
    let Some(run) = world.fnf.runs.get(key) else { return };
    let Some(token) = run.callback.clone() else { return };
    let failure = run.execution.failure();
    let result = match (run.execution.output(), failure) {
        (Some(output), _) => Ok(output.clone()),
        (None, failure) => {
            let code = failure.map_or_else(|| "FnF.Unknown".to_owned(), |failure| failure.code.clone());
            Err(TaskError { code, detail: failure.map_or_else(String::new, |failure| failure.detail.clone()) })
        }
    };
    if let Err(error) = settle(world, now, &key.region, &token, result) {
        tracing::warn!(code = error.code, run = key.name, "nobody waits for this execution");
    }
}

/// Gives the task its result, and the number of the event that says so.
fn settle(
    world: &mut World,
    now: Timestamp,
    region: &str,
    token: &str,
    result: Result<Value, TaskError>,
) -> Result<u64, ApiError> {
    let kind = if result.is_ok() { EventKind::TaskSucceeded } else { EventKind::TaskFailed };
    for (_, run) in world.fnf.runs.iter_mut().filter(|(key, _)| key.region == region) {
        match run.execution.waiting(token) {
            Err(TokenError::Unknown) => {}
            Err(TokenError::Completed) => {
                return Err(ApiError::bad("TaskAlreadyCompleted", format!("Task {token} has already completed.")));
            }
            Ok(task) => {
                run.execution.complete(now, task, result);
                let told = run.execution.events().iter().rev().find(|event| event.kind == kind);
                return Ok(told.map_or(0, |event| event.id));
            }
        }
    }
    Err(ApiError::not_found("TaskNotExists", "The task of the specified task token does not exist."))
}
