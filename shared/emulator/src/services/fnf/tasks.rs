//! The tasks of running executions: from a workflow's request to a function's invocation and back.

use access::Verdict;
use jiff::Timestamp;
use serde_json::{Value, json};
use workflow::{TaskError, TaskMode, TaskRequest};

use super::callbacks;
use crate::platform::{access, invocations};
use crate::settings::FunctionErrors;
use crate::state::fc::{Attempt, Origin, Outcome};
use crate::state::fnf::{RunKey, TaskKey};
use crate::world::World;

/// Advances every running execution, and starts the invocations that it requests.
pub(crate) fn advance(world: &mut World, now: Timestamp) {
    let keys: Vec<RunKey> = world.fnf.active.iter().cloned().collect();
    for key in keys {
        // A task that fails at once (no such function, not allowed) may start the next one.
        while let Some(run) = world.fnf.runs.get_mut(&key) {
            let requests = run.execution.advance(now);
            if requests.is_empty() {
                break;
            }
            for request in requests {
                begin(world, now, &key, &request);
            }
        }
        let finished = world.fnf.runs.get(&key).is_none_or(|run| run.execution.status().is_final());
        if finished && world.fnf.active.remove(&key) {
            callbacks::tell_parent(world, now, &key);
        }
    }
}

fn begin(world: &mut World, now: Timestamp, key: &RunKey, request: &TaskRequest) {
    let result = invoke(world, now, key, request);
    let settled = match result {
        // The outcome comes later, by way of `complete`.
        Ok(None) => return,
        Ok(Some(output)) => Ok(output),
        Err(error) => Err(error),
    };
    if let Some(run) = world.fnf.runs.get_mut(key) {
        run.execution.complete(now, request.id, settled);
    }
}

/// Asks for the invocation. `Some` is the output of a task that is done already.
fn invoke(world: &mut World, now: Timestamp, key: &RunKey, request: &TaskRequest) -> Result<Option<Value>, TaskError> {
    let failed = |code: &str, detail: String| TaskError { code: code.to_owned(), detail };
    if request.action != "FC:InvokeFunction" {
        return Err(failed("FnF.UnsupportedAction", format!("the emulator does not play {}", request.action)));
    }
    let arn = request.parameters["resourceArn"].as_str().unwrap_or_default();
    let target = Target::parse(arn)
        .ok_or_else(|| failed("FC.InvalidArgument", format!("resourceArn is no function: {arn:?}")))?;
    // Empty fields of an ARN mean the flow's own (workflow-events-template.md section 1.2).
    let region = if target.region.is_empty() { key.region.clone() } else { target.region };
    if region != key.region {
        return Err(failed(
            "FC.InvalidArgument",
            format!("a flow of {} cannot invoke a function of {region}", key.region),
        ));
    }
    permitted(world, key, &region, &target.function)
        .map_err(|why| failed("FC.AccessDenied", format!("{} on {}: {why}", target.function, key.flow)))?;
    let payload = match &request.parameters["body"] {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        body => body.to_string().into_bytes(),
    };
    let asynchronous = request.parameters["invocationType"].as_str() == Some("Async");
    let reported = request.mode == TaskMode::WaitForCustomCallback;
    // An asynchronous call is answered before the function has run; only a system callback waits for it.
    let origin = if asynchronous && request.mode != TaskMode::WaitForSystemCallback {
        Origin::Nobody
    } else {
        Origin::Task(TaskKey { run: key.clone(), task: request.id, reported })
    };
    let attempt = Attempt { region, function: target.function, payload, origin, retry: 0 };
    invocations::start(world, now, attempt).map_err(|error| failed(&format!("FC.{}", error.code), error.message))?;
    let done = asynchronous && request.mode == TaskMode::RequestComplete;
    Ok(done.then(|| json!({})))
}

/// The flow's role must exist, trust CloudFlow, and be allowed to invoke the function.
fn permitted(world: &World, key: &RunKey, region: &str, function: &str) -> Result<(), &'static str> {
    if !world.settings.enforce_ram {
        return Ok(());
    }
    let arn = world.fnf.runs.get(key).map(|run| run.role_arn.as_str()).unwrap_or_default();
    let role = world.ram.role_by_arn(arn).ok_or("the flow's role does not exist")?;
    if !access::trusts_service(role, "fnf.aliyuncs.com") {
        return Err("the flow's role does not trust fnf.aliyuncs.com");
    }
    let resource = world.function_arn(region, function);
    // Policies name functions with or without their qualifier.
    let qualified = format!("{resource}/LATEST");
    let allowed = [resource, qualified]
        .into_iter()
        .map(|resource| access::verdict(world, &role.name, "fc:InvokeFunction", &[resource]))
        .fold(Verdict::Unsaid, |sum, verdict| match (sum, verdict) {
            (Verdict::Denied, _) | (_, Verdict::Denied) => Verdict::Denied,
            (Verdict::Allowed, _) | (_, Verdict::Allowed) => Verdict::Allowed,
            _ => Verdict::Unsaid,
        });
    if allowed == Verdict::Allowed { Ok(()) } else { Err("the flow's role may not fc:InvokeFunction") }
}

/// A function's ARN, in the forms of FC 3 and FC 2.
struct Target {
    region: String,
    function: String,
}

impl Target {
    fn parse(arn: &str) -> Option<Self> {
        let rest = arn.strip_prefix("acs:fc:")?;
        let mut parts = rest.splitn(3, ':');
        let (region, _account, path) = (parts.next()?, parts.next()?, parts.next()?);
        let segments: Vec<&str> = path.split('/').collect();
        let function = match segments.as_slice() {
            ["functions", name] | ["functions", name, "LATEST"] | ["services", _, "functions", name] => *name,
            _ => return None,
        };
        (!function.is_empty()).then(|| Self { region: region.to_owned(), function: function.to_owned() })
    }
}

/// Hands a function's outcome to the execution that waits for it. For a task that waits for a report, only
/// a failed call counts.
pub(crate) fn complete(world: &mut World, now: Timestamp, key: &TaskKey, outcome: Outcome) {
    if key.reported && outcome.succeeded() {
        return;
    }
    let errors = world.settings.function_errors;
    let Some(run) = world.fnf.runs.get_mut(&key.run) else { return };
    run.execution.complete(now, key.task, result(errors, outcome));
}

/// A function's outcome as the workflow sees it. How CloudFlow names a custom runtime's error is not documented
/// precisely, so both readings are available (design, "Outcomes").
fn result(errors: FunctionErrors, outcome: Outcome) -> Result<Value, TaskError> {
    match outcome {
        Outcome::Answered(body) => Ok(match serde_json::from_slice(&body) {
            Ok(Value::Object(fields)) => Value::Object(fields),
            Ok(other) => json!({"Body": other}),
            Err(_) => json!({"Body": String::from_utf8_lossy(&body)}),
        }),
        Outcome::Failed { error_type, message } => {
            let code = match errors {
                FunctionErrors::ByType if !error_type.is_empty() => error_type,
                _ => "FC.Unknown".to_owned(),
            };
            Err(TaskError { code, detail: message })
        }
        Outcome::Crashed(message) => Err(TaskError { code: "FC.Unknown".to_owned(), detail: message }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_arns_are_read_in_every_documented_form() {
        let read = |arn| Target::parse(arn).map(|target| (target.region, target.function));
        let found = Some(("cn-hangzhou".to_owned(), "verify".to_owned()));
        assert_eq!(read("acs:fc:cn-hangzhou:1:functions/verify/LATEST"), found);
        assert_eq!(read("acs:fc:cn-hangzhou:1:functions/verify"), found);
        assert_eq!(read("acs:fc:::services/x.LATEST/functions/verify"), Some((String::new(), "verify".to_owned())));
        for junk in ["", "acs:fc:", "acs:oss:a:b:functions/x", "acs:fc:a:b:functions/", "acs:fc:a:b:functions/x/1"] {
            assert_eq!(read(junk), None, "{junk}");
        }
    }

    #[test]
    fn errors_are_named_both_ways() {
        let failure = || Outcome::Failed { error_type: "StillPending".into(), message: "m".into() };
        assert_eq!(result(FunctionErrors::ByType, failure()).unwrap_err().code, "StillPending");
        assert_eq!(result(FunctionErrors::Unknown, failure()).unwrap_err().code, "FC.Unknown");
        assert_eq!(result(FunctionErrors::ByType, Outcome::Answered(b"7".to_vec())).unwrap(), json!({"Body": 7}));
    }
}
