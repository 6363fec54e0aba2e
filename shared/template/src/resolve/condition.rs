//! Conditions: which parts of a template a deployment has.
//!
//! Inside Fn::And, Fn::Or and Fn::Not a bare string names another condition; Fn::Not takes one condition, alone or in
//! a list of one.

use std::collections::BTreeMap;

use super::scope::Scope;
use crate::error::{TemplateError, TemplateFault as Fault};
use crate::node::{Kind, Node};

/// Deepest nesting of conditions, names included: it stops conditions that refer to themselves.
const NESTING: usize = 32;

pub(super) fn all(scope: &Scope<'_>) -> Result<BTreeMap<String, bool>, TemplateError> {
    let mut known = BTreeMap::new();
    for (name, node) in &scope.template.conditions {
        let value = truth(scope, &mut known, node, &format!("Conditions.{name}"), 0)?;
        known.insert(name.clone(), value);
    }
    Ok(known)
}

/// `known` holds the conditions that were evaluated: each is evaluated once, however often it is named.
fn truth(
    scope: &Scope<'_>,
    known: &mut BTreeMap<String, bool>,
    node: &Node,
    path: &str,
    depth: usize,
) -> Result<bool, TemplateError> {
    scope.work.spend(1, node, path)?;
    if depth > NESTING {
        return Err(node.error(Fault::Reference, path, "conditions are nested too deeply or lead back to themselves"));
    }
    if let Kind::Text(name) = &node.kind {
        if let Some(value) = known.get(name) {
            return Ok(*value);
        }
        return match scope.template.conditions.get(name) {
            Some(other) => {
                let value = truth(scope, known, other, path, depth + 1)?;
                known.insert(name.clone(), value);
                Ok(value)
            }
            None => Err(node.error(Fault::Reference, path, format!("the condition `{name}` does not exist"))),
        };
    }
    match node.intrinsic() {
        Some(("Fn::Equals", argument)) => match list(argument) {
            [left, right] => Ok(same(&scope.value(left, path)?, &scope.value(right, path)?)),
            _ => Err(argument.error(Fault::Value, path, "Fn::Equals takes two values")),
        },
        Some(("Fn::And", argument)) => {
            for part in list(argument) {
                if !truth(scope, known, part, path, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Some(("Fn::Or", argument)) => {
            for part in list(argument) {
                if truth(scope, known, part, path, depth + 1)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Some(("Fn::Not", argument)) => match list(argument) {
            [only] => Ok(!truth(scope, known, only, path, depth + 1)?),
            [] => Ok(!truth(scope, known, argument, path, depth + 1)?),
            _ => Err(argument.error(Fault::Value, path, "Fn::Not takes one condition")),
        },
        _ => Err(node.error(Fault::Value, path, "a condition is Fn::Equals, Fn::And, Fn::Or or Fn::Not")),
    }
}

fn list(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::List(items) => items,
        _ => &[],
    }
}

/// Equality of settings: ROS compares a number and its digits as equal, because settings arrive as text.
fn same(left: &serde_json::Value, right: &serde_json::Value) -> bool {
    use serde_json::Value::{Bool, Number, String};
    match (left, right) {
        (String(text), other @ (Number(_) | Bool(_))) | (other @ (Number(_) | Bool(_)), String(text)) => {
            other.to_string().as_str() == text
        }
        _ => left == right,
    }
}
