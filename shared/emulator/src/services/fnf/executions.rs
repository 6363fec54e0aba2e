//! Executions as the API shows them.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde_json::{Value, json};
use workflow::{EventKind, Execution};

use super::callbacks;
use super::checks::{check_name, find_flow, invalid, limit, time};
use crate::call::{Answer, ApiError, Call};
use crate::state::fnf::{Run, RunKey};
use crate::world::World;

/// An execution's input may be this long (workflow-events-template.md section 1.2).
const INPUT: usize = 64 * 1024;

/// `StartExecution`: a running name answers with its execution, a finished one is refused.
pub(super) fn start(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let flow = call.params.required("FlowName")?;
    let name = match call.params.get("ExecutionName") {
        Some(name) => {
            check_name("ExecutionName", name)?;
            name.to_owned()
        }
        None => world.ids.uuid().to_ascii_lowercase(),
    };
    let input = call.params.get("Input").unwrap_or("{}");
    let callback = call.params.get("CallbackFnFTaskToken").map(str::to_owned);
    begin(world, now, &call.region, flow, &name, input, callback).map(|run| describe_run(flow, &run))
}

/// The event bus starts an execution; the name is the server's.
pub(crate) fn start_from_event(
    world: &mut World,
    now: Timestamp,
    region: &str,
    flow: &str,
    input: &str,
) -> Result<(), ApiError> {
    let name = format!("event-{}", world.ids.uuid().to_ascii_lowercase());
    begin(world, now, region, flow, &name, input, None).map(drop)
}

fn begin(
    world: &mut World,
    now: Timestamp,
    region: &str,
    flow: &str,
    name: &str,
    input: &str,
    callback: Option<String>,
) -> Result<Run, ApiError> {
    let found = find_flow(world, region, flow)?;
    let key = RunKey { region: region.to_owned(), flow: flow.to_owned(), name: name.to_owned() };
    if let Some(run) = world.fnf.runs.get(&key) {
        return if run.execution.status().is_final() {
            Err(ApiError::bad("ExecutionAlreadyExists", format!("Execution {name} of flow {flow} already exists.")))
        } else {
            Ok(run.clone())
        };
    }
    if input.len() > INPUT {
        return Err(invalid("Input"));
    }
    let value: Value = serde_json::from_str(input).ok().filter(Value::is_object).ok_or_else(|| invalid("Input"))?;
    let run = Run {
        execution: Execution::start(found.definition.clone(), name, &found.role_arn, value, now)
            .with_secret(&callbacks::secret(world, &key, now))
            .with_allowance(world.fc.least_invocation()),
        input: input.to_owned(),
        definition: found.text.clone(),
        role_arn: found.role_arn.clone(),
        callback,
    };
    world.fnf.runs.insert(key.clone(), run.clone());
    world.fnf.active.insert(key);
    Ok(run)
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    let (key, run) = find(world, call)?;
    Ok(describe_run(&key.flow, run))
}

pub(super) fn stop(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let (key, _) = find(world, call)?;
    let error = call.params.get("Error").unwrap_or("Execution.Stopped").to_owned();
    let cause = call.params.text("Cause");
    let Some(run) = world.fnf.runs.get_mut(&key) else { return Err(missing(&key)) };
    run.execution.stop(now, &error, &cause);
    let mut answer = describe_run(&key.flow, run);
    answer["RoleArn"] = Value::String(run.role_arn.clone());
    Ok(answer)
}

/// `ListExecutions`: newest first. The token is the last one's start and name, so that new executions shift no page.
pub(super) fn list(world: &World, call: &Call) -> Answer {
    let params = &call.params;
    let flow = params.required("FlowName")?;
    find_flow(world, &call.region, flow)?;
    let limit = limit(params, 60, 99)?;
    let status = params.get("Status");
    if status
        .is_some_and(|status| !["Starting", "Running", "Stopped", "Succeeded", "Failed", "TimedOut"].contains(&status))
    {
        return Err(invalid("Status"));
    }
    let bound = |name: &str| -> Result<Option<Timestamp>, ApiError> {
        params.get(name).map(|text| text.parse().map_err(|_| invalid(name))).transpose()
    };
    let (begin, end) = (bound("StartedTimeBegin")?, bound("StartedTimeEnd")?);
    let prefix = params.text("ExecutionNamePrefix");
    let after =
        params.get("NextToken").map(|token| read_token(token).ok_or_else(|| invalid("NextToken"))).transpose()?;

    let mut found: Vec<(Position, &RunKey, &Run)> = world
        .fnf
        .runs
        .iter()
        .filter(|(key, _)| key.region == call.region && key.flow == flow && key.name.starts_with(&prefix))
        .filter(|(_, run)| status.is_none_or(|status| run.execution.status().as_str() == status))
        .filter(|(_, run)| begin.is_none_or(|begin| run.execution.started() >= begin))
        .filter(|(_, run)| end.is_none_or(|end| run.execution.started() <= end))
        .map(|(key, run)| (position(key, run), key, run))
        .filter(|(position, ..)| after.as_ref().is_none_or(|after| position > after))
        .collect();
    found.sort_by(|left, right| left.0.cmp(&right.0));
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|((Reverse(at), name), ..)| format!("{at}/{name}"));
    let brief = params.flag("MetadataOnly")? == Some(true);
    let executions: Vec<Value> = found
        .into_iter()
        .map(|(_, key, run)| {
            let mut shown = describe_run(&key.flow, run);
            if let (true, Some(fields)) = (brief, shown.as_object_mut()) {
                fields.retain(|name, _| !matches!(name.as_str(), "Input" | "Output" | "FlowDefinition"));
            }
            shown
        })
        .collect();
    let mut answer = json!({"Executions": executions});
    if let Some(next) = next {
        answer["NextToken"] = Value::String(next);
    }
    Ok(answer)
}

type Position = (Reverse<i128>, String);

fn position(key: &RunKey, run: &Run) -> Position {
    (Reverse(run.execution.started().as_nanosecond()), key.name.clone())
}

fn read_token(token: &str) -> Option<Position> {
    let (at, name) = token.split_once('/')?;
    Some((Reverse(at.parse().ok()?), name.to_owned()))
}

pub(super) fn history(world: &World, call: &Call) -> Answer {
    let (_, run) = find(world, call)?;
    let limit = limit(&call.params, 60, 999)?;
    let skip = call
        .params
        .get("NextToken")
        .map(|token| token.parse::<usize>().map_err(|_| invalid("NextToken")))
        .transpose()?;
    let skip = skip.unwrap_or_default();
    let events = run.execution.events();
    let shown: Vec<Value> = events
        .iter()
        .skip(skip)
        .take(limit)
        .map(|event| {
            let is_silent = event.kind == EventKind::ExecutionStarted && !world.settings.history_has_input;
            let detail = if is_silent { "{}".to_owned() } else { event.detail.to_string() };
            json!({
                "Type": event.kind.as_str(),
                "EventId": event.id,
                "ScheduleEventId": event.scheduled_by,
                "StepName": event.step.as_deref().unwrap_or_default(),
                "Time": time(event.time),
                "EventDetail": detail,
            })
        })
        .collect();
    let mut answer = json!({"Events": shown});
    let next = skip.saturating_add(limit);
    if next < events.len() {
        answer["NextToken"] = Value::String(next.to_string());
    }
    Ok(answer)
}

fn describe_run(flow: &str, run: &Run) -> Value {
    let execution = &run.execution;
    let output = match (execution.output(), execution.failure()) {
        (Some(output), _) => output.to_string(),
        (None, Some(failure)) => json!({"ErrorCode": failure.code, "ErrorMessage": failure.detail}).to_string(),
        (None, None) => String::new(),
    };
    json!({
        "FlowName": flow,
        "Name": execution.name(),
        "FlowDefinition": run.definition,
        "Input": run.input,
        "Output": output,
        "Status": execution.status().as_str(),
        "StartedTime": time(execution.started()),
        "StoppedTime": execution.stopped().map(time).unwrap_or_default(),
    })
}

fn find<'w>(world: &'w World, call: &Call) -> Result<(RunKey, &'w Run), ApiError> {
    let flow = call.params.required("FlowName")?;
    find_flow(world, &call.region, flow)?;
    let name = call.params.required("ExecutionName")?;
    let key = RunKey { region: call.region.clone(), flow: flow.to_owned(), name: name.to_owned() };
    match world.fnf.runs.get(&key) {
        Some(run) => Ok((key, run)),
        None => Err(missing(&key)),
    }
}

fn missing(key: &RunKey) -> ApiError {
    ApiError::not_found("ExecutionNotExists", format!("Execution {} of flow {} does not exist.", key.name, key.flow))
}
