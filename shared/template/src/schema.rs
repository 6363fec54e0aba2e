//! The properties of each resource type, and their types.
//!
//! Names are checked when the template is read, so that a misspelt property is found without any settings; values
//! are checked once they are resolved.

mod types;

use serde_json::Value;

use crate::error::{TemplateError, TemplateFault as Fault};
use crate::node::{Kind, Node};
pub(crate) use types::of;

/// A property of a resource or of an object inside one.
#[derive(Debug)]
pub(crate) struct Property {
    name: &'static str,
    required: bool,
    shape: Shape,
}

/// The type of a value.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A string; a number is taken for one, as ROS does.
    Text,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A whole number, from and to.
    Whole(u64, u64),
    /// Any number.
    Number,
    Bool,
    /// An object with any keys.
    Map,
    /// A list: of what, and how many at least and at most.
    List(&'static Shape, usize, usize),
    Object(&'static [Property]),
    Any,
}

/// Checks names and presence, through everything that is not an intrinsic.
pub(crate) fn check_names(properties: &[Property], node: &Node, path: &str) -> Result<(), TemplateError> {
    if node.intrinsic().is_some() {
        return Ok(());
    }
    for entry in node.map(path)? {
        let Some(property) = properties.iter().find(|property| property.name == entry.key) else {
            let reason = match nearest(properties, &entry.key) {
                Some(meant) => format!("`{}` is no property here; `{meant}` is", entry.key),
                None => format!("`{}` is no property here", entry.key),
            };
            return Err(TemplateError::new(Fault::Unknown, entry.at, path, reason));
        };
        check_inner_names(&property.shape, &entry.value, &format!("{path}.{}", entry.key))?;
    }
    for property in properties.iter().filter(|property| property.required) {
        if node.get(property.name).is_none() {
            return Err(node.error(Fault::Missing, path, format!("{} is missing", property.name)));
        }
    }
    Ok(())
}

fn check_inner_names(shape: &Shape, node: &Node, path: &str) -> Result<(), TemplateError> {
    match (shape, &node.kind) {
        (Shape::Object(properties), _) => check_names(properties, node, path),
        (Shape::List(item, ..), Kind::List(nodes)) => nodes
            .iter()
            .enumerate()
            .try_for_each(|(index, node)| check_inner_names(item, node, &format!("{path}.{index}"))),
        _ => Ok(()),
    }
}

/// The known name with the smallest edit distance from `given`, if it is small enough for a typing error.
fn nearest(properties: &[Property], given: &str) -> Option<&'static str> {
    properties
        .iter()
        .map(|property| (distance(property.name, given), property.name))
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, name)| name)
}

/// The edit distance of two names, in lower case.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.to_lowercase().chars().enumerate() {
        let mut next = vec![index + 1];
        for (column, to) in right.iter().enumerate() {
            let above = row.get(column + 1).copied().unwrap_or(usize::MAX - 1);
            let before = next.last().copied().unwrap_or(usize::MAX - 1);
            let corner = row.get(column).copied().unwrap_or(usize::MAX - 1);
            next.push((above + 1).min(before + 1).min(corner + usize::from(from != *to)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// Checks resolved values.
pub(crate) fn check_values(
    properties: &[Property],
    value: &Value,
    node: &Node,
    path: &str,
) -> Result<(), TemplateError> {
    let Value::Object(fields) = value else {
        return Err(node.error(Fault::Value, path, "an object is expected here"));
    };
    for (name, value) in fields {
        match properties.iter().find(|property| property.name == name) {
            None => return Err(node.error(Fault::Unknown, path, format!("`{name}` is no property here"))),
            Some(property) => {
                let node = node.get(name).unwrap_or(node);
                check_value(&property.shape, value, node, &format!("{path}.{name}"))?;
            }
        }
    }
    match properties.iter().find(|property| property.required && !fields.contains_key(property.name)) {
        Some(missing) => Err(node.error(Fault::Missing, path, format!("{} is missing", missing.name))),
        None => Ok(()),
    }
}

fn check_value(shape: &Shape, value: &Value, node: &Node, path: &str) -> Result<(), TemplateError> {
    let refuse = |expected: String| Err(node.error(Fault::Value, path, format!("{expected} is expected, not {value}")));
    match (shape, value) {
        (Shape::Any, _)
        | (Shape::Text, Value::String(_) | Value::Number(_))
        | (Shape::Map, Value::Object(_))
        | (Shape::Number, Value::Number(_))
        | (Shape::Bool, Value::Bool(_)) => Ok(()),
        (Shape::Bool, Value::String(text)) if text == "true" || text == "false" => Ok(()),
        (Shape::OneOf(choices), Value::String(text)) if choices.contains(&text.as_str()) => Ok(()),
        (Shape::Whole(least, most), value) => match whole(value) {
            Some(number) if (*least..=*most).contains(&number) => Ok(()),
            _ => refuse(format!("a whole number from {least} to {most}")),
        },
        (Shape::List(item, least, most), Value::Array(values)) => {
            if values.len() < *least || values.len() > *most {
                return refuse(format!("a list of {least} to {most} items"));
            }
            values
                .iter()
                .enumerate()
                .try_for_each(|(index, value)| check_value(item, value, node, &format!("{path}.{index}")))
        }
        (Shape::Object(properties), Value::Object(_)) => check_values(properties, value, node, path),
        (Shape::OneOf(choices), _) => refuse(format!("one of {}", choices.join(", "))),
        (Shape::Text, _) => refuse("a string".to_owned()),
        (Shape::Number, _) => refuse("a number".to_owned()),
        (Shape::Bool, _) => refuse("true or false".to_owned()),
        (Shape::Map | Shape::Object(_), _) => refuse("an object".to_owned()),
        (Shape::List(..), _) => refuse("a list".to_owned()),
    }
}

/// A whole number, written as such or as a string of digits.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
