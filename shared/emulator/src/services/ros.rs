//! Resource Orchestration Service: stacks, made from the same template that operators deploy.
//!
//! A stack's resources exist as soon as the call is accepted; only its status takes its time. Resources of kinds that
//! are not emulated (log stores) are listed and otherwise ignored.

mod change_sets;
mod provisions;
mod stacks;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call, done, unknown_action};
use crate::listing::{Size, by_number};
use crate::state::ros::Stack;
use crate::world::World;
use stacks::{find, time, wanted};

/// Stacks and events come 10 a page, 50 at most (the official SDK's texts).
const PAGE: Size = Size::strict("PageSize", 10, 50);

pub(crate) fn handle(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    match call.action.as_str() {
        "ValidateTemplate" => validate(call),
        "CreateStack" => create(world, now, call),
        "UpdateStack" => update(world, now, call),
        "DeleteStack" => delete(world, call),
        "GetStack" => Ok(describe(find(world, call)?, now, call)),
        "GetTemplate" => Ok(json!({"TemplateBody": find(world, call)?.text})),
        "ListStacks" => list(world, now, call),
        "ListStackResources" => Ok(json!({"Resources": resources(find(world, call)?, now)})),
        "ListStackEvents" => {
            let page = by_number(&call.params, PAGE, events(find(world, call)?, now))?;
            Ok(
                json!({"TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size, "Events": page.items}),
            )
        }
        "PreviewStack" => preview(world, call),
        "DescribeRegions" => Ok(regions(world)),
        "GetServiceProvisions" => provisions::get(world, call),
        "EnableServices" => Ok(provisions::enable(world, call)),
        "CreateChangeSet" => change_sets::create(world, now, call),
        "GetChangeSet" => change_sets::get(world, call),
        "ListChangeSets" => change_sets::list(world, call),
        "ExecuteChangeSet" => change_sets::execute(world, now, call),
        "DeleteChangeSet" => change_sets::delete(world, call),
        _ => Err(unknown_action()),
    }
}

fn validate(call: &Call) -> Answer {
    let template = stacks::parse(call.params.required("TemplateBody")?)?;
    let parameters: Vec<Value> = template
        .parameters()
        .iter()
        .map(|(name, parameter)| json!({"ParameterKey": name, "Description": parameter.description, "Default": parameter.default}))
        .collect();
    Ok(json!({"Description": template.description(), "Parameters": parameters}))
}

fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let name = call.params.required("StackName")?.to_owned();
    stacks::free(world, &call.region, &name)?;
    let id = world.ids.uuid().to_ascii_lowercase();
    let wanted = wanted(world, call, &name, &id, None)?;
    let keep = call.params.flag("DisableRollback")? == Some(true);
    stacks::make(world, now, &call.region, (&id, &name), wanted, keep)?;
    Ok(json!({"StackId": id}))
}

fn update(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let old = find(world, call)?.clone();
    stacks::may_change(&old, now)?;
    let wanted = wanted(world, call, &old.name, &old.id, Some(&old))?;
    if wanted.text == old.text && wanted.deployment == old.deployment {
        return Err(ApiError::bad("NotSupported", "The update completed with no changes to be made."));
    }
    stacks::change(world, now, &call.region, &old, wanted)?;
    Ok(json!({"StackId": old.id}))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let stack = find(world, call)?.clone();
    // What failed to be made, or was never begun, left nothing behind.
    let made = stack.failure.is_none() || stack.created != stack.updated;
    let reviewed = world.ros.change_sets.values().any(|set| set.stack == stack.id && set.new && set.executed.is_none());
    if made && !reviewed && call.params.flag("RetainAllResources")? != Some(true) {
        world.undeploy(&call.region, &stack.deployment);
    }
    world.ros.stacks.remove(&(call.region.clone(), stack.id.clone()));
    world.ros.change_sets.retain(|_, set| set.stack != stack.id);
    done()
}

/// What would become of a new stack, or of the one that is named.
fn preview(world: &World, call: &Call) -> Answer {
    let old = call.params.get("StackId").map(|_| find(world, call)).transpose()?;
    let name = old.map_or_else(|| call.params.text("StackName"), |old| old.name.clone());
    let wanted = wanted(world, call, &name, old.map_or("preview", |old| old.id.as_str()), old)?;
    let planned: Vec<Value> = stacks::difference(old.map(|old| &old.deployment), &wanted.deployment)
        .iter()
        .map(|change| {
            let properties = wanted.deployment.resources.get(&change.id).map(|resource| resource.properties.clone());
            json!({
                "LogicalResourceId": change.id,
                "ResourceType": change.kind,
                "Action": change.action,
                "Replacement": if change.replaces() { "True" } else { "False" },
                "Properties": properties.unwrap_or_else(|| json!({})),
            })
        })
        .collect();
    Ok(json!({"Stack": {"StackName": name, "RegionId": call.region, "Resources": planned}}))
}

/// One endpoint answers for all of them.
fn regions(world: &World) -> Value {
    let regions = world.settings.regions.iter();
    let shown = |region| json!({"RegionId": region, "LocalName": region, "RegionEndpoint": "ros.aliyuncs.com"});
    json!({"Regions": regions.map(shown).collect::<Value>()})
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
        "StatusReason": reason(stack, now),
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

/// Why a stack failed, once it has.
fn reason(stack: &Stack, now: Timestamp) -> &str {
    let failure = stack.failure.as_ref().filter(|_| !stack.status.is_changing(now));
    failure.map(|failure| failure.reason.as_str()).unwrap_or_default()
}

/// A resource's status and its reason: that of the stack, but for a stack that failed.
fn status_of<'s>(stack: &'s Stack, id: &str, now: Timestamp) -> (&'static str, &'s str) {
    let status = *stack.status.get(now);
    match &stack.failure {
        Some(failure) if failure.resource.as_deref() == Some(id) && !stack.status.is_changing(now) => {
            (if stack.created == stack.updated { "CREATE_FAILED" } else { "UPDATE_FAILED" }, &failure.reason)
        }
        Some(_) if status == "CREATE_ROLLBACK_COMPLETE" => ("DELETE_COMPLETE", ""),
        Some(_) if status == "CREATE_FAILED" => ("INIT_COMPLETE", ""),
        Some(_) if status == "ROLLBACK_COMPLETE" => ("ROLLBACK_COMPLETE", ""),
        _ if status == "REVIEW_IN_PROGRESS" => ("INIT_COMPLETE", ""),
        _ => (status, ""),
    }
}

fn resources(stack: &Stack, now: Timestamp) -> Vec<Value> {
    stack
        .deployment
        .resources
        .iter()
        .map(|(id, resource)| {
            let (status, reason) = status_of(stack, id, now);
            json!({
                "StackId": stack.id,
                "StackName": stack.name,
                "LogicalResourceId": id,
                "PhysicalResourceId": id,
                "ResourceType": resource.kind,
                "Status": status,
                "StatusReason": reason,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Caller, Params, Service};
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

    #[test]
    fn what_is_the_accounts_and_there_already_is_refused_before_anything_is_made() {
        let role = "
ROSTemplateFormatVersion: '2015-09-01'
Resources:
  Role:
    Type: ALIYUN::RAM::Role
    Properties:
      RoleName: { 'Fn::Sub': '${ALIYUN::StackName}-role' }
      AssumeRolePolicyDocument:
        Version: '1'
        Statement: [{ Effect: Allow, Action: 'sts:AssumeRole', Principal: { Service: [fc.aliyuncs.com] } }]
      Policies:
        - PolicyName: invoke
          PolicyDocument: { Version: '1', Statement: [{ Effect: Allow, Action: ['fc:InvokeFunction'], Resource: ['*'] }] }
";
        let mut world = world();
        ask(&mut world, start(), "CreateStack", &[("StackName", "one"), ("TemplateBody", role)]).unwrap();
        let again =
            ask(&mut world, start(), "CreateStack", &[("StackName", "two"), ("TemplateBody", role)]).unwrap_err();
        assert_eq!((again.status, again.code.as_str()), (400, "StackValidationFailed"));
        assert!(again.message.contains("policy invoke"), "{}", again.message);
        assert!(world.ram.role("two-role").is_none());
    }

    #[test]
    fn a_stack_that_a_service_refuses_fails_with_its_resource_and_leaves_nothing() {
        let mut world = world();
        let given = [("StackName", "one"), ("TemplateBody", TEXT)];
        ask(&mut world, start(), "CreateStack", &given).unwrap();
        let made = ask(&mut world, start(), "CreateStack", &[("StackName", "two"), given[1]]).unwrap();
        let id = made["StackId"].as_str().unwrap();
        let later = start() + jiff::SignedDuration::from_mins(1);
        let stack = ask(&mut world, later, "GetStack", &[("StackId", id)]).unwrap();
        assert_eq!(stack["Status"], "CREATE_ROLLBACK_COMPLETE");
        let reason = stack["StatusReason"].as_str().unwrap();
        assert!(reason.contains("resources.Worker") && reason.contains("function web already exists"), "{reason}");
        let events = ask(&mut world, later, "ListStackEvents", &[("StackId", id)]).unwrap();
        assert_eq!(events["Events"][0]["Status"], "CREATE_FAILED");
        assert_eq!(
            ask(&mut world, later, "UpdateStack", &[("StackId", id), given[1]]).unwrap_err().code,
            "NotSupported"
        );
        ask(&mut world, later, "DeleteStack", &[("StackId", id)]).unwrap();
        assert!(
            world.function(HANGZHOU, "web").is_some(),
            "the first stack's function is not the second one's to take"
        );
    }

    #[test]
    fn an_update_that_fails_leaves_the_stack_as_it_was() {
        let mut world = world();
        let given = |name, function| {
            [
                ("StackName", name),
                ("TemplateBody", TEXT),
                ("Parameters.1.ParameterKey", "Name"),
                ("Parameters.1.ParameterValue", function),
            ]
        };
        ask(&mut world, start(), "CreateStack", &given("one", "web")).unwrap();
        let made = ask(&mut world, start(), "CreateStack", &given("two", "api")).unwrap();
        let id = made["StackId"].as_str().unwrap();
        let later = start() + jiff::SignedDuration::from_mins(1);
        let rename = [("StackId", id), ("Parameters.1.ParameterKey", "Name"), ("Parameters.1.ParameterValue", "web")];
        ask(&mut world, later, "UpdateStack", &rename).unwrap();
        let end = later + jiff::SignedDuration::from_mins(1);
        let stack = ask(&mut world, end, "GetStack", &[("StackId", id)]).unwrap();
        assert_eq!(stack["Status"], "ROLLBACK_COMPLETE");
        assert_eq!(stack["Parameters"][0]["ParameterValue"], "api");
        assert!(world.function(HANGZHOU, "api").is_some());
    }

    #[test]
    fn a_change_set_is_seen_and_then_done_once() {
        let mut world = world();
        let set = [("ChangeSetName", "first"), ("ChangeSetType", "CREATE"), ("StackName", "s"), ("TemplateBody", TEXT)];
        let made = ask(&mut world, start(), "CreateChangeSet", &set).unwrap();
        let (set_id, stack) = (made["ChangeSetId"].as_str().unwrap(), made["StackId"].as_str().unwrap());
        let shown = ask(&mut world, start(), "GetChangeSet", &[("ChangeSetId", set_id)]).unwrap();
        assert_eq!(shown["Changes"][0]["ResourceChange"]["Action"], "Add");
        assert_eq!(
            (shown["Status"].as_str(), shown["ExecutionStatus"].as_str()),
            (Some("CREATE_COMPLETE"), Some("AVAILABLE"))
        );
        assert_eq!(
            ask(&mut world, start(), "GetStack", &[("StackId", stack)]).unwrap()["Status"],
            "REVIEW_IN_PROGRESS"
        );
        assert!(world.function(HANGZHOU, "web").is_none(), "nothing is made by looking");
        ask(&mut world, start(), "ExecuteChangeSet", &[("ChangeSetId", set_id)]).unwrap();
        assert!(world.function(HANGZHOU, "web").is_some());
        let twice = ask(&mut world, start(), "ExecuteChangeSet", &[("ChangeSetId", set_id)]).unwrap_err();
        assert_eq!(twice.code, "ActionNotAllowed");
        let later = start() + jiff::SignedDuration::from_mins(1);
        let same = [("ChangeSetName", "second"), ("StackId", stack)];
        let made = ask(&mut world, later, "CreateChangeSet", &same).unwrap();
        let nothing =
            ask(&mut world, later, "GetChangeSet", &[("ChangeSetId", made["ChangeSetId"].as_str().unwrap())]).unwrap();
        assert_eq!(
            (nothing["Status"].as_str(), nothing["Changes"].as_array().map(Vec::len)),
            (Some("CREATE_FAILED"), Some(0))
        );
        let rename = [
            ("ChangeSetName", "third"),
            ("StackId", stack),
            ("Parameters.1.ParameterKey", "Name"),
            ("Parameters.1.ParameterValue", "api"),
        ];
        let made = ask(&mut world, later, "CreateChangeSet", &rename).unwrap();
        let shown =
            ask(&mut world, later, "GetChangeSet", &[("ChangeSetId", made["ChangeSetId"].as_str().unwrap())]).unwrap();
        let change = &shown["Changes"][0]["ResourceChange"];
        assert_eq!((change["Action"].as_str(), change["Replacement"].as_str()), (Some("Modify"), Some("True")));
        let listed = ask(&mut world, later, "ListChangeSets", &[("StackId", stack)]).unwrap();
        assert_eq!(listed["TotalCount"], 3);
    }
}
