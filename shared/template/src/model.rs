//! The content of a template after it was read.

use std::collections::BTreeMap;

use crate::node::Node;
use crate::parameter::Parameter;

/// A template that was read; its intrinsics are not resolved yet.
#[derive(Debug, Clone)]
pub struct Template {
    pub(crate) description: String,
    pub(crate) parameters: BTreeMap<String, Parameter>,
    pub(crate) conditions: BTreeMap<String, Node>,
    pub(crate) resources: BTreeMap<String, Declared>,
    pub(crate) outputs: BTreeMap<String, Output>,
}

/// A resource as written.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) kind: String,
    pub(crate) condition: Option<String>,
    /// `DependsOn`, as written.
    pub(crate) depends: Option<Node>,
    pub(crate) properties: Node,
}

/// An output as written.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) condition: Option<String>,
    pub(crate) value: Node,
}

/// The values of ROS pseudo parameters, which the cloud defines for each stack.
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
    /// The description in the template.
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
