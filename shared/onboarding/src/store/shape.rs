//! The structure of a document against the schema: every field that is unknown, missing, given twice or of another type. The
//! parser stops at the first of them; this goes on, and repairs the document, so that its values can be checked as well.

use ipnet::Ipv4Net;
use serde_json::{Map, Value};

use super::check::value::no_number;
use super::place::{self, Node, Place};

/// The format of prefixes in the schema ([`BackToOrigin`](crate::binding::BackToOrigin)).
const PREFIX: &str = "ipv4-prefix";

/// An error of the structure.
#[derive(Debug)]
pub(super) struct Misfit {
    /// Where it is, if that is known.
    pub(super) at: Option<(u64, u64)>,
    /// The value, as in `bindings[0].alb`; of an unknown or repeated field the mapping that has it.
    pub(super) path: String,
    /// The message.
    pub(super) message: String,
}

/// The result of a comparison.
#[derive(Debug)]
pub(super) struct Compared {
    /// The errors, in the order of the document.
    pub(super) misfits: Vec<Misfit>,
    /// The document without them.
    pub(super) repaired: Value,
    /// The paths of values in it that the author did not write.
    pub(super) made_up: Vec<String>,
}

/// Compares a document with a schema as `schemars` writes them.
pub(super) fn compare(schema: &Value, document: &Place) -> Compared {
    let mut walk = Walk { root: schema, misfits: Vec::new(), made_up: Vec::new() };
    let repaired = walk.value(schema, document, String::new());
    Compared { misfits: walk.misfits, repaired, made_up: walk.made_up }
}

struct Walk<'s> {
    root: &'s Value,
    misfits: Vec<Misfit>,
    made_up: Vec<String>,
}

impl<'s> Walk<'s> {
    /// The schema itself, behind references, and without the alternative null.
    fn resolve(&self, schema: &'s Value) -> &'s Value {
        let mut schema = schema;
        // Each step leads further down a schema of finite depth; more would be a circle.
        for _ in 0..8 {
            let reference = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
            let chosen = match (reference, schema.get("anyOf").and_then(Value::as_array)) {
                (Some(pointer), _) => self.root.pointer(pointer),
                (None, Some(options)) => options.iter().find(|option| option.get("type") != Some(&"null".into())),
                (None, None) => None,
            };
            let Some(chosen) = chosen else { break };
            schema = chosen;
        }
        schema
    }

    fn value(&mut self, schema: &'s Value, place: &Place, path: String) -> Value {
        let optional = is_optional(schema);
        let schema = self.resolve(schema);
        if matches!(place.node(), Node::Scalar(Value::Null)) && (optional || is_optional(schema)) {
            return Value::Null;
        }
        match kind(schema) {
            "object" => self.mapping(schema, place, path),
            "array" => self.list(schema, place, path),
            _ => match scalar(schema, place.node(), &path) {
                Ok(value) => value,
                Err(message) => self.misfit(schema, place, path, message),
            },
        }
    }

    fn mapping(&mut self, schema: &'s Value, place: &Place, path: String) -> Value {
        let Node::Map(fields) = place.node() else {
            return self.misfit(schema, place, path, "expected fields with values.".to_owned());
        };
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties").filter(|others| others.is_object());
        let mut repaired = Map::new();
        for (key, value) in fields {
            let name = key.value.as_str();
            // What is quoted ends where it seems to.
            let quoted = name.replace('`', "'");
            let Some(of) = known.and_then(|known| known.get(name)).or(others) else {
                let names: Vec<&str> = known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                let message = format!("unknown field `{quoted}`, expected one of {}.", names.join(", "));
                self.misfits.push(Misfit { at: place::at(key), path: path.clone(), message });
                continue;
            };
            if repaired.contains_key(name) {
                let message = format!("`{quoted}` stands here twice. Keep one of them.");
                self.misfits.push(Misfit { at: place::at(key), path: path.clone(), message });
                continue;
            }
            let fixed = self.value(of, value, joined(&path, name));
            repaired.insert(name.to_owned(), fixed);
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if repaired.contains_key(name) {
                continue;
            }
            let message = format!("missing field `{name}`.");
            self.misfits.push(Misfit { at: place.at(), path: path.clone(), message });
            let of = known.and_then(|known| known.get(name)).unwrap_or(&Value::Null);
            self.made_up.push(joined(&path, name));
            repaired.insert(name.to_owned(), self.placeholder(of));
        }
        Value::Object(repaired)
    }

    fn list(&mut self, schema: &'s Value, place: &Place, path: String) -> Value {
        let Node::Seq(items) = place.node() else {
            return self.misfit(schema, place, path, "expected a list.".to_owned());
        };
        let of = schema.get("items").unwrap_or(&Value::Null);
        let items = items.iter().enumerate();
        items.map(|(index, item)| self.value(of, item, format!("{path}[{index}]"))).collect()
    }

    /// Notes an error, and gives a value to go on with.
    fn misfit(&mut self, schema: &'s Value, place: &Place, path: String, message: String) -> Value {
        self.made_up.push(path.clone());
        self.misfits.push(Misfit { at: place.at(), path, message });
        self.placeholder(schema)
    }

    /// A value that the schema allows.
    fn placeholder(&self, schema: &'s Value) -> Value {
        if is_optional(schema) {
            return Value::Null;
        }
        let schema = self.resolve(schema);
        if let Some(word) = words(schema).first() {
            return (*word).into();
        }
        match kind(schema) {
            "object" => {
                let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
                let fields = required.filter_map(Value::as_str).map(|name| {
                    let of = schema.get("properties").and_then(|known| known.get(name)).unwrap_or(&Value::Null);
                    (name.to_owned(), self.placeholder(of))
                });
                Value::Object(fields.collect())
            }
            "array" => Value::Array(Vec::new()),
            "integer" => 1.into(),
            "boolean" => false.into(),
            _ if format(schema) == PREFIX => "100.64.0.0/24".into(),
            _ => "".into(),
        }
    }
}

/// A scalar of the wanted kind, or what is expected.
fn scalar(schema: &Value, node: &Node, path: &str) -> Result<Value, String> {
    let words = words(schema);
    let expected = || match kind(schema) {
        "boolean" => "is neither true nor false.".to_owned(),
        "integer" => no_number(path),
        _ => "expected a text.".to_owned(),
    };
    let Node::Scalar(value) = node else { return Err(expected()) };
    match (kind(schema), value) {
        ("boolean", Value::Bool(_)) => Ok(value.clone()),
        ("integer", Value::Number(number)) if number.as_u64().is_some_and(|number| number <= greatest(schema)) => {
            Ok(value.clone())
        }
        ("boolean" | "integer", _) => Err(expected()),
        (_, Value::Null) => Err("has no value. Write one, or leave the line out if it has a default.".to_owned()),
        (_, value) => {
            // A number or truth value without quotes is a text where a text is wanted.
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if !words.is_empty() && !words.contains(&text.as_str()) {
                return Err(format!("unknown variant `{text}`, expected one of {}.", words.join(", ")));
            }
            if format(schema) == PREFIX && text.parse::<Ipv4Net>().is_err() {
                return Err("is no prefix. Write one of the form 100.64.0.0/24.".to_owned());
            }
            Ok(text.into())
        }
    }
}

/// The words of an enumeration.
fn words(schema: &Value) -> Vec<&str> {
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let options = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    listed.chain(options.filter_map(|option| option.get("const").and_then(Value::as_str))).collect()
}

/// The type, but for null.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or(""),
        _ => "",
    }
}

fn format(schema: &Value) -> &str {
    schema.get("format").and_then(Value::as_str).unwrap_or_default()
}

/// Of an integer's format.
fn greatest(schema: &Value) -> u64 {
    match format(schema) {
        "uint8" => u8::MAX.into(),
        "uint16" => u16::MAX.into(),
        _ => u32::MAX.into(),
    }
}

/// Whether null, or no value, is allowed.
fn is_optional(schema: &Value) -> bool {
    let null = Value::from("null");
    let listed = schema.get("type").and_then(Value::as_array).is_some_and(|kinds| kinds.contains(&null));
    let mut options = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    listed || options.any(|option| option.get("type") == Some(&null))
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
