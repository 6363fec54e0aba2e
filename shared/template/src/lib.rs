//! template.yml read: intrinsics, functions, triggers, roles and the embedded workflow.
//!
//! The template is a native ROS template (Resource Orchestration Service). [`Template::parse`] reads it and checks what
//! needs no settings: sections, resource types and their properties, names that are referred to. [`Template::resolve`]
//! takes the settings of one deployment and gives a [`Deployment`], in which every intrinsic has its value. There is no
//! I/O here.
//!
//! Sources: `reference/workflow-events-template.md` section 3.2 for the properties of each type, and ROS's public help
//! pages for the intrinsics.

pub mod cron;
mod deployment;
mod error;
mod node;
mod parameter;
mod read;
mod resolve;
mod schema;

use std::collections::BTreeMap;

pub use deployment::{
    CustomRuntime, Deployment, Flow, Function, Log, LogStore, Param, Policy, Resource, Role, Rule, Target, Trigger,
    TriggerKind, Vpc,
};
pub use error::{Location, TemplateError, TemplateFault};
pub use parameter::Parameter;

use node::Node;

/// A template that was read; nothing in it has a value yet.
#[derive(Debug, Clone)]
pub struct Template {
    description: String,
    parameters: BTreeMap<String, Parameter>,
    conditions: BTreeMap<String, Node>,
    resources: BTreeMap<String, Declared>,
    outputs: BTreeMap<String, Output>,
}

/// A resource as written.
#[derive(Debug, Clone)]
struct Declared {
    kind: String,
    condition: Option<String>,
    properties: Node,
}

/// An output as written.
#[derive(Debug, Clone)]
struct Output {
    condition: Option<String>,
    value: Node,
}

/// What the cloud knows about the stack (ROS pseudo parameters).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pseudo {
    /// `ALIYUN::Region`.
    pub region: String,
    /// `ALIYUN::TenantId` and `ALIYUN::AccountId`.
    pub account_id: String,
    /// `ALIYUN::StackName`.
    pub stack_name: String,
    /// `ALIYUN::StackId`.
    pub stack_id: String,
}

impl Template {
    /// Reads a template from YAML or JSON.
    ///
    /// # Errors
    /// The first fault, with its line where there is one.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        read::template(text)
    }

    /// Gives every intrinsic its value. `parameters` holds what the operator set; the rest takes its default.
    ///
    /// # Errors
    /// A parameter that is unknown, missing or not allowed; an intrinsic that has no value; a property of the wrong type.
    pub fn resolve(&self, pseudo: &Pseudo, parameters: &BTreeMap<String, String>) -> Result<Deployment, TemplateError> {
        resolve::deployment(self, pseudo, parameters)
    }

    /// What the template says about itself.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The settings that a deployment may or must give.
    #[must_use]
    pub fn parameters(&self) -> &BTreeMap<String, Parameter> {
        &self.parameters
    }
}
