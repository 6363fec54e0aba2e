//! Expressions: paths into the run's data, literals, comparisons, logic, and built-in functions.
//!
//! ```text
//! or      = and { "||" and }          unary   = "!" unary | primary
//! and     = compare { "&&" compare }  primary = literal | list | path | function "(" .. ")" | "(" or ")"
//! compare = unary [ op unary ]        path    = "$" root { "." name | "[" index or "name" "]" }
//! ```
//!
//! Roots: `$Context`, `$Input`, `$Output`, `$Global` (section 1.2). Strings stand in double or single quotes. A path
//! that leads nowhere is an error, never null: a misspelt field must not steer a flow.

mod evaluate;
mod function;
mod parse;
mod token;

use std::cell::Cell;

use serde_json::Value;

use crate::limits;
use function::Function;

/// A compiled expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expression {
    node: Node,
}

/// What an expression may read.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) context: Value,
    pub(crate) input: Value,
    pub(crate) output: Option<Value>,
    /// How many bytes were read and made so far.
    spent: Cell<usize>,
}

impl Environment {
    pub(crate) fn new(context: Value, input: Value, output: Option<Value>) -> Self {
        Self { context, input, output, spent: Cell::new(0) }
    }

    /// Hands a value on that was read or made, and counts it.
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

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Literal(Value),
    List(Vec<Node>),
    Path { root: Root, steps: Vec<Step> },
    Call { function: Function, arguments: Vec<Node> },
    Not(Box<Node>),
    Compare { operator: Comparison, left: Box<Node>, right: Box<Node> },
    All(Vec<Node>),
    Any(Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Context,
    Input,
    Output,
    Global,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
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

impl Node {
    fn reads_output(&self) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Path { root, .. } => *root == Root::Output,
            Self::List(nodes) | Self::All(nodes) | Self::Any(nodes) | Self::Call { arguments: nodes, .. } => {
                nodes.iter().any(Self::reads_output)
            }
            Self::Not(node) => node.reads_output(),
            Self::Compare { left, right, .. } => left.reads_output() || right.reads_output(),
        }
    }
}
