//! Expressions: paths into the run's data, literals, comparisons, logic, and built-in functions.
//!
//! ```text
//! or      = and { "||" and }          unary   = "!" unary | primary
//! and     = compare { "&&" compare }  primary = literal | list | path | function "(" .. ")" | "(" or ")"
//! compare = unary [ op unary ]        path    = "$" root { "." name | "[" index or "name" "]" }
//! ```
//!
//! Roots: `$Context`, `$Input`, `$Output`, `$Global` (section 1.2). Strings stand in double or single quotes. A path
//! that does not exist is an error, never null: a misspelt field must not change the control flow.

mod environment;
mod equality;
mod evaluate;
mod function;
mod node;
mod parse;
mod token;

use serde_json::Value;

pub(crate) use environment::Environment;
use node::Node;

/// A compiled expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expression {
    node: Node,
}

impl Expression {
    /// Reads an expression; the error is a reason without its place.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        parse::expression(text).map(|node| Self { node })
    }

    pub(crate) fn evaluate(&self, environment: &Environment) -> Result<Value, String> {
        evaluate::node(&self.node, environment)
    }

    /// Evaluates a condition: anything but true or false is an error.
    pub(crate) fn condition(&self, environment: &Environment) -> Result<bool, String> {
        evaluate::truth(&self.node, environment)
    }

    pub(crate) fn reads_output(&self) -> bool {
        self.node.reads_output()
    }
}
