//! Intrinsics get their values, and resources become a [`Deployment`].

mod assemble;
mod attribute;
mod calculate;
mod condition;
mod evaluate;
mod read;
mod work;

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{TemplateError, TemplateFault as Fault};
use crate::{Deployment, Pseudo, Resource, Template, schema};
pub(crate) use attribute::names as attribute_names;
pub(crate) use evaluate::{is_pseudo, placeholders};
use work::Work;

/// Everything an intrinsic may refer to.
struct Scope<'a> {
    template: &'a Template,
    pseudo: &'a Pseudo,
    parameters: BTreeMap<String, Value>,
    conditions: BTreeMap<String, bool>,
    /// The attributes being computed: one that leads back to itself is an error, not an endless loop.
    visiting: RefCell<Vec<String>>,
    work: Work,
}

impl Scope<'_> {
    /// Whether a thing with this condition is part of the deployment.
    fn holds(&self, condition: Option<&str>) -> bool {
        condition.is_none_or(|name| self.conditions.get(name).copied().unwrap_or(false))
    }
}

pub(crate) fn deployment(
    template: &Template,
    pseudo: &Pseudo,
    given: &BTreeMap<String, String>,
) -> Result<Deployment, TemplateError> {
    if let Some(unknown) = given.keys().find(|name| !template.parameters.contains_key(*name)) {
        let reason = format!("the template has no parameter `{unknown}`");
        return Err(TemplateError::new(Fault::Parameter, None, "Parameters", reason));
    }
    let mut parameters = BTreeMap::new();
    for (name, parameter) in &template.parameters {
        parameters.insert(name.clone(), parameter.value(name, given.get(name))?);
    }
    let mut scope = Scope {
        template,
        pseudo,
        parameters,
        conditions: BTreeMap::new(),
        visiting: RefCell::new(Vec::new()),
        work: Work::default(),
    };
    scope.conditions = condition::all(&scope)?;

    let mut resources = BTreeMap::new();
    for (name, declared) in &template.resources {
        if !scope.holds(declared.condition.as_deref()) {
            continue;
        }
        let path = format!("Resources.{name}.Properties");
        let properties = scope.value(&declared.properties, &path)?;
        if let Some(schema) = schema::of(&declared.kind) {
            schema::check_values(schema, &properties, &declared.properties, &path)?;
        }
        resources.insert(name.clone(), Resource { kind: declared.kind.clone(), properties });
    }
    let mut outputs = BTreeMap::new();
    for (name, output) in &template.outputs {
        if scope.holds(output.condition.as_deref()) {
            outputs.insert(name.clone(), scope.value(&output.value, &format!("Outputs.{name}"))?);
        }
    }
    assemble::deployment(pseudo, scope.parameters, resources, outputs)
}
