//! CloudFlow: flows, executions, and the tasks they hand to Function Compute.
//!
//! The `workflow` crate interprets the definitions; this module is the service around it: names, idempotence, paging,
//! error names, roles. Sources: workflow-events-template.md sections 1.3 and 1.5.

mod callbacks;
mod checks;
pub(crate) mod executions;
pub(crate) mod tasks;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call, done, unknown_action};
use crate::state::fnf::Flow;
use crate::world::World;
use checks::check_name;
use checks::find_flow;
use checks::limit;
use checks::time;

/// Where CloudFlow has endpoints (workflow-events-template.md section 1.5, "Regions").
const REGIONS: [&str; 7] =
    ["cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-qingdao", "cn-shenzhen", "ap-southeast-1", "us-west-1"];

pub(crate) fn handle(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    if !REGIONS.contains(&call.region.as_str()) {
        // In the cloud there is no endpoint in such a region; this error is the nearest that a port can answer.
        return Err(ApiError::not_found("InvalidRegionId.NotFound", "The specified RegionId does not exist."));
    }
    if world.settings.throttle {
        world.fnf.rates.take(now, &call.region, &call.action)?;
    }
    match call.action.as_str() {
        "CreateFlow" => create_flow(world, now, call),
        "UpdateFlow" => update_flow(world, now, call),
        "DescribeFlow" => Ok(describe(find_flow(world, &call.region, call.params.required("Name")?)?)),
        "ListFlows" => list_flows(world, call),
        "DescribeRegions" => Ok(regions()),
        "DeleteFlow" => {
            let name = call.params.required("Name")?;
            find_flow(world, &call.region, name)?;
            world.fnf.remove_flow(&call.region, name);
            done()
        }
        "StartExecution" => executions::start(world, now, call),
        "DescribeExecution" => executions::describe(world, call),
        "ListExecutions" => executions::list(world, call),
        "StopExecution" => executions::stop(world, now, call),
        "GetExecutionHistory" => executions::history(world, call),
        "ReportTaskSucceeded" | "ReportTaskFailed" => callbacks::report(world, now, call),
        _ => Err(unknown_action()),
    }
}

/// Whether an execution has entered a state.
#[cfg(test)]
pub(crate) fn has_entered(world: &World, region: &str, flow: &str, name: &str, state: &str) -> bool {
    let key = crate::state::fnf::RunKey { region: region.to_owned(), flow: flow.to_owned(), name: name.to_owned() };
    let entered =
        |run: &crate::state::fnf::Run| run.execution.events().iter().any(|event| event.step.as_deref() == Some(state));
    world.fnf.runs.get(&key).is_some_and(entered)
}

fn create_flow(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let name = params.required("Name")?;
    check_name("Name", name)?;
    if world.fnf.flows.contains_key(&(call.region.clone(), name.to_owned())) {
        return Err(ApiError::bad("FlowAlreadyExists", format!("Flow {name} already exists.")));
    }
    world.put_flow(now, &call.region, name, params.required("Definition")?, &params.text("RoleArn"))?;
    set_description(world, call, name);
    Ok(describe(find_flow(world, &call.region, name)?))
}

fn update_flow(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let name = params.required("Name")?;
    let flow = find_flow(world, &call.region, name)?;
    let text = params.get("Definition").unwrap_or(&flow.text).to_owned();
    let role = params.get("RoleArn").unwrap_or(&flow.role_arn).to_owned();
    world.put_flow(now, &call.region, name, &text, &role)?;
    set_description(world, call, name);
    let mut answer = describe(find_flow(world, &call.region, name)?);
    // Only this answer lacks the mode (UpdateFlow's model).
    if let Some(fields) = answer.as_object_mut() {
        fields.shift_remove("ExecutionMode");
    }
    Ok(answer)
}

fn set_description(world: &mut World, call: &Call, name: &str) {
    let flow = world.fnf.flows.get_mut(&(call.region.clone(), name.to_owned()));
    if let (Some(flow), Some(description)) = (flow, call.params.get("Description")) {
        description.clone_into(&mut flow.description);
    }
}

fn list_flows(world: &World, call: &Call) -> Answer {
    let limit = limit(&call.params, 60, 999)?;
    let after = call.params.text("NextToken");
    let mut names = world.fnf.flows.iter().filter(|((region, name), _)| *region == call.region && *name > after);
    let flows: Vec<&Flow> = names.by_ref().take(limit).map(|(_, flow)| flow).collect();
    let next = if names.next().is_some() { flows.last().map(|flow| flow.name.clone()) } else { None };
    let mut answer = json!({"Flows": flows.into_iter().map(describe).collect::<Vec<Value>>()});
    if let Some(next) = next {
        answer["NextToken"] = Value::String(next);
    }
    Ok(answer)
}

/// The help page of `DescribeRegions` (2025-10-27).
fn regions() -> Value {
    let one = |region: &&str| {
        let endpoint = format!("{region}.fnf.aliyuncs.com");
        json!({"RegionId": region, "RegionEndpoint": endpoint, "LocalName": region})
    };
    json!({"Regions": {"Region": REGIONS.iter().map(one).collect::<Vec<Value>>()}})
}

fn describe(flow: &Flow) -> Value {
    json!({
        "Id": flow.id,
        "Name": flow.name,
        "Description": flow.description,
        "Definition": flow.text,
        "Type": "FDL",
        "RoleArn": flow.role_arn,
        "ExecutionMode": "Standard",
        "CreatedTime": time(flow.created),
        "LastModifiedTime": time(flow.modified),
    })
}

#[cfg(test)]
mod tests;
