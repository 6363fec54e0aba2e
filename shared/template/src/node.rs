//! The syntax tree of the template. Every node has its line and column.

use std::fmt;

use document::Limits;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

use crate::error::{Location, TemplateError, TemplateFault};

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: Option<Location>,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// The location of the key: an error about a misspelt name points at the name, not at its value.
    pub(crate) at: Option<Location>,
    pub(crate) value: Node,
}

impl Node {
    /// Reads a whole text.
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        // Tags are refused there: `!Ref x` would be read as the text x.
        document::read(text, Limits::DEFINITION).map_err(|error| {
            let at = error.at.map(|(line, column)| Location { line, column });
            let fault = if error.beyond_limit { TemplateFault::Limit } else { TemplateFault::Syntax };
            TemplateError::new(fault, at, "", error.reason)
        })
    }

    pub(crate) fn error(&self, fault: TemplateFault, path: &str, reason: impl Into<String>) -> TemplateError {
        TemplateError::new(fault, self.at, path, reason)
    }

    /// An error unless this is a mapping.
    pub(crate) fn map(&self, path: &str) -> Result<&[Entry], TemplateError> {
        match &self.kind {
            Kind::Map(entries) => Ok(entries),
            _ => Err(self.error(TemplateFault::Value, path, "a mapping is expected here")),
        }
    }

    /// An error unless this is a string.
    pub(crate) fn text(&self, path: &str) -> Result<&str, TemplateError> {
        match &self.kind {
            Kind::Text(text) => Ok(text),
            _ => Err(self.error(TemplateFault::Value, path, "a string is expected here")),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
            _ => None,
        }
    }

    /// The name and argument of an intrinsic: a mapping with one key, which is `Ref` or starts with `Fn::`.
    pub(crate) fn intrinsic(&self) -> Option<(&str, &Self)> {
        match &self.kind {
            Kind::Map(entries) => match entries.as_slice() {
                [only] if only.key == "Ref" || only.key.starts_with("Fn::") => Some((&only.key, &only.value)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The node as it stands, intrinsics included.
    pub(crate) fn literal(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(flag) => Value::Bool(*flag),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => Value::Array(items.iter().map(Self::literal).collect()),
            Kind::Map(entries) => Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.value.literal())).collect::<Map<_, _>>(),
            ),
        }
    }
}

fn place<T>(spanned: &Spanned<T>) -> Option<Location> {
    let (line, column) = (spanned.referenced.line(), spanned.referenced.column());
    (line > 0).then_some(Location { line, column })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Kind>::deserialize(deserializer)?;
        Ok(Self { at: place(&spanned), kind: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a template")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kind, D::Error> {
        Kind::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Kind, E> {
        Ok(Number::from_f64(number).map_or(Kind::Null, Kind::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Kind, E> {
        Ok(Kind::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Kind, E> {
        Ok(Kind::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Kind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let at = place(&key);
            // Keys are parts of the paths of the nodes below them.
            if key.value.len() > document::KEY {
                return Err(A::Error::custom(format!("a key has more than {} bytes", document::KEY)));
            }
            entries.push(Entry { key: key.value, at, value: map.next_value()? });
        }
        Ok(Kind::Map(entries))
    }
}
