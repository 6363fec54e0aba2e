//! Function Compute: the reads of its API. Invocations are in `platform::invocations`; a `FunctionHost` runs them.

use serde_json::{Value, json};

use crate::call::ApiError;
use crate::world::World;

/// `GetFunction`, in the API's own lower camel case.
pub(crate) fn describe(world: &World, region: &str, name: &str) -> Result<Value, ApiError> {
    let deployed = world.fc.find(region, name)?;
    let function = &deployed.function;
    let created = format!("{:.0}", deployed.created);
    Ok(json!({
        "functionName": function.name,
        "functionArn": world.function_arn(region, name),
        "functionId": format!("{region}/{name}"),
        "handler": function.handler,
        "runtime": function.runtime,
        "timeout": function.timeout,
        "memorySize": function.memory,
        "instanceConcurrency": function.instance_concurrency,
        "environmentVariables": function.environment,
        "role": function.role_arn,
        "createdTime": created,
        "lastModifiedTime": created,
        "state": "Active",
    }))
}

/// `ListFunctions`.
pub(crate) fn list(world: &World, region: &str) -> Result<Value, ApiError> {
    let names: Vec<&str> =
        world.fc.functions.keys().filter(|(of, _)| of == region).map(|(_, name)| name.as_str()).collect();
    let functions: Result<Vec<Value>, ApiError> = names.into_iter().map(|name| describe(world, region, name)).collect();
    Ok(json!({"functions": functions?}))
}

/// `ListTriggers`.
pub(crate) fn triggers(world: &World, region: &str, name: &str) -> Result<Value, ApiError> {
    let triggers: Vec<Value> = world.fc.find(region, name)?
        .triggers
        .iter()
        .map(|trigger| {
            json!({"triggerName": trigger.name, "triggerType": trigger.kind, "triggerConfig": trigger.config.to_string(), "status": "Active"})
        })
        .collect();
    Ok(json!({"triggers": triggers}))
}
