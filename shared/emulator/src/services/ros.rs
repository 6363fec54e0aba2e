//! Resource Orchestration Service: stacks, made from the same template that operators deploy.
//!
//! A stack's resources exist as soon as the call is accepted; only its status takes its time. Resources of kinds that
//! are not emulated (log stores) are listed and otherwise ignored.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use template::{Deployment, Pseudo, Template};

use crate::call::{Answer, ApiError, Call, Params, done, unknown_action};
use crate::listing::{Size, by_number};
use crate::state::ros::Stack;
use crate::time::Timed;
use crate::world::World;

/// Stacks and events come 10 a page, 50 at most (the official SDK's texts).
const PAGE: Size = Size::strict("PageSize", 10, 50);

pub(crate) fn handle(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    match call.action.as_str() {
        "ValidateTemplate" => validate(call),
        "CreateStack" => create(world, now, call),
        "UpdateStack" => update(world, now, call),
        "DeleteStack" => delete(world, call),
        "GetStack" => Ok(describe(find(world, call)?, now, call)),
        "ListStacks" => list(world, now, call),
        "ListStackResources" => Ok(json!({"Resources": resources(find(world, call)?, now)})),
        "ListStackEvents" => {
            let page = by_number(&call.params, PAGE, events(find(world, call)?, now))?;
            Ok(
                json!({"TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size, "Events": page.items}),
            )
        }
        "PreviewStack" => preview(world, call),
        _ => Err(unknown_action()),
    }
}

fn validate(call: &Call) -> Answer {
    let template = parse(call.params.required("TemplateBody")?)?;
    let parameters: Vec<Value> = template
        .parameters()
        .iter()
        .map(|(name, parameter)| json!({"ParameterKey": name, "Description": parameter.description, "Default": parameter.default}))
        .collect();
    Ok(json!({"Description": template.description(), "Parameters": parameters}))
}

fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let name = call.params.required("StackName")?.to_owned();
    let taken = |((region, _), stack): (&(String, String), &Stack)| *region == call.region && stack.name == name;
    if world.ros.stacks.iter().any(taken) {
        return Err(ApiError::new(409, "StackExists", format!("The Stack ({name}) already exists.")));
    }
    let text = call.params.required("TemplateBody")?.to_owned();
    let id = world.ids.uuid().to_ascii_lowercase();
    let parameters = given(&call.params);
    let deployment = resolve(world, call, &text, &name, &id, &parameters)?;
    deploy(world, now, call, &deployment)?;
    let ready = world.settings.latencies.after(now, world.settings.latencies.network_create);
    let status = Timed::changing("CREATE_IN_PROGRESS", ready, "CREATE_COMPLETE");
    let stack = Stack { id: id.clone(), name, text, parameters, deployment, status, created: now, updated: now };
    world.ros.stacks.insert((call.region.clone(), id.clone()), stack);
    Ok(json!({"StackId": id}))
}

fn update(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let old = find(world, call)?.clone();
    if old.status.is_changing(now) {
        return Err(ApiError::new(
            409,
            "ActionInProgress",
            format!("Stack {} already has an action in progress.", old.name),
        ));
    }
    let text = call.params.get("TemplateBody").unwrap_or(&old.text).to_owned();
    let mut parameters = given(&call.params);
    if call.params.flag("UsePreviousParameters")? == Some(true) {
        for (name, value) in &old.parameters {
            parameters.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    if text == old.text && parameters == old.parameters {
        return Err(ApiError::bad("NotSupported", "The update completed with no changes to be made."));
    }
    let deployment = resolve(world, call, &text, &old.name, &old.id, &parameters)?;
    let mut trial = world.clone();
    trial.undeploy(&call.region, &old.deployment);
    deploy(&mut trial, now, call, &deployment)?;
    *world = trial;
    let ready = world.settings.latencies.after(now, world.settings.latencies.network_create);
    let status = Timed::changing("UPDATE_IN_PROGRESS", ready, "UPDATE_COMPLETE");
    let id = old.id.clone();
    let stack = Stack { text, parameters, deployment, status, updated: now, ..old };
    world.ros.stacks.insert((call.region.clone(), id.clone()), stack);
    Ok(json!({"StackId": id}))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let (id, deployment) = find(world, call).map(|stack| (stack.id.clone(), stack.deployment.clone()))?;
    if call.params.flag("RetainAllResources")? != Some(true) {
        world.undeploy(&call.region, &deployment);
    }
    world.ros.stacks.remove(&(call.region.clone(), id));
    done()
}

fn preview(world: &World, call: &Call) -> Answer {
    let text = call.params.required("TemplateBody")?;
    let name = call.params.text("StackName");
    let deployment = resolve(world, call, text, &name, "preview", &given(&call.params))?;
    let planned: Vec<Value> = deployment
        .resources
        .iter()
        .map(|(id, resource)| {
            json!({"LogicalResourceId": id, "ResourceType": resource.kind, "Action": "Add", "Properties": resource.properties})
        })
        .collect();
    Ok(json!({"Stack": {"StackName": name, "RegionId": call.region, "Resources": planned}}))
}

fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let names = call.params.list("StackName");
    let stacks: Vec<Value> = world
        .ros
        .stacks
        .iter()
        .filter(|((region, _), stack)| *region == call.region && (names.is_empty() || names.contains(&stack.name)))
        .map(|(_, stack)| summary(stack, now, call))
        .collect();
    let page = by_number(&call.params, PAGE, stacks)?;
    Ok(json!({"TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size, "Stacks": page.items}))
}

fn summary(stack: &Stack, now: Timestamp, call: &Call) -> Value {
    json!({
        "StackId": stack.id,
        "StackName": stack.name,
        "RegionId": call.region,
        "Status": stack.status.get(now),
        "StatusReason": "",
        "CreateTime": time(stack.created),
        "UpdateTime": time(stack.updated),
        "StackType": "ROS",
    })
}

fn describe(stack: &Stack, now: Timestamp, call: &Call) -> Value {
    let outputs: Vec<Value> =
        stack.deployment.outputs.iter().map(|(name, value)| json!({"OutputKey": name, "OutputValue": value})).collect();
    let parameters: Vec<Value> = stack
        .deployment
        .parameters
        .iter()
        .map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            json!({"ParameterKey": name, "ParameterValue": text})
        })
        .collect();
    let mut shown = summary(stack, now, call);
    shown["Outputs"] = Value::Array(outputs);
    shown["Parameters"] = Value::Array(parameters);
    shown
}

fn resources(stack: &Stack, now: Timestamp) -> Vec<Value> {
    stack
        .deployment
        .resources
        .iter()
        .map(|(id, resource)| {
            json!({
                "StackId": stack.id,
                "StackName": stack.name,
                "LogicalResourceId": id,
                "PhysicalResourceId": id,
                "ResourceType": resource.kind,
                "Status": stack.status.get(now),
                "StatusReason": "",
                "CreateTime": time(stack.created),
                "UpdateTime": time(stack.updated),
            })
        })
        .collect()
}

/// One event for each resource: its last change of state.
fn events(stack: &Stack, now: Timestamp) -> Vec<Value> {
    let mut events = resources(stack, now);
    for event in &mut events {
        if let Some(fields) = event.as_object_mut() {
            let at = fields.shift_remove("UpdateTime").unwrap_or_default();
            let id = format!("{}-{}", stack.id, fields["LogicalResourceId"].as_str().unwrap_or_default());
            fields.insert("CreateTime".to_owned(), at);
            fields.insert("EventId".to_owned(), Value::String(id));
        }
    }
    events
}

fn given(params: &Params) -> BTreeMap<String, String> {
    params
        .objects("Parameters")
        .iter()
        .map(|parameter| (parameter.text("ParameterKey"), parameter.text("ParameterValue")))
        .collect()
}

fn parse(text: &str) -> Result<Template, ApiError> {
    Template::parse(text).map_err(|error| ApiError::bad("StackValidationFailed", error.to_string()))
}

fn resolve(
    world: &World,
    call: &Call,
    text: &str,
    name: &str,
    id: &str,
    parameters: &BTreeMap<String, String>,
) -> Result<Deployment, ApiError> {
    let pseudo = Pseudo {
        region: call.region.clone(),
        account_id: world.settings.account_id.clone(),
        stack_name: name.to_owned(),
        stack_id: id.to_owned(),
    };
    parse(text)?.resolve(&pseudo, parameters).map_err(|error| ApiError::bad("StackValidationFailed", error.to_string()))
}

fn deploy(world: &mut World, now: Timestamp, call: &Call, deployment: &Deployment) -> Result<(), ApiError> {
    world
        .deploy(now, &call.region, deployment)
        .map_err(|error| ApiError::bad("StackValidationFailed", error.to_string()))
}

fn find<'w>(world: &'w World, call: &Call) -> Result<&'w Stack, ApiError> {
    let id = call.params.required("StackId")?;
    world
        .ros
        .stacks
        .get(&(call.region.clone(), id.to_owned()))
        .ok_or_else(|| ApiError::not_found("StackNotFound", format!("The Stack ({id}) could not be found.")))
}

/// Stack times have no zone.
fn time(at: Timestamp) -> String {
    format!("{at:.0}").trim_end_matches('Z').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Caller, Service};
    use crate::testing::{HANGZHOU, start, world};

    const TEXT: &str = "
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  Name: { Type: String, Default: web }
Resources:
  Worker:
    Type: ALIYUN::FC3::Function
    Properties:
      FunctionName: { Ref: Name }
      Handler: bootstrap
      Runtime: custom.debian12
";

    fn ask(world: &mut World, now: Timestamp, action: &str, pairs: &[(&str, &str)]) -> Answer {
        let params = Params::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let call = Call {
            service: Service::Ros,
            action: action.to_owned(),
            region: HANGZHOU.to_owned(),
            params,
            caller: Caller::Root,
            request_id: "R".to_owned(),
        };
        world.handle(now, &call)
    }

    #[test]
    fn a_stack_is_made_changed_and_taken_away() {
        let mut world = world();
        let made = ask(&mut world, start(), "CreateStack", &[("StackName", "s"), ("TemplateBody", TEXT)]).unwrap();
        let id = made["StackId"].as_str().unwrap().to_owned();
        assert!(world.function(HANGZHOU, "web").is_some());
        let status = |world: &mut World, at| ask(world, at, "GetStack", &[("StackId", &id)]).unwrap()["Status"].clone();
        assert_eq!(status(&mut world, start()), "CREATE_IN_PROGRESS");
        let later = start() + jiff::SignedDuration::from_mins(1);
        assert_eq!(status(&mut world, later), "CREATE_COMPLETE");
        let twice = ask(&mut world, later, "CreateStack", &[("StackName", "s"), ("TemplateBody", TEXT)]);
        assert_eq!(twice.unwrap_err().code, "StackExists");
        let renamed =
            [("StackId", id.as_str()), ("Parameters.1.ParameterKey", "Name"), ("Parameters.1.ParameterValue", "api")];
        ask(&mut world, later, "UpdateStack", &renamed).unwrap();
        assert!(world.function(HANGZHOU, "web").is_none() && world.function(HANGZHOU, "api").is_some());
        ask(&mut world, later, "DeleteStack", &[("StackId", &id)]).unwrap();
        assert_eq!(world.functions().count(), 0);
        assert_eq!(ask(&mut world, later, "GetStack", &[("StackId", &id)]).unwrap_err().code, "StackNotFound");
    }

    #[test]
    fn events_have_the_documented_fields() {
        let mut world = world();
        let made = ask(&mut world, start(), "CreateStack", &[("StackName", "s"), ("TemplateBody", TEXT)]).unwrap();
        let id = made["StackId"].as_str().unwrap();
        let listed = ask(&mut world, start(), "ListStackEvents", &[("StackId", id)]).unwrap();
        let event = listed["Events"][0].as_object().unwrap();
        let mut fields: Vec<&str> = event.keys().map(String::as_str).collect();
        fields.sort_unstable();
        let documented = [
            "CreateTime",
            "EventId",
            "LogicalResourceId",
            "PhysicalResourceId",
            "ResourceType",
            "StackId",
            "StackName",
            "Status",
            "StatusReason",
        ];
        assert_eq!(fields, documented);
        assert_eq!(event["EventId"], format!("{id}-Worker"));
    }

    #[test]
    fn a_template_with_a_mistake_is_refused_with_its_place() {
        let broken = TEXT.replace("Handler:", "Handlr:");
        let error = ask(&mut world(), start(), "ValidateTemplate", &[("TemplateBody", &broken)]).unwrap_err();
        assert_eq!(error.code, "StackValidationFailed");
        assert!(error.message.contains("Handlr"), "{}", error.message);
    }
}
