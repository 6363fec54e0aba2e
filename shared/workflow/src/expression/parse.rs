//! The parser: from tokens to a tree, by recursive descent with a bounded depth.

use serde_json::Value;

use super::function::Function;
use super::node::{Comparison, Node, Root, Step};
use super::token::{Token, tokens};
use crate::limits;

pub(super) fn expression(text: &str) -> Result<Node, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, calls: 0 };
    if parser.tokens.is_empty() {
        return Err("an expression is empty".to_owned());
    }
    let node = parser.any()?;
    match parser.peek() {
        None => Ok(node),
        Some(token) => Err(format!("{} is not expected in `{text}`", describe(token))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    calls: usize,
}

fn describe(token: &Token) -> String {
    match token {
        Token::Root(name) => format!("`${name}`"),
        Token::Name(name) => format!("`{name}`"),
        Token::Literal(value) => format!("`{value}`"),
        Token::Symbol(symbol) => format!("`{symbol}`"),
    }
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(next)) if *next == symbol);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.take(symbol) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(token) => format!("`{symbol}` is expected before {}", describe(token)),
            None => format!("`{symbol}` is missing at the end"),
        })
    }

    fn any(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > limits::EXPRESSION_NESTING {
            return Err("an expression is nested too deeply".to_owned());
        }
        let mut parts = vec![self.all()?];
        while self.take("||") {
            parts.push(self.all()?);
        }
        self.depth -= 1;
        Ok(single_or(parts, Node::Any))
    }

    fn all(&mut self) -> Result<Node, String> {
        let mut parts = vec![self.compare()?];
        while self.take("&&") {
            parts.push(self.compare()?);
        }
        Ok(single_or(parts, Node::All))
    }

    fn compare(&mut self) -> Result<Node, String> {
        const OPERATORS: [(&str, Comparison); 6] = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let left = self.unary()?;
        for (symbol, operator) in OPERATORS {
            if self.take(symbol) {
                let right = self.unary()?;
                return Ok(Node::Compare { operator, left: Box::new(left), right: Box::new(right) });
            }
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, String> {
        let mut negations = 0_usize;
        while self.take("!") {
            negations += 1;
        }
        self.depth += negations;
        if self.depth > limits::EXPRESSION_NESTING {
            return Err("an expression is nested too deeply".to_owned());
        }
        let mut node = self.primary()?;
        self.depth -= negations;
        for _ in 0..negations {
            node = Node::Not(Box::new(node));
        }
        Ok(node)
    }

    fn primary(&mut self) -> Result<Node, String> {
        let Some(token) = self.peek().cloned() else { return Err("an expression ends too early".to_owned()) };
        self.at += 1;
        match token {
            Token::Literal(value) => Ok(Node::Literal(value)),
            Token::Root(name) => self.path(&name),
            Token::Name(name) => match name.as_str() {
                "true" => Ok(Node::Literal(Value::Bool(true))),
                "false" => Ok(Node::Literal(Value::Bool(false))),
                "null" => Ok(Node::Literal(Value::Null)),
                _ => self.call(&name),
            },
            Token::Symbol("(") => {
                let node = self.any()?;
                self.expect(")")?;
                Ok(node)
            }
            Token::Symbol("[") => Ok(Node::List(self.list("]")?)),
            Token::Symbol(symbol) => Err(format!("`{symbol}` is not expected")),
        }
    }

    fn path(&mut self, name: &str) -> Result<Node, String> {
        let root = match name {
            "Context" => Root::Context,
            "Input" => Root::Input,
            "Output" => Root::Output,
            "Global" => Root::Global,
            _ => return Err(format!("`${name}` is not one of $Context, $Input, $Output, $Global")),
        };
        let mut steps = Vec::new();
        loop {
            if self.take(".") {
                let Some(Token::Name(key)) = self.peek().cloned() else {
                    return Err(format!("a field's name is missing after a dot of `${name}`"));
                };
                self.at += 1;
                steps.push(Step::Key(key));
            } else if self.take("[") {
                let step = match self.peek() {
                    Some(Token::Literal(Value::String(key))) => Step::Key(key.clone()),
                    Some(Token::Literal(Value::Number(index))) => index
                        .as_u64()
                        .and_then(|index| usize::try_from(index).ok())
                        .map(Step::Index)
                        .ok_or_else(|| format!("`{index}` is not an index"))?,
                    _ => return Err("an index or a quoted name is missing in brackets".to_owned()),
                };
                self.at += 1;
                self.expect("]")?;
                steps.push(step);
            } else {
                return Ok(Node::Path { root, steps });
            }
        }
    }

    fn call(&mut self, name: &str) -> Result<Node, String> {
        let Some(function) = Function::named(name) else {
            return Err(format!("`{name}` is neither a value nor a built-in function known here"));
        };
        self.expect("(")?;
        self.calls += 1;
        if self.calls > limits::FUNCTION_NESTING {
            return Err(format!("built-in functions are nested more than {} deep", limits::FUNCTION_NESTING));
        }
        let arguments = self.list(")")?;
        self.calls -= 1;
        function.check(arguments.len())?;
        Ok(Node::Call { function, arguments })
    }

    fn list(&mut self, end: &str) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        if self.take(end) {
            return Ok(nodes);
        }
        loop {
            nodes.push(self.any()?);
            if !self.take(",") {
                self.expect(end)?;
                return Ok(nodes);
            }
        }
    }
}

fn single_or(mut parts: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            parts.push(last);
            several(parts)
        }
        (_, None) => several(parts),
    }
}
