//! Reads template.yml: intrinsics, functions, triggers, roles and the embedded workflow.
//!
//! The template is a native ROS template (Resource Orchestration Service). [`Template::parse`] reads it and checks what
//! does not depend on settings: sections, resource types and their properties, names that are referred to. [`Template::resolve`]
//! takes the settings of one deployment and gives a [`Deployment`], in which every intrinsic has its value. There is no
//! I/O here.
//!
//! Sources: `reference/workflow-events-template.md` section 3.2 for the properties of each type, and ROS's public help
//! pages for the intrinsics.

pub mod cron;
mod deployment;
mod error;
mod model;
mod node;
mod parameter;
mod read;
mod reference;
mod resolve;
mod schema;

pub use deployment::{
    Code, CustomRuntime, Deployment, Flow, Function, Log, LogStore, Param, Policy, Resource, Role, Rule, Target,
    Trigger, TriggerKind, Vpc,
};
pub use error::{Location, TemplateError, TemplateFault};
pub use model::{Pseudo, Template};
pub use parameter::Parameter;
