//! Parameters: the settings of a deployment, and what each allows.

use regex_automata::nfa::thompson;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::util::syntax;
use serde_json::{Number, Value};

use crate::error::{TemplateError, TemplateFault as Fault};
use crate::node::{Kind, Node};

/// One parameter as declared.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// `Description`.
    pub description: String,
    /// `Default`; a deployment must give a parameter without one.
    pub default: Option<Value>,
    /// `AllowedValues`; empty: any.
    pub allowed: Vec<Value>,
    form: Form,
    pattern: Option<Pattern>,
    length: (Option<u64>, Option<u64>),
    range: (Option<f64>, Option<f64>),
    advice: Option<String>,
    at: Option<crate::Location>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Number,
    Bool,
    List,
    Json,
}

#[derive(Debug, Clone)]
struct Pattern {
    text: String,
    compiled: PikeVM,
}

/// Most parameters of one template (ROS's limit).
pub(crate) const MOST: usize = 200;

/// Longest AllowedPattern, in bytes.
const PATTERN: usize = 1_024;

/// Deepest nesting of groups in an AllowedPattern.
const PATTERN_NESTING: u32 = 32;

/// Most memory of one compiled AllowedPattern, in bytes: about 10,000 states. What repeats repetitions would need gigabytes.
const PATTERN_SIZE: usize = 256 * 1024;

/// Most steps of one match: the matcher takes at most states times characters.
const PATTERN_STEPS: usize = 4_000_000;

/// Longest value of a parameter, in bytes.
const VALUE: usize = 64 * 1024;

impl Pattern {
    /// The error is a reason without its place.
    fn compile(text: &str) -> Result<Self, String> {
        if text.len() > PATTERN {
            return Err(format!("AllowedPattern has more than {PATTERN} bytes"));
        }
        let built = PikeVM::builder()
            .syntax(syntax::Config::new().nest_limit(PATTERN_NESTING))
            .thompson(thompson::Config::new().nfa_size_limit(Some(PATTERN_SIZE)))
            .build(text);
        match built {
            Ok(compiled) => Ok(Self { text: text.to_owned(), compiled }),
            Err(error) if error.size_limit().is_some() => {
                Err(format!("AllowedPattern takes more than {PATTERN_SIZE} bytes to match: it repeats too much"))
            }
            Err(_) => {
                Err(format!("AllowedPattern is no regular expression of at most {PATTERN_NESTING} nested groups"))
            }
        }
    }

    fn check(&self, value: &str) -> Result<(), String> {
        let steps = self.compiled.get_nfa().states().len().saturating_mul(value.len());
        if steps > PATTERN_STEPS {
            return Err(format!("a value of {} bytes is too long to be matched against {}", value.len(), self.text));
        }
        if self.compiled.is_match(&mut self.compiled.create_cache(), value) {
            return Ok(());
        }
        Err(format!("`{value}` does not match {}", self.text))
    }
}

const KNOWN: [&str; 16] = [
    "Type",
    "Label",
    "Description",
    "Default",
    "AllowedValues",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "ConstraintDescription",
    "NoEcho",
    "Required",
    "Confirm",
    "AssociationProperty",
    "AssociationPropertyMetadata",
];

impl Parameter {
    pub(crate) fn read(path: &str, node: &Node) -> Result<Self, TemplateError> {
        let entries = node.map(path)?;
        if let Some(entry) = entries.iter().find(|entry| !KNOWN.contains(&entry.key.as_str())) {
            let reason = format!("`{}` is no property of a parameter", entry.key);
            return Err(TemplateError::new(Fault::Unknown, entry.at, path, reason));
        }
        let kind = match node.get("Type") {
            Some(kind) => kind.text(path)?,
            None => return Err(node.error(Fault::Missing, path, "Type is missing")),
        };
        let form = match kind {
            "String" => Form::Text,
            "Number" => Form::Number,
            "Boolean" => Form::Bool,
            "CommaDelimitedList" => Form::List,
            "Json" => Form::Json,
            other => return Err(node.error(Fault::Unknown, path, format!("`{other}` is no type of a parameter"))),
        };
        let pattern = match node.get("AllowedPattern") {
            None => None,
            Some(pattern) => {
                let compiled = Pattern::compile(pattern.text(path)?);
                Some(compiled.map_err(|reason| pattern.error(Fault::Value, path, reason))?)
            }
        };
        let number = |name: &str| node.get(name).and_then(|node| node.literal().as_f64());
        let whole = |name: &str| node.get(name).and_then(|node| node.literal().as_u64());
        let text = |name: &str| match node.get(name).map(|node| &node.kind) {
            Some(Kind::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let allowed = match node.get("AllowedValues").map(Node::literal) {
            None => Vec::new(),
            Some(Value::Array(values)) => values,
            Some(_) => return Err(node.error(Fault::Value, path, "AllowedValues must be a list")),
        };
        Ok(Self {
            description: text("Description").unwrap_or_default(),
            default: node.get("Default").map(Node::literal),
            allowed,
            form,
            pattern,
            length: (whole("MinLength"), whole("MaxLength")),
            range: (number("MinValue"), number("MaxValue")),
            advice: text("ConstraintDescription"),
            at: node.at,
        })
    }

    /// The value to use, from what the operator gave or else the default.
    pub(crate) fn value(&self, name: &str, given: Option<&String>) -> Result<Value, TemplateError> {
        let path = format!("Parameters.{name}");
        let refuse = |reason: String| {
            let reason = match &self.advice {
                Some(advice) => format!("{reason}: {advice}"),
                None => reason,
            };
            TemplateError::new(Fault::Parameter, self.at, &path, reason)
        };
        if given.is_some_and(|given| given.len() > VALUE) {
            return Err(refuse(format!("its value has more than {VALUE} bytes")));
        }
        let raw = match (given, &self.default) {
            (Some(given), _) => Value::String(given.clone()),
            (None, Some(default)) => default.clone(),
            (None, None) => return Err(refuse("a value is needed, and there is no default".to_owned())),
        };
        let value = self.typed(raw).map_err(|raw| refuse(format!("`{raw}` has the wrong type")))?;
        self.check(&value).map_err(refuse)?;
        Ok(value)
    }

    fn typed(&self, raw: Value) -> Result<Value, Value> {
        Ok(match (self.form, raw) {
            (Form::Text, Value::Number(number)) => Value::String(number.to_string()),
            (Form::Text, Value::Bool(flag)) => Value::String(flag.to_string()),
            (Form::Text, Value::Null) => Value::String(String::new()),
            (Form::Number, Value::String(text)) => match text.trim().parse::<Number>() {
                Ok(number) => Value::Number(number),
                Err(_) => return Err(Value::String(text)),
            },
            (Form::Bool, Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => return Err(Value::String(text)),
            },
            (Form::List, Value::String(text)) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
            }
            (Form::Json, Value::String(text)) => match serde_json::from_str(&text) {
                Ok(value) => value,
                Err(_) => return Err(Value::String(text)),
            },
            (Form::Text, raw @ Value::String(_))
            | (Form::Number, raw @ Value::Number(_))
            | (Form::Bool, raw @ Value::Bool(_))
            | (Form::List, raw @ Value::Array(_))
            | (Form::Json, raw) => raw,
            (_, raw) => return Err(raw),
        })
    }

    fn check(&self, value: &Value) -> Result<(), String> {
        let allowed = self.allowed.is_empty()
            || self.allowed.iter().any(|allowed| self.typed(allowed.clone()).as_ref() == Ok(value));
        if !allowed {
            let allowed: Vec<String> = self.allowed.iter().map(plain).collect();
            return Err(format!("`{}` is not one of {}", plain(value), allowed.join(", ")));
        }
        match value {
            Value::String(text) => {
                let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
                let (least, most) = self.length;
                if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
                    return Err(format!("`{text}` has {length} characters, which is not allowed"));
                }
                self.pattern.as_ref().map_or(Ok(()), |pattern| pattern.check(text))
            }
            Value::Number(number) => {
                let (least, most) = self.range;
                let number = number.as_f64().unwrap_or(f64::NAN);
                if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
                    return Err(format!("{number} is out of range"));
                }
                Ok(())
            }
            // Each of them, as if it were the only one.
            Value::Array(items) => match &self.pattern {
                Some(pattern) => items.iter().filter_map(Value::as_str).try_for_each(|item| pattern.check(item)),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// A value as people write it: strings without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
