//! Constructors: JSON in which a key that ends in `.$` holds an expression (section 1.2).
//!
//! An expression under a key without `.$` is a plain string, and a key with `.$` must hold an expression.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::expression::{Environment, Expression};

/// A compiled InputConstructor, OutputConstructor or Parameters.
#[derive(Debug, Clone)]
pub(crate) enum Constructor {
    Literal(Value),
    Expression(Expression),
    List(Vec<Constructor>),
    Object(Vec<(String, Constructor)>),
}

impl Constructor {
    /// Compiles `value`; the error is a reason without the state's name.
    pub(crate) fn compile(value: &Value) -> Result<Self, String> {
        match value {
            Value::Object(fields) => {
                let mut compiled = Vec::with_capacity(fields.len());
                let mut names = BTreeSet::new();
                for (key, value) in fields {
                    let (name, part) = match (key.strip_suffix(".$"), value) {
                        (Some(name), Value::String(text)) => {
                            let expression = Expression::parse(text).map_err(|reason| format!("{key}: {reason}"))?;
                            (name, Self::Expression(expression))
                        }
                        (Some(_), _) => return Err(format!("{key} must hold an expression as a string")),
                        (None, value) => (key.as_str(), Self::compile(value)?),
                    };
                    if !names.insert(name) {
                        return Err(format!("{name} is given twice, with and without .$"));
                    }
                    compiled.push((name.to_owned(), part));
                }
                Ok(Self::Object(compiled))
            }
            Value::Array(items) => Ok(Self::List(items.iter().map(Self::compile).collect::<Result<_, _>>()?)),
            other => Ok(Self::Literal(other.clone())),
        }
    }

    /// Whether `$Output` is read anywhere: it has a value in an OutputConstructor only.
    pub(crate) fn reads_output(&self) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Expression(expression) => expression.reads_output(),
            Self::List(parts) => parts.iter().any(Self::reads_output),
            Self::Object(parts) => parts.iter().any(|(_, part)| part.reads_output()),
        }
    }

    pub(crate) fn build(&self, environment: &Environment) -> Result<Value, String> {
        Ok(match self {
            Self::Literal(value) => environment.made(value.clone())?,
            Self::Expression(expression) => expression.evaluate(environment)?,
            Self::List(parts) => {
                Value::Array(parts.iter().map(|part| part.build(environment)).collect::<Result<_, _>>()?)
            }
            Self::Object(parts) => {
                let mut object = Map::new();
                for (name, part) in parts {
                    object.insert(name.clone(), part.build(environment)?);
                }
                Value::Object(object)
            }
        })
    }
}
