//! The tree of an expression.

use serde_json::Value;

use super::function::Function;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
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
pub(super) enum Root {
    Context,
    Input,
    Output,
    Global,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Node {
    pub(super) fn reads_output(&self) -> bool {
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
