//! Resolves intrinsics, and turns resources into a [`Deployment`].

mod assemble;
mod attribute;
mod calculate;
mod condition;
mod evaluate;
mod read;
mod scope;
mod work;

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::deployment::{Deployment, Resource};
use crate::error::{TemplateError, TemplateFault as Fault};
use crate::model::{Pseudo, Template};
use crate::schema;
use scope::Scope;
use work::Work;

impl Template {
    /// Gives every intrinsic its value. `parameters` holds what the operator set; the rest takes its default.
    ///
    /// # Errors
    /// A parameter that is unknown, missing or not allowed; an intrinsic that has no value; a property of the wrong type.
    pub fn resolve(&self, pseudo: &Pseudo, parameters: &BTreeMap<String, String>) -> Result<Deployment, TemplateError> {
        deployment(self, pseudo, parameters)
    }
}

fn deployment(
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
