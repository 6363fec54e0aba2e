//! Triggers of functions: timers, and rules on the default bus that Function Compute makes for events.

use jiff::Timestamp;
use serde_json::{Value, json};
use template::cron::Schedule;
use template::{Param, Rule, Target, TriggerKind};

use crate::call::ApiError;
use crate::state::fc::TriggerEntry;
use crate::world::World;

/// Most triggers for events of the default bus in one region (corrections.md section 1).
const EVENTS: usize = 10;

/// Sets a trigger of a function that is there, or replaces the one of that name.
pub(crate) fn put(
    world: &mut World,
    now: Timestamp,
    region: &str,
    function: &str,
    name: &str,
    kind: &TriggerKind,
) -> Result<(), ApiError> {
    world.fc.find(region, function)?;
    let schedule = match kind {
        TriggerKind::Timer { cron, .. } => Some(Schedule::parse(cron).map_err(|error| invalid(&error.to_string()))?),
        _ => None,
    };
    remove(world, region, function, name);
    let (kind, config) = match kind {
        TriggerKind::Timer { cron, enabled, payload } => {
            if let Some(schedule) = schedule.filter(|_| *enabled) {
                world.events.put_timer(now, region, function, name, schedule, payload);
            }
            ("timer", json!({"cronExpression": cron, "enable": enabled, "payload": payload}))
        }
        TriggerKind::EventBridge { pattern, enabled } => {
            let others = world.fc.functions.iter().filter(|((of, _), _)| of == region);
            let others =
                others.flat_map(|(_, deployed)| &deployed.triggers).filter(|other| other.kind == "eventbridge");
            if others.count() >= EVENTS {
                return Err(ApiError::new(
                    403,
                    "EventRuleCountExceedLimit",
                    "The count of event rules exceeds the limit.",
                ));
            }
            put_rule(world, region, function, name, pattern, *enabled);
            let config = json!({
                "triggerEnable": enabled,
                "asyncInvocationType": false,
                "eventRuleFilterPattern": pattern.to_string(),
                "eventSourceConfig": {"eventSourceType": "Default"},
            });
            ("eventbridge", config)
        }
        _ => ("http", json!({})),
    };
    world.fc.put_trigger(region, function, TriggerEntry { name: name.to_owned(), kind, config });
    Ok(())
}

/// Takes a trigger away, if it is there.
pub(crate) fn remove(world: &mut World, region: &str, function: &str, name: &str) {
    world.events.remove_trigger(region, function, name);
    if let Some(deployed) = world.fc.functions.get_mut(&(region.to_owned(), function.to_owned())) {
        deployed.triggers.retain(|trigger| trigger.name != name);
    }
}

/// A trigger as the API has it: the type, and the configuration as JSON in a text.
pub(crate) fn read(kind: &str, config: &str) -> Result<TriggerKind, ApiError> {
    let config: Value = serde_json::from_str(config).map_err(|_| invalid("triggerConfig is no JSON"))?;
    let text = |name: &str| config[name].as_str().unwrap_or_default().to_owned();
    let flag = |name: &str| config[name].as_bool();
    match kind {
        "timer" => Ok(TriggerKind::Timer {
            cron: text("cronExpression"),
            enabled: flag("enable").unwrap_or(true),
            payload: text("payload"),
        }),
        "eventbridge" if config["eventSourceConfig"]["eventSourceType"] != "Default" => {
            Err(invalid("eventSourceConfig.eventSourceType must be Default"))
        }
        "eventbridge" => match serde_json::from_str(&text("eventRuleFilterPattern")) {
            Ok(pattern @ Value::Object(_)) => {
                Ok(TriggerKind::EventBridge { pattern, enabled: flag("triggerEnable").unwrap_or(true) })
            }
            _ => Err(invalid("eventRuleFilterPattern must hold a JSON object as a text")),
        },
        "http" => Ok(TriggerKind::Http),
        _ => Err(invalid(&format!("triggerType '{kind}' is not supported"))),
    }
}

/// The rule that Function Compute makes for an eventbridge trigger: `{function}-{trigger}` on the default bus.
pub(crate) fn put_rule(world: &mut World, region: &str, function: &str, trigger: &str, pattern: &Value, enabled: bool) {
    let body = Param { key: "Body".to_owned(), form: "ORIGINAL".to_owned(), value: String::new(), template: None };
    let target = Target {
        id: function.to_owned(),
        kind: "acs.fc.function".to_owned(),
        endpoint: world.function_arn(region, function),
        params: vec![body],
    };
    let rule = Rule {
        bus: "default".to_owned(),
        name: format!("{function}-{trigger}"),
        enabled,
        pattern: pattern.clone(),
        targets: vec![target],
    };
    world.put_rule(region, rule);
}

fn invalid(message: &str) -> ApiError {
    ApiError::bad("InvalidArgument", message)
}
