//! Limits the work of resolving one template: an intrinsic that refers to another twice, which refers to a third twice, and so
//! on, would double the work with every line.

use std::cell::Cell;

use serde_json::Value;

use crate::error::{TemplateError, TemplateFault as Fault};
use crate::node::Node;

/// Most values visited and bytes produced while one template is resolved. albridge's own takes about 100,000.
const MOST: usize = 8_000_000;

/// Deepest nesting of values and of attributes that lead to one another: evaluation is recursive.
const DEPTH: usize = 64;

/// What was spent so far.
#[derive(Debug, Default)]
pub(super) struct Work {
    spent: Cell<usize>,
    depth: Cell<usize>,
}

/// One level of nesting, left when this is dropped.
#[derive(Debug)]
pub(super) struct Level<'w>(&'w Cell<usize>);

impl Drop for Level<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Work {
    /// Counts `amount` values or bytes.
    pub(super) fn spend(&self, amount: usize, at: &Node, path: &str) -> Result<(), TemplateError> {
        let spent = self.spent.get().saturating_add(amount);
        self.spent.set(spent);
        if spent <= MOST {
            return Ok(());
        }
        Err(at.error(Fault::Limit, path, format!("the template makes more than {MOST} values and bytes")))
    }

    /// Goes one level deeper.
    pub(super) fn enter(&self, at: &Node, path: &str) -> Result<Level<'_>, TemplateError> {
        self.spend(1, at, path)?;
        let depth = self.depth.get();
        if depth >= DEPTH {
            let reason = format!("what intrinsics lead to is nested more than {DEPTH} levels deep");
            return Err(at.error(Fault::Limit, path, reason));
        }
        self.depth.set(depth + 1);
        Ok(Level(&self.depth))
    }
}

/// About how many bytes a value takes.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len().saturating_add(8),
        Value::Array(items) => items.iter().map(size).fold(8, usize::saturating_add),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| size(value).saturating_add(name.len())).fold(8, usize::saturating_add)
        }
    }
}
