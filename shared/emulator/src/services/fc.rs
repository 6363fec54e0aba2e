//! Function Compute: functions and their triggers. Invocations are in `platform::invocations`; a `FunctionHost` runs them.

mod input;
pub(crate) mod triggers;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::ApiError;
use crate::state::fc::Function;
use crate::world::World;

/// `CreateFunction`.
pub(crate) fn create(world: &mut World, now: Timestamp, region: &str, body: &[u8]) -> Result<Value, ApiError> {
    let nameless = Function { handler: String::new(), runtime: String::new(), ..Function::default() };
    let function = input::function(world, region, nameless, body)?;
    let name = function.name.clone();
    if function.handler.is_empty() {
        return Err(ApiError::bad("InvalidArgument", "handler is required"));
    }
    if function.package.is_none() && world.settings.strict.packages {
        return Err(ApiError::bad("InvalidArgument", "code is required"));
    }
    if world.function(region, &name).is_some() {
        return Err(ApiError::new(409, "FunctionAlreadyExists", format!("function '{name}' already exists")));
    }
    world.put_function(now, region, function);
    describe(world, region, &name)
}

/// `UpdateFunction`.
pub(crate) fn update(
    world: &mut World,
    now: Timestamp,
    region: &str,
    name: &str,
    body: &[u8],
) -> Result<Value, ApiError> {
    let old = world.fc.find(region, name)?.function.clone();
    let function = Function { name: name.to_owned(), ..input::function(world, region, old, body)? };
    world.put_function(now, region, function);
    describe(world, region, name)
}

/// `DeleteFunction`: its triggers go with it.
pub(crate) fn delete(world: &mut World, region: &str, name: &str) -> Result<(), ApiError> {
    world.fc.find(region, name)?;
    world.events.remove_triggers(region, name);
    world.fc.remove_function(region, name);
    Ok(())
}

/// `GetFunction`, in the API's own lower camel case.
pub(crate) fn describe(world: &World, region: &str, name: &str) -> Result<Value, ApiError> {
    let deployed = world.fc.find(region, name)?;
    let function = &deployed.function;
    let mut shown = json!({
        "functionName": function.name,
        "description": function.description,
        "functionArn": world.function_arn(region, name),
        "functionId": format!("{region}/{name}"),
        "handler": function.handler,
        "runtime": function.runtime,
        "timeout": function.timeout,
        "memorySize": function.memory,
        "diskSize": function.disk,
        "instanceConcurrency": function.instance_concurrency,
        "environmentVariables": function.environment,
        "internetAccess": function.internet,
        "customRuntimeConfig": {"command": function.launch.command, "port": function.launch.port},
        "role": function.role_arn,
        "createdTime": format!("{:.0}", deployed.created),
        "lastModifiedTime": format!("{:.0}", deployed.modified),
        "state": "Active",
        "lastUpdateStatus": "Successful",
    });
    if let Some(cpu) = function.cpu {
        shown["cpu"] = json!(f64::from(cpu) / 1_000.0);
    }
    if let Some(package) = &function.package {
        shown["codeSize"] = json!(package.size());
        shown["codeChecksum"] = json!(package.checksum().to_string());
    }
    if let Some(vpc) = &function.vpc {
        shown["vpcConfig"] =
            json!({"vpcId": vpc.vpc_id, "vSwitchIds": vpc.vswitch_ids, "securityGroupId": vpc.security_group_id});
    }
    if let Some(log) = &function.log {
        shown["logConfig"] = json!({"project": log.project, "logstore": log.store});
    }
    Ok(shown)
}

/// `ListFunctions`.
pub(crate) fn list(world: &World, region: &str) -> Result<Value, ApiError> {
    let names: Vec<&str> =
        world.fc.functions.keys().filter(|(of, _)| of == region).map(|(_, name)| name.as_str()).collect();
    let functions: Result<Vec<Value>, ApiError> = names.into_iter().map(|name| describe(world, region, name)).collect();
    Ok(json!({"functions": functions?}))
}
