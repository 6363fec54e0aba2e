//! Resource Orchestration Service, version 2019-09-10: stacks of a template.
//!
//! The service is central: `RegionId` selects the stacks' region.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::action::actions;
use crate::listing::listing;
use crate::whole::ros as whole;

/// What is too long for a URL: a template has up to 512 KB.
const BODY: &[&str] = &["TemplateBody", "Parameters"];

actions! {
    Ros "ros" {
        writes CreateStack => CreateStackAnswer, whole::CREATED { token: true, body: BODY };
        writes UpdateStack => UpdateStackAnswer, whole::CREATED { token: true, body: BODY };
        writes DeleteStack => DeleteStackAnswer;
        reads GetStack => GetStackAnswer, whole::STACK;
        reads GetTemplate => GetTemplateAnswer, whole::TEMPLATE;
        reads ListStacks => ListStacksAnswer, whole::STACKS;
        reads ListStackEvents => ListStackEventsAnswer, whole::EVENTS;
        reads PreviewStack => PreviewStackAnswer, whole::PREVIEW { body: BODY };
        reads GetServiceProvisions => GetServiceProvisionsAnswer, whole::PROVISIONS;
        reads DescribeRegions => DescribeRegionsAnswer, whole::REGIONS { region: false };
    }
}

/// [`DeleteStack`] answers with nothing.
pub type DeleteStackAnswer = crate::Acknowledged;
/// [`GetStack`] answers with the stack itself.
pub type GetStackAnswer = Stack;
/// [`UpdateStack`] answers as [`CreateStack`] does.
pub type UpdateStackAnswer = CreateStackAnswer;

/// A parameter of a template, with its value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Parameter {
    pub parameter_key: String,
    pub parameter_value: String,
}

/// Makes a stack. What fails is taken back, unless `disable_rollback`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateStack {
    pub stack_name: String,
    pub template_body: String,
    pub parameters: Vec<Parameter>,
    pub timeout_in_minutes: Option<u32>,
    pub disable_rollback: Option<bool>,
    pub client_token: Option<String>,
}

/// Answer of [`CreateStack`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateStackAnswer {
    pub stack_id: String,
    pub request_id: String,
}

/// Changes a stack. With nothing to change it is refused with `NotSupported`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateStack {
    pub stack_id: String,
    pub template_body: String,
    pub parameters: Vec<Parameter>,
    pub timeout_in_minutes: Option<u32>,
    pub disable_rollback: Option<bool>,
    pub client_token: Option<String>,
}

/// Takes a stack away, and what it made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteStack {
    pub stack_id: String,
}

/// One stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetStack {
    pub stack_id: String,
}

/// A stack. A listing has no parameters and no outputs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Stack {
    pub stack_id: String,
    pub stack_name: String,
    pub region_id: String,
    /// `CREATE_IN_PROGRESS`, `CREATE_COMPLETE`, `UPDATE_FAILED`, `ROLLBACK_COMPLETE`, ...
    pub status: String,
    pub status_reason: String,
    pub parameters: Vec<Parameter>,
    pub outputs: Vec<Output>,
    pub create_time: String,
    pub update_time: String,
    pub request_id: String,
}

/// An output of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Output {
    pub output_key: String,
    pub output_value: Value,
}

/// The template of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTemplate {
    pub stack_id: Option<String>,
}

/// Answer of [`GetTemplate`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetTemplateAnswer {
    pub template_body: String,
    pub request_id: String,
}

/// The regions that stacks may be in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRegions {}

/// Answer of [`DescribeRegions`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeRegionsAnswer {
    pub regions: Vec<StackRegion>,
    pub request_id: String,
}

/// A region that stacks may be in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct StackRegion {
    pub region_id: String,
}

/// Whether services of the account are open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceProvisions {
    pub services: Vec<ServiceName>,
}

/// A service, by the name that ROS has for it: `FC`, `FNF`, `OSS`, `SLS`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceName {
    pub service_name: String,
}

/// Answer of [`GetServiceProvisions`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetServiceProvisionsAnswer {
    pub service_provisions: Vec<ServiceProvision>,
    pub request_id: String,
}

/// How a service stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServiceProvision {
    pub service_name: String,
    /// `Enabled`, `Disabled` or `Unknown`.
    pub status: String,
    pub status_reason: String,
    /// Where it can be opened.
    #[serde(rename = "EnableURL")]
    pub enable_url: String,
}

/// The stacks of a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListStacks {
    pub stack_name: Vec<String>,
    pub page_number: Option<u32>,
    pub page_size: Option<u32>,
}

/// Answer of [`ListStacks`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListStacksAnswer {
    pub stacks: Vec<Stack>,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListStacks, stacks: Stack, pages 50);

/// What happened to the resources of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListStackEvents {
    pub stack_id: String,
    pub page_number: Option<u32>,
    pub page_size: Option<u32>,
}

/// Answer of [`ListStackEvents`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListStackEventsAnswer {
    pub events: Vec<Event>,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListStackEvents, events: Event, pages 50);

/// A change of a resource's state, or of the stack's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Event {
    pub event_id: String,
    pub logical_resource_id: String,
    pub physical_resource_id: String,
    pub resource_type: String,
    pub status: String,
    pub status_reason: String,
    pub create_time: String,
}

/// What making a stack, or with `stack_id` changing it, would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PreviewStack {
    pub stack_name: Option<String>,
    pub stack_id: Option<String>,
    pub template_body: String,
    pub parameters: Vec<Parameter>,
}

/// Answer of [`PreviewStack`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PreviewStackAnswer {
    pub stack: Preview,
    pub request_id: String,
}

/// What would become of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Preview {
    pub resources: Vec<PreviewedResource>,
}

/// What would become of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PreviewedResource {
    pub logical_resource_id: String,
    pub resource_type: String,
    /// `Add`, `Modify`, `Remove` or `None`.
    pub action: String,
    /// `True`, `False` or `Conditional`.
    pub replacement: String,
}
