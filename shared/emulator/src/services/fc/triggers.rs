//! Triggers of a function, by the API.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::ApiError;
use crate::platform::{functions, triggers};
use crate::state::fc::TriggerEntry;
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    trigger_name: Option<String>,
    trigger_type: Option<String>,
    trigger_config: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "qualifier")]
    _qualifier: Option<String>,
    #[serde(rename = "invocationRole")]
    _role: Option<String>,
    #[serde(rename = "sourceArn")]
    _source: Option<String>,
}

/// `ListTriggers`.
pub(crate) fn list(world: &World, region: &str, function: &str) -> Result<Value, ApiError> {
    let triggers: Vec<Value> = world.fc.find(region, function)?.triggers.iter().map(show).collect();
    Ok(json!({"triggers": triggers}))
}

/// `GetTrigger`.
pub(crate) fn get(world: &World, region: &str, function: &str, name: &str) -> Result<Value, ApiError> {
    find(world, region, function, name).map(show)
}

/// `CreateTrigger`.
pub(crate) fn create(
    world: &mut World,
    now: Timestamp,
    region: &str,
    function: &str,
    body: &[u8],
) -> Result<Value, ApiError> {
    let input = read(body)?;
    let name = input.trigger_name.ok_or_else(|| invalid("triggerName is required"))?;
    functions::name(&name, 128)?;
    if world.fc.find(region, function)?.triggers.iter().any(|trigger| trigger.name == name) {
        return Err(ApiError::new(
            409,
            "TriggerAlreadyExists",
            format!("trigger '{name}' already exists in function '{function}'"),
        ));
    }
    let kind = input.trigger_type.ok_or_else(|| invalid("triggerType is required"))?;
    let config = input.trigger_config.ok_or_else(|| invalid("triggerConfig is required"))?;
    triggers::put(world, now, region, function, &name, &triggers::read(&kind, &config)?)?;
    get(world, region, function, &name)
}

/// `UpdateTrigger`.
pub(crate) fn update(
    world: &mut World,
    now: Timestamp,
    region: &str,
    function: &str,
    name: &str,
    body: &[u8],
) -> Result<Value, ApiError> {
    let kind = find(world, region, function, name)?.kind;
    if let Some(config) = read(body)?.trigger_config {
        triggers::put(world, now, region, function, name, &triggers::read(kind, &config)?)?;
    }
    get(world, region, function, name)
}

/// `DeleteTrigger`.
pub(crate) fn delete(world: &mut World, region: &str, function: &str, name: &str) -> Result<(), ApiError> {
    find(world, region, function, name)?;
    triggers::remove(world, region, function, name);
    Ok(())
}

fn find<'w>(world: &'w World, region: &str, function: &str, name: &str) -> Result<&'w TriggerEntry, ApiError> {
    let triggers = &world.fc.find(region, function)?.triggers;
    triggers.iter().find(|trigger| trigger.name == name).ok_or_else(|| {
        ApiError::not_found("TriggerNotFound", format!("trigger '{name}' does not exist in function '{function}'"))
    })
}

fn show(trigger: &TriggerEntry) -> Value {
    json!({"triggerName": trigger.name, "triggerType": trigger.kind, "triggerConfig": trigger.config.to_string(), "status": "Active"})
}

fn read(body: &[u8]) -> Result<Input, ApiError> {
    serde_json::from_slice(body).map_err(|error| invalid(&format!("the body: {error}")))
}

fn invalid(message: &str) -> ApiError {
    ApiError::bad("InvalidArgument", message)
}
