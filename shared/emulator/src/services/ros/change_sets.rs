//! Change sets: what would become of a stack, kept until it is done or thrown away.
//!
//! Sources: the texts of the official SDK's models (ros20190910 3.7.0). What a change set without changes looks like is
//! inferred.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::stacks::{self, Change};
use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_number};
use crate::state::ros::{ChangeSet, Stack};
use crate::time::Timed;
use crate::world::World;

/// The official SDK's text.
const PAGE: Size = Size::strict("PageSize", 10, 50);

/// `CreateChangeSet`. One for a new stack makes the stack, `REVIEW_IN_PROGRESS`.
pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let name = call.params.required("ChangeSetName")?.to_owned();
    let new = match call.params.get("ChangeSetType").unwrap_or("UPDATE") {
        "CREATE" => true,
        "UPDATE" => false,
        _ => return Err(ApiError::bad("InvalidParameter", "Specified parameter ChangeSetType is not valid.")),
    };
    let id = world.ids.uuid().to_ascii_lowercase();
    let stack = if new {
        let stack_name = call.params.required("StackName")?.to_owned();
        stacks::free(world, &call.region, &stack_name)?;
        let stack_id = world.ids.uuid().to_ascii_lowercase();
        let wanted = stacks::wanted(world, call, &stack_name, &stack_id, None)?;
        Stack {
            id: stack_id,
            name: stack_name,
            text: wanted.text,
            parameters: wanted.parameters,
            deployment: wanted.deployment,
            status: Timed::settled("REVIEW_IN_PROGRESS"),
            failure: None,
            created: now,
            updated: now,
        }
    } else {
        let stack = stacks::find(world, call)?.clone();
        stacks::may_change(&stack, now)?;
        stack
    };
    if world.ros.change_sets.values().any(|other| other.stack == stack.id && other.name == name) {
        let message = format!("The Change Set ({name}) already exists.");
        return Err(ApiError::new(409, "ChangeSetExists", message));
    }
    let wanted = stacks::wanted(world, call, &stack.name, &stack.id, (!new).then_some(&stack))?;
    let before = (!new).then_some(&stack.deployment);
    let changes = stacks::difference(before, &wanted.deployment).iter().map(shown_change).collect();
    let set = ChangeSet {
        id: id.clone(),
        name,
        stack: stack.id.clone(),
        new,
        keep: call.params.flag("DisableRollback")? == Some(true),
        text: wanted.text,
        parameters: wanted.parameters,
        deployment: wanted.deployment,
        changes,
        executed: None,
        created: now,
    };
    let stack_id = stack.id.clone();
    if new {
        world.ros.stacks.insert((call.region.clone(), stack.id.clone()), stack);
    }
    world.ros.change_sets.insert((call.region.clone(), id.clone()), set);
    Ok(json!({"ChangeSetId": id, "StackId": stack_id}))
}

/// `ExecuteChangeSet`.
pub(super) fn execute(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let set = find(world, call)?.clone();
    if set.executed.is_some() || set.changes.is_empty() {
        let message = format!("The Change Set ({}) cannot be executed.", set.name);
        return Err(ApiError::new(409, "ActionNotAllowed", message));
    }
    let stack = stacks::of(world, &call.region, &set.stack)?.clone();
    let wanted = stacks::Wanted { text: set.text, parameters: set.parameters, deployment: set.deployment };
    if set.new {
        stacks::make(world, now, &call.region, (&stack.id, &stack.name), wanted, set.keep)?;
    } else {
        stacks::may_change(&stack, now)?;
        stacks::change(world, now, &call.region, &stack, wanted)?;
    }
    for other in world.ros.change_sets.values_mut().filter(|other| other.stack == set.stack) {
        other.executed.get_or_insert(if other.id == set.id { "EXECUTE_COMPLETE" } else { "OBSOLETE" });
    }
    done()
}

/// `GetChangeSet`.
pub(super) fn get(world: &World, call: &Call) -> Answer {
    let set = find(world, call)?;
    let mut shown = summary(world, call, set);
    shown["Changes"] = Value::Array(set.changes.clone());
    shown["DisableRollback"] = json!(set.keep);
    shown["Parameters"] =
        set.parameters.iter().map(|(name, value)| json!({"ParameterKey": name, "ParameterValue": value})).collect();
    if call.params.flag("ShowTemplate")? == Some(true) {
        shown["TemplateBody"] = Value::String(set.text.clone());
    }
    Ok(shown)
}

/// `ListChangeSets`.
pub(super) fn list(world: &World, call: &Call) -> Answer {
    let stack = &stacks::find(world, call)?.id;
    let names = call.params.list("ChangeSetName");
    let sets = world.ros.change_sets.iter().filter(|((region, _), set)| {
        *region == call.region && set.stack == *stack && (names.is_empty() || names.contains(&set.name))
    });
    let sets: Vec<Value> = sets.map(|(_, set)| summary(world, call, set)).collect();
    let page = by_number(&call.params, PAGE, sets)?;
    Ok(json!({"TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size, "ChangeSets": page.items}))
}

/// `DeleteChangeSet`.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let id = find(world, call)?.id.clone();
    world.ros.change_sets.remove(&(call.region.clone(), id));
    done()
}

fn summary(world: &World, call: &Call, set: &ChangeSet) -> Value {
    let stack = world.ros.stacks.get(&(call.region.clone(), set.stack.clone()));
    let (status, execution, reason) = match (set.executed, set.changes.is_empty()) {
        (Some(executed), _) => ("CREATE_COMPLETE", executed, ""),
        (None, false) => ("CREATE_COMPLETE", "AVAILABLE", ""),
        (None, true) => ("CREATE_FAILED", "UNAVAILABLE", "There are no changes to be made."),
    };
    json!({
        "ChangeSetId": set.id,
        "ChangeSetName": set.name,
        "ChangeSetType": if set.new { "CREATE" } else { "UPDATE" },
        "CreateTime": stacks::time(set.created),
        "ExecutionStatus": execution,
        "RegionId": call.region,
        "StackId": set.stack,
        "StackName": stack.map(|stack| stack.name.as_str()).unwrap_or_default(),
        "Status": status,
        "StatusReason": reason,
    })
}

fn shown_change(change: &Change) -> Value {
    let details: Vec<Value> = change
        .properties
        .iter()
        .map(|name| json!({"Target": {"Attribute": "Properties", "Name": name}, "ChangeSource": "DirectModification"}))
        .collect();
    json!({
        "Type": "Resource",
        "ResourceChange": {
            "Action": change.action,
            "LogicalResourceId": change.id,
            "ResourceType": change.kind,
            "Replacement": if change.replaces() { "True" } else { "False" },
            "Scope": if change.properties.is_empty() { json!([]) } else { json!(["Properties"]) },
            "Details": details,
        },
    })
}

fn find<'w>(world: &'w World, call: &Call) -> Result<&'w ChangeSet, ApiError> {
    let id = call.params.required("ChangeSetId")?;
    let missing = || ApiError::not_found("ChangeSetNotFound", format!("The Change Set ({id}) could not be found."));
    world.ros.change_sets.get(&(call.region.clone(), id.to_owned())).ok_or_else(missing)
}
