//! The data that an expression may read, and how much of it was read.

use std::cell::Cell;

use serde_json::Value;

use crate::limits;

/// What an expression may read.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) context: Value,
    pub(crate) input: Value,
    pub(crate) output: Option<Value>,
    /// How many bytes were read and built so far.
    spent: Cell<usize>,
}

impl Environment {
    pub(crate) fn new(context: Value, input: Value, output: Option<Value>) -> Self {
        Self { context, input, output, spent: Cell::new(0) }
    }

    /// Counts a value that was read or built, and returns it.
    pub(crate) fn made(&self, value: Value) -> Result<Value, String> {
        let spent = self.spent.get().saturating_add(size(&value));
        self.spent.set(spent);
        if spent <= limits::EXPRESSION_DATA {
            return Ok(value);
        }
        Err(format!("the expressions of one state read and make more than {} bytes", limits::EXPRESSION_DATA))
    }
}

/// About how many bytes a value takes.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len().saturating_add(8),
        Value::Array(items) => items.iter().map(size).fold(8, usize::saturating_add),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| size(value).saturating_add(name.len())).fold(8, usize::saturating_add)
        }
    }
}
