//! EventBridge's API, as far as someone checks whether a deployment is in place.

use jiff::Timestamp;
use serde_json::{Value, json};
use template::{Param, Rule, Target};

use crate::call::{Answer, ApiError, Call, Params, unknown_action};
use crate::world::World;

type Key = (String, String, String);

pub(crate) fn handle(world: &mut World, _now: Timestamp, call: &Call) -> Answer {
    let data = match call.action.as_str() {
        "GetRule" => {
            let key = key(call)?;
            show(world, &key, find(world, &key)?, true)
        }
        "ListRules" => list_rules(world, call)?,
        "ListTargets" => {
            let key = key(call)?;
            let mut targets: Vec<Value> = find(world, &key)?.targets.iter().map(show_target).collect();
            for target in &mut targets {
                target["EventBusName"] = Value::String(key.1.clone());
                target["RuleName"] = Value::String(key.2.clone());
            }
            json!({"Total": targets.len(), "Targets": targets})
        }
        "PutTargets" => put_targets(world, call)?,
        "DeleteRule" => {
            let key = key(call)?;
            find(world, &key)?;
            world.events.rules.remove(&key);
            return Ok(json!({"Code": "Success", "Message": "success", "Success": true}));
        }
        "EnableRule" => return turn(world, call, true),
        "DisableRule" => return turn(world, call, false),
        _ => return Err(unknown_action()),
    };
    Ok(json!({"Code": "Success", "Message": "success", "Success": true, "Data": data}))
}

fn list_rules(world: &World, call: &Call) -> Answer {
    let params = &call.params;
    let bus = params.required("EventBusName")?;
    let prefix = params.text("RuleNamePrefix");
    let limit = params.parse::<usize>("Limit")?.unwrap_or(100).clamp(1, 100);
    let after = params.text("NextToken");
    let all: Vec<(&Key, &Rule)> = world
        .events
        .rules
        .iter()
        .filter(|((region, on, name), _)| *region == call.region && on == bus && name.starts_with(&prefix))
        .collect();
    let page: Vec<(&Key, &Rule)> =
        all.iter().copied().filter(|((_, _, name), _)| *name > after).take(limit + 1).collect();
    let rules: Vec<Value> = page.iter().take(limit).map(|(key, rule)| show(world, key, rule, false)).collect();
    let mut data = json!({"Rules": rules, "Total": all.len()});
    if page.len() > limit
        && let Some((key, _)) = page.get(limit - 1)
    {
        data["NextToken"] = Value::String(key.2.clone());
    }
    Ok(data)
}

/// Turns a rule on or off.
fn turn(world: &mut World, call: &Call, on: bool) -> Answer {
    let key = key(call)?;
    let rule = world.events.rules.get_mut(&key).ok_or_else(|| missing(&key))?;
    rule.enabled = on;
    Ok(json!({"Code": "Success", "Message": "success", "Success": true}))
}

fn put_targets(world: &mut World, call: &Call) -> Answer {
    let key = key(call)?;
    find(world, &key)?;
    let targets: Vec<Target> = call.params.objects("Targets").iter().map(read_target).collect();
    let Some(rule) = world.events.rules.get_mut(&key) else { return Err(missing(&key)) };
    let mut wanted = rule.targets.clone();
    for target in targets {
        wanted.retain(|existing| existing.id != target.id);
        wanted.push(target);
    }
    // workflow-events-template.md section 2.3, "Limits".
    if wanted.len() > 5 {
        return Err(ApiError::new(409, "EventRuleTargetQuotaExceeded", "A rule has at most 5 targets."));
    }
    rule.targets = wanted;
    Ok(json!({"ErrorEntriesCount": 0, "ErrorEntries": []}))
}

fn read_target(params: &Params) -> Target {
    let read_param = |param: &Params| Param {
        key: param.text("ResourceKey"),
        form: param.text("Form"),
        value: param.text("Value"),
        template: param.get("Template").map(str::to_owned),
    };
    Target {
        id: params.text("Id"),
        kind: params.text("Type"),
        endpoint: params.text("Endpoint"),
        params: params.objects("ParamList").iter().map(read_param).collect(),
    }
}

fn show(world: &World, (region, bus, name): &Key, rule: &Rule, whole: bool) -> Value {
    let targets: Vec<Value> = if whole {
        rule.targets.iter().map(show_target).collect()
    } else {
        rule.targets
            .iter()
            .map(|target| json!({"Id": target.id, "Type": target.kind, "Endpoint": target.endpoint}))
            .collect()
    };
    json!({
        "RuleName": name,
        "EventBusName": bus,
        "RuleARN": format!("acs:eventbridge:{region}:{}:eventbus/{bus}/rule/{name}", world.settings.account_id),
        "FilterPattern": rule.pattern.to_string(),
        "Status": if rule.enabled { "ENABLE" } else { "DISABLE" },
        "Targets": targets,
    })
}

fn show_target(target: &Target) -> Value {
    let params: Vec<Value> = target
        .params
        .iter()
        .map(|param| {
            let mut shown = json!({"ResourceKey": param.key, "Form": param.form, "Value": param.value});
            if let Some(template) = &param.template {
                shown["Template"] = Value::String(template.clone());
            }
            shown
        })
        .collect();
    json!({"Id": target.id, "Type": target.kind, "Endpoint": target.endpoint, "ParamList": params})
}

fn key(call: &Call) -> Result<Key, ApiError> {
    let bus = call.params.required("EventBusName")?.to_owned();
    Ok((call.region.clone(), bus, call.params.required("RuleName")?.to_owned()))
}

fn find<'w>(world: &'w World, key: &Key) -> Result<&'w Rule, ApiError> {
    world.events.rules.get(key).ok_or_else(|| missing(key))
}

fn missing((_, _, name): &Key) -> ApiError {
    ApiError::not_found("EventRuleNotExisted", format!("The event rule [{name}] not existed!"))
}
