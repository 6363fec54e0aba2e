//! How stacks come to be and change.
//!
//! What a template or a name is refused for is refused at once, `StackValidationFailed`. What a service refuses of a resource is
//! seen afterwards: the stack fails, and is rolled back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;
use template::{Deployment, Pseudo, Template};

use crate::call::{ApiError, Call, Params};
use crate::platform::deploy::DeployError;
use crate::state::ros::{Failure, Stack};
use crate::time::Timed;
use crate::world::World;

/// What a stack is to become.
pub(super) struct Wanted {
    pub(super) text: String,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) deployment: Deployment,
}

/// What happens to a resource.
pub(super) struct Change {
    pub(super) id: String,
    pub(super) kind: String,
    /// `Add`, `Modify` or `Remove`.
    pub(super) action: &'static str,
    /// The properties that get another value.
    pub(super) properties: Vec<String>,
}

impl Change {
    /// Whether the resource is made anew under another name.
    pub(super) fn replaces(&self) -> bool {
        let names = ["FunctionName", "TriggerName", "RoleName", "PolicyName", "RuleName", "Name", "LogstoreName"];
        self.action == "Modify" && self.properties.iter().any(|property| names.contains(&property.as_str()))
    }
}

/// What a call wants of a stack. Where it says nothing, an existing stack stays as it is.
pub(super) fn wanted(
    world: &World,
    call: &Call,
    name: &str,
    id: &str,
    old: Option<&Stack>,
) -> Result<Wanted, ApiError> {
    let text = match (call.params.get("TemplateBody"), old) {
        (Some(text), _) => text.to_owned(),
        (None, Some(old)) => old.text.clone(),
        (None, None) => call.params.required("TemplateBody")?.to_owned(),
    };
    let mut parameters = given(&call.params);
    if let Some(old) = old.filter(|_| call.params.flag("UsePreviousParameters") == Ok(Some(true))) {
        for (name, value) in &old.parameters {
            parameters.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    let pseudo = Pseudo {
        region: call.region.clone(),
        account_id: world.settings.account_id.clone(),
        stack_name: name.to_owned(),
        stack_id: id.to_owned(),
    };
    let invalid = |error: template::TemplateError| ApiError::bad("StackValidationFailed", error.to_string());
    let deployment = parse(&text)?.resolve(&pseudo, &parameters).map_err(invalid)?;
    Ok(Wanted { text, parameters, deployment })
}

pub(super) fn parse(text: &str) -> Result<Template, ApiError> {
    Template::parse(text).map_err(|error| ApiError::bad("StackValidationFailed", error.to_string()))
}

fn given(params: &Params) -> BTreeMap<String, String> {
    params
        .objects("Parameters")
        .iter()
        .map(|parameter| (parameter.text("ParameterKey"), parameter.text("ParameterValue")))
        .collect()
}

/// Refuses a name that a stack of the region has.
pub(super) fn free(world: &World, region: &str, name: &str) -> Result<(), ApiError> {
    let taken = |((of, _), stack): (&(String, String), &Stack)| of == region && stack.name == name;
    if world.ros.stacks.iter().any(taken) {
        return Err(ApiError::new(409, "StackExists", format!("The Stack ({name}) already exists.")));
    }
    Ok(())
}

/// Makes a stack. `keep`: what was made before a failure stays, instead of being rolled back.
pub(super) fn make(
    world: &mut World,
    now: Timestamp,
    region: &str,
    (id, name): (&str, &str),
    wanted: Wanted,
    keep: bool,
) -> Result<(), ApiError> {
    let Wanted { text, parameters, deployment } = wanted;
    let failure = attempt(world, now, region, &deployment, None)?;
    let done = match (&failure, keep) {
        (None, _) => "CREATE_COMPLETE",
        (Some(_), true) => "CREATE_FAILED",
        (Some(_), false) => "CREATE_ROLLBACK_COMPLETE",
    };
    let ready = world.settings.latencies.after(now, world.settings.latencies.network_create);
    let stack = Stack {
        id: id.to_owned(),
        name: name.to_owned(),
        text,
        parameters,
        deployment,
        status: Timed::changing("CREATE_IN_PROGRESS", ready, done),
        failure,
        created: now,
        updated: now,
    };
    world.ros.stacks.insert((region.to_owned(), id.to_owned()), stack);
    Ok(())
}

/// Changes a stack; one that fails stays as it was.
pub(super) fn change(
    world: &mut World,
    now: Timestamp,
    region: &str,
    old: &Stack,
    wanted: Wanted,
) -> Result<(), ApiError> {
    let failure = attempt(world, now, region, &wanted.deployment, Some(&old.deployment))?;
    let done = if failure.is_none() { "UPDATE_COMPLETE" } else { "ROLLBACK_COMPLETE" };
    let ready = world.settings.latencies.after(now, world.settings.latencies.network_create);
    let status = Timed::changing("UPDATE_IN_PROGRESS", ready, done);
    let stack = match failure {
        None => {
            let Wanted { text, parameters, deployment } = wanted;
            Stack { text, parameters, deployment, status, failure, updated: now, ..old.clone() }
        }
        Some(_) => Stack { status, failure, updated: now, ..old.clone() },
    };
    world.ros.stacks.insert((region.to_owned(), old.id.clone()), stack);
    Ok(())
}

/// Refuses a change to a stack that changes already, or that never came to be.
pub(super) fn may_change(stack: &Stack, now: Timestamp) -> Result<(), ApiError> {
    if stack.status.is_changing(now) {
        let message = format!("Stack {} already has an action in progress.", stack.name);
        return Err(ApiError::new(409, "ActionInProgress", message));
    }
    let status = *stack.status.get(now);
    if matches!(status, "CREATE_FAILED" | "CREATE_ROLLBACK_COMPLETE" | "REVIEW_IN_PROGRESS") {
        let message = format!("Updating a stack ({}) in the status {status} is not supported.", stack.name);
        return Err(ApiError::bad("NotSupported", message));
    }
    Ok(())
}

/// Deploys, or says which resource fails. What exists and belongs to the account is refused before anything is made.
fn attempt(
    world: &mut World,
    now: Timestamp,
    region: &str,
    deployment: &Deployment,
    own: Option<&Deployment>,
) -> Result<Option<Failure>, ApiError> {
    let claimed = world.claim(region, deployment, own);
    if let Err(error @ DeployError::Exists { kind: "policy", .. }) = &claimed {
        return Err(ApiError::bad("StackValidationFailed", error.to_string()));
    }
    let mut trial = world.clone();
    if let Some(own) = own {
        trial.undeploy(region, own);
    }
    match claimed.and_then(|()| trial.deploy(now, region, deployment)) {
        Ok(()) => {
            *world = trial;
            Ok(None)
        }
        Err(error) => {
            let resource = concerned(&error, deployment);
            let place = resource.as_deref().unwrap_or("?");
            let verb = if own.is_none() { "CREATE" } else { "UPDATE" };
            let reason = format!("Resource {verb} failed: ResponseException: resources.{place}: {error}");
            Ok(Some(Failure { resource, reason }))
        }
    }
}

/// The logical id of the resource that an error is about.
fn concerned(error: &DeployError, deployment: &Deployment) -> Option<String> {
    let (kind, property, name) = match error {
        DeployError::Function { function, .. } => ("ALIYUN::FC3::Function", "FunctionName", function),
        DeployError::Trigger { name, .. } => ("ALIYUN::FC3::Trigger", "TriggerName", name),
        DeployError::Flow { name, .. } => ("ALIYUN::FNF::Flow", "Name", name),
        DeployError::CustomPolicy { role, .. } | DeployError::SystemPolicy { role, .. } => {
            ("ALIYUN::RAM::Role", "RoleName", role)
        }
        DeployError::Exists { kind: "role", name } => ("ALIYUN::RAM::Role", "RoleName", name),
        DeployError::Exists { kind: "function", name } => ("ALIYUN::FC3::Function", "FunctionName", name),
        DeployError::Exists { kind: "flow", name } => ("ALIYUN::FNF::Flow", "Name", name),
        DeployError::Exists { .. } | DeployError::Missing { .. } => return None,
    };
    let named = |properties: &Value| properties[property].as_str() == Some(name.as_str());
    let found = deployment.resources.iter().find(|(_, resource)| resource.kind == kind && named(&resource.properties));
    found.map(|(id, _)| id.clone())
}

/// What becomes of each resource.
pub(super) fn difference(old: Option<&Deployment>, new: &Deployment) -> Vec<Change> {
    let none = BTreeMap::new();
    let before = old.map_or(&none, |old| &old.resources);
    let ids: BTreeSet<&String> = before.keys().chain(new.resources.keys()).collect();
    let of = |id: &String| -> Option<Change> {
        let (was, is) = (before.get(id), new.resources.get(id));
        let (action, properties) = match (was, is) {
            (None, _) => ("Add", Vec::new()),
            (Some(_), None) => ("Remove", Vec::new()),
            (Some(was), Some(is)) => ("Modify", changed(&was.properties, &is.properties)),
        };
        let kind = is.or(was)?.kind.clone();
        let same = action == "Modify" && properties.is_empty();
        (!same).then(|| Change { id: id.clone(), kind, action, properties })
    };
    ids.into_iter().filter_map(of).collect()
}

fn changed(was: &Value, is: &Value) -> Vec<String> {
    let names = |value: &Value| -> BTreeSet<String> {
        value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    };
    names(was).union(&names(is)).filter(|name| was.get(name.as_str()) != is.get(name.as_str())).cloned().collect()
}

/// The stack that a call names.
pub(super) fn find<'w>(world: &'w World, call: &Call) -> Result<&'w Stack, ApiError> {
    let id = call.params.required("StackId")?;
    of(world, &call.region, id)
}

/// The stack of that id.
pub(super) fn of<'w>(world: &'w World, region: &str, id: &str) -> Result<&'w Stack, ApiError> {
    let missing = || ApiError::not_found("StackNotFound", format!("The Stack ({id}) could not be found."));
    world.ros.stacks.get(&(region.to_owned(), id.to_owned())).ok_or_else(missing)
}

/// Stack times have no zone.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.0}").trim_end_matches('Z').to_owned()
}
