//! From text to a [`Template`]: sections, resource types, properties, and the names that are referred to.

use std::collections::BTreeMap;

use crate::error::{TemplateError, TemplateFault as Fault};
use crate::model::{Declared, Output, Template};
use crate::node::{Kind, Node};
use crate::parameter::Parameter;
use crate::reference::{attribute_names, is_pseudo, placeholders};
use crate::{parameter, schema};

const VERSION: &str = "2015-09-01";

impl Template {
    /// Reads a template from YAML or JSON.
    ///
    /// # Errors
    /// The first fault, with its line where there is one.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        template(text)
    }
}

fn template(text: &str) -> Result<Template, TemplateError> {
    let top = Node::parse(text)?;
    only(
        &top,
        "",
        &["ROSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Conditions", "Resources", "Outputs"],
    )?;
    match top.get("ROSTemplateFormatVersion").map(Node::literal) {
        Some(serde_json::Value::String(version)) if version == VERSION => {}
        _ => {
            let reason = format!("ROSTemplateFormatVersion must be '{VERSION}', in quotes");
            return Err(top.error(Fault::Value, "", reason));
        }
    }
    let description = match top.get("Description").map(|node| &node.kind) {
        Some(Kind::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let mut template = Template {
        description,
        parameters: BTreeMap::new(),
        conditions: BTreeMap::new(),
        resources: BTreeMap::new(),
        outputs: BTreeMap::new(),
    };
    let parameters = section(&top, "Parameters")?;
    if parameters.len() > parameter::MOST {
        let reason = format!("there are {} parameters, over the limit of {}", parameters.len(), parameter::MOST);
        return Err(top.error(Fault::Limit, "Parameters", reason));
    }
    for (name, path, node) in parameters {
        template.parameters.insert(name.clone(), Parameter::read(&path, node)?);
    }
    for (name, _, node) in section(&top, "Conditions")? {
        template.conditions.insert(name.clone(), node.clone());
    }
    for (name, path, node) in section(&top, "Resources")? {
        template.resources.insert(name.clone(), resource(&path, node)?);
    }
    if template.resources.is_empty() {
        return Err(top.error(Fault::Missing, "", "Resources is missing or empty"));
    }
    for (name, path, node) in section(&top, "Outputs")? {
        only(node, &path, &["Description", "Condition", "Value", "Label"])?;
        let Some(value) = node.get("Value") else { return Err(node.error(Fault::Missing, &path, "Value is missing")) };
        let condition = condition(node, &path)?;
        template.outputs.insert(name.clone(), Output { condition, value: value.clone() });
    }
    References { template: &template }.check()?;
    Ok(template)
}

/// The entries of a section as name, path and node.
fn section<'a>(top: &'a Node, name: &str) -> Result<Vec<(&'a String, String, &'a Node)>, TemplateError> {
    let Some(node) = top.get(name) else { return Ok(Vec::new()) };
    let entries = node.map(name)?;
    Ok(entries.iter().map(|entry| (&entry.key, format!("{name}.{}", entry.key), &entry.value)).collect())
}

fn only(node: &Node, path: &str, known: &[&str]) -> Result<(), TemplateError> {
    match node.map(path)?.iter().find(|entry| !known.contains(&entry.key.as_str())) {
        None => Ok(()),
        Some(entry) => {
            let reason = format!("`{}` is not known here", entry.key);
            Err(TemplateError::new(Fault::Unknown, entry.at, path, reason))
        }
    }
}

fn condition(node: &Node, path: &str) -> Result<Option<String>, TemplateError> {
    node.get("Condition").map(|name| name.text(path).map(str::to_owned)).transpose()
}

fn resource(path: &str, node: &Node) -> Result<Declared, TemplateError> {
    only(node, path, &["Type", "Properties", "Condition", "DependsOn", "DeletionPolicy", "Metadata", "Description"])?;
    let Some(kind) = node.get("Type") else { return Err(node.error(Fault::Missing, path, "Type is missing")) };
    let name = kind.text(path)?;
    let Some(schema) = schema::of(name) else {
        return Err(kind.error(Fault::Unknown, path, format!("the type `{name}` is not known here")));
    };
    let Some(properties) = node.get("Properties") else {
        return Err(node.error(Fault::Missing, path, "Properties is missing"));
    };
    schema::check_names(schema, properties, &format!("{path}.Properties"))?;
    let depends = node.get("DependsOn").cloned();
    Ok(Declared { kind: name.to_owned(), condition: condition(node, path)?, depends, properties: properties.clone() })
}

/// Checks that every name that is referred to exists, also in parts that no condition enables.
struct References<'a> {
    template: &'a Template,
}

impl References<'_> {
    fn check(&self) -> Result<(), TemplateError> {
        for (name, node) in &self.template.conditions {
            let path = format!("Conditions.{name}");
            self.node(node, &path)?;
            self.condition_names(node, &path)?;
        }
        for (name, resource) in &self.template.resources {
            let path = format!("Resources.{name}");
            self.condition(resource.condition.as_deref(), &resource.properties, &path)?;
            self.depends(resource.depends.as_ref(), &format!("{path}.DependsOn"))?;
            self.node(&resource.properties, &format!("{path}.Properties"))?;
        }
        for (name, output) in &self.template.outputs {
            let path = format!("Outputs.{name}");
            self.condition(output.condition.as_deref(), &output.value, &path)?;
            self.node(&output.value, &path)?;
        }
        Ok(())
    }

    /// A name or a list of names of resources.
    fn depends(&self, on: Option<&Node>, path: &str) -> Result<(), TemplateError> {
        let Some(on) = on else { return Ok(()) };
        let names = match &on.kind {
            Kind::List(names) => names.as_slice(),
            _ => std::slice::from_ref(on),
        };
        names.iter().try_for_each(|name| match self.template.resources.get(name.text(path)?) {
            Some(_) => Ok(()),
            None => {
                Err(name.error(Fault::Reference, path, format!("the resource `{}` does not exist", name.text(path)?)))
            }
        })
    }

    fn condition(&self, name: Option<&str>, near: &Node, path: &str) -> Result<(), TemplateError> {
        match name {
            Some(name) if !self.template.conditions.contains_key(name) => {
                Err(near.error(Fault::Reference, path, format!("the condition `{name}` does not exist")))
            }
            _ => Ok(()),
        }
    }

    /// In Conditions a bare string inside Fn::And, Fn::Or and Fn::Not names another condition.
    fn condition_names(&self, node: &Node, path: &str) -> Result<(), TemplateError> {
        match &node.kind {
            Kind::Text(name) => self.condition(Some(name), node, path),
            Kind::List(items) => items.iter().try_for_each(|item| self.condition_names(item, path)),
            _ => match node.intrinsic() {
                Some(("Fn::And" | "Fn::Or" | "Fn::Not", argument)) => self.condition_names(argument, path),
                _ => Ok(()),
            },
        }
    }

    fn node(&self, node: &Node, path: &str) -> Result<(), TemplateError> {
        if let Some((function, argument)) = node.intrinsic() {
            self.intrinsic(function, argument, path)?;
        }
        match &node.kind {
            Kind::List(items) => {
                items.iter().enumerate().try_for_each(|(index, item)| self.node(item, &format!("{path}.{index}")))
            }
            Kind::Map(entries) => {
                entries.iter().try_for_each(|entry| self.node(&entry.value, &format!("{path}.{}", entry.key)))
            }
            _ => Ok(()),
        }
    }

    fn intrinsic(&self, function: &str, argument: &Node, path: &str) -> Result<(), TemplateError> {
        match (function, &argument.kind) {
            ("Ref", Kind::Text(name)) => self.name(name, argument, path),
            ("Fn::GetAtt", Kind::List(parts)) => match parts.as_slice() {
                [resource, attribute] => self.attribute(resource.text(path)?, attribute.text(path)?, argument, path),
                _ => Err(argument.error(Fault::Value, path, "Fn::GetAtt takes a resource and an attribute")),
            },
            ("Fn::If", Kind::List(parts)) => match parts.first().map(|part| &part.kind) {
                Some(Kind::Text(name)) => self.condition(Some(name), argument, path),
                _ => Err(argument.error(Fault::Value, path, "Fn::If takes a condition's name first")),
            },
            ("Fn::Sub", Kind::Text(text)) => self.substitution(text, argument, &[], path),
            ("Fn::Sub", Kind::List(parts)) => match parts.as_slice() {
                [text, variables] => {
                    let names: Vec<&str> = variables.map(path)?.iter().map(|entry| entry.key.as_str()).collect();
                    self.substitution(text.text(path)?, argument, &names, path)
                }
                _ => Err(argument.error(Fault::Value, path, "Fn::Sub takes a text and a mapping of variables")),
            },
            _ => Ok(()),
        }
    }

    fn substitution(&self, text: &str, at: &Node, variables: &[&str], path: &str) -> Result<(), TemplateError> {
        for name in placeholders(text) {
            if variables.contains(&name) {
                continue;
            }
            match name.split_once('.') {
                Some((resource, attribute)) => self.attribute(resource, attribute, at, path)?,
                None => self.name(name, at, path)?,
            }
        }
        Ok(())
    }

    fn name(&self, name: &str, at: &Node, path: &str) -> Result<(), TemplateError> {
        let known = is_pseudo(name)
            || self.template.parameters.contains_key(name)
            || self.template.resources.contains_key(name);
        if known {
            return Ok(());
        }
        Err(at.error(Fault::Reference, path, format!("`{name}` is no parameter, resource or pseudo parameter")))
    }

    fn attribute(&self, resource: &str, attribute: &str, at: &Node, path: &str) -> Result<(), TemplateError> {
        let Some(declared) = self.template.resources.get(resource) else {
            return Err(at.error(Fault::Reference, path, format!("the resource `{resource}` does not exist")));
        };
        if attribute_names(&declared.kind).contains(&attribute) {
            return Ok(());
        }
        let reason = format!("`{resource}` is a {} and has no attribute `{attribute}`", declared.kind);
        Err(at.error(Fault::Reference, path, reason))
    }
}
