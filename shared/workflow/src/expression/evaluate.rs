//! The value of an expression.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::environment::Environment;
use super::equality::equal;
use super::node::{Comparison, Node, Root, Step};

pub(super) fn node(node: &Node, environment: &Environment) -> Result<Value, String> {
    match node {
        Node::Literal(value) => environment.made(value.clone()),
        Node::List(items) => {
            Ok(Value::Array(items.iter().map(|item| self::node(item, environment)).collect::<Result<_, _>>()?))
        }
        Node::Path { root, steps } => path(*root, steps, environment),
        Node::Call { function, arguments } => {
            let arguments =
                arguments.iter().map(|argument| self::node(argument, environment)).collect::<Result<Vec<_>, _>>()?;
            function.apply(&arguments).and_then(|value| environment.made(value))
        }
        Node::Compare { operator, left, right } => {
            compare(*operator, &self::node(left, environment)?, &self::node(right, environment)?).map(Value::Bool)
        }
        Node::Not(_) | Node::All(_) | Node::Any(_) => truth(node, environment).map(Value::Bool),
    }
}

pub(super) fn truth(node: &Node, environment: &Environment) -> Result<bool, String> {
    match node {
        Node::Not(inner) => truth(inner, environment).map(|value| !value),
        Node::All(parts) => {
            for part in parts {
                if !truth(part, environment)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Node::Any(parts) => {
            for part in parts {
                if truth(part, environment)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        other => match self::node(other, environment)? {
            Value::Bool(value) => Ok(value),
            value => Err(format!("a condition must be true or false, not `{value}`")),
        },
    }
}

fn path(root: Root, steps: &[Step], environment: &Environment) -> Result<Value, String> {
    // Nothing documented writes $Global, so it is an object without fields.
    let global = Value::Object(Map::new());
    let (name, mut value) = match root {
        Root::Context => ("$Context", &environment.context),
        Root::Input => ("$Input", &environment.input),
        Root::Global => ("$Global", &global),
        Root::Output => match &environment.output {
            Some(output) => ("$Output", output),
            None => return Err("$Output has a value in an OutputConstructor only".to_owned()),
        },
    };
    let mut so_far = name.to_owned();
    for step in steps {
        let next = match step {
            Step::Key(key) => {
                so_far.push('.');
                so_far.push_str(key);
                value.get(key)
            }
            Step::Index(index) => {
                so_far.push_str(&format!("[{index}]"));
                value.get(index)
            }
        };
        value = next.ok_or_else(|| format!("{so_far} does not exist"))?;
    }
    environment.made(value.clone())
}

fn compare(operator: Comparison, left: &Value, right: &Value) -> Result<bool, String> {
    match operator {
        Comparison::Equal => return Ok(equal(left, right)),
        Comparison::NotEqual => return Ok(!equal(left, right)),
        _ => {}
    }
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64().partial_cmp(&right.as_f64()),
        },
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    };
    let Some(order) = order else { return Err(format!("`{left}` and `{right}` cannot be ordered")) };
    Ok(match operator {
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        _ => order != Ordering::Less,
    })
}
