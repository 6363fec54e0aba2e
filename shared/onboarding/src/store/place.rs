//! The places (line and column) of the values in a document.

use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{DuplicateKeyPolicy, Spanned};

/// The most events that all aliases together may expand to. A thousand bindings that share a list of prefixes need about
/// ten thousand; an alias bomb is refused at this limit, within milliseconds.
const REPLAYED: usize = 100_000;
/// The most levels of nested collections; a store has seven.
const DEPTH: usize = 16;

/// Parses a YAML or JSON document.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Box<serde_saphyr::Error>> {
    read_with(text, DuplicateKeyPolicy::Error)
}

/// The places of all values. A key that stands twice in a mapping is kept twice.
pub(super) fn read_places(text: &str) -> Result<Place, Box<serde_saphyr::Error>> {
    read_with(text, DuplicateKeyPolicy::PassThrough)
}

fn read_with<T: DeserializeOwned>(
    text: &str,
    duplicate_keys: DuplicateKeyPolicy,
) -> Result<T, Box<serde_saphyr::Error>> {
    // Snippets would copy the text into logs; the place is sufficient.
    let options = serde_saphyr::options! {
        with_snippet: false,
        duplicate_keys: duplicate_keys,
        budget: serde_saphyr::budget! {
            max_depth: DEPTH,
            // Every binding may refer to the same anchor.
            enforce_alias_anchor_ratio: false,
            max_recorded_anchor_events: REPLAYED,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: REPLAYED,
            max_replay_stack_depth: DEPTH,
        },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(Box::new)
}

/// A value with its place and the places of its parts.
#[derive(Debug)]
pub(super) struct Place(Spanned<Node>);

/// What stands at a place.
#[derive(Debug)]
pub(super) enum Node {
    /// Keys with their values, in order.
    Map(Vec<(Spanned<String>, Place)>),
    /// A list.
    Seq(Vec<Place>),
    /// A text, number, truth value, or null.
    Scalar(Value),
}

impl Place {
    /// Line and column of the value at a path such as `bindings[0].alb.id`; if the document omits it, those of the nearest
    /// enclosing value.
    pub(super) fn find(&self, path: &str) -> Option<(u64, u64)> {
        let mut here = self;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            let next = match (&here.0.value, step.strip_suffix(']')) {
                (Node::Seq(items), Some(index)) => index.parse().ok().and_then(|index: usize| items.get(index)),
                (Node::Map(fields), None) => fields.iter().find(|(key, _)| key.value == step).map(|(_, place)| place),
                _ => None,
            };
            let Some(next) = next else { break };
            here = next;
        }
        here.at()
    }

    /// The path of the value at a line and column; the outermost, if several values start there.
    pub(super) fn path(&self, wanted: (u64, u64)) -> Option<String> {
        if self.at() == Some(wanted) {
            return Some(String::new());
        }
        match &self.0.value {
            Node::Scalar(_) => None,
            Node::Seq(items) => items
                .iter()
                .enumerate()
                .find_map(|(at, item)| item.path(wanted).map(|rest| joined(&format!("[{at}]"), &rest))),
            Node::Map(fields) => {
                fields.iter().find_map(|(key, value)| value.path(wanted).map(|rest| joined(&key.value, &rest)))
            }
        }
    }

    /// The path of the innermost mapping that starts, or has a key, at a line and column.
    pub(super) fn around(&self, wanted: (u64, u64)) -> Option<String> {
        let (inner, mine) = match &self.0.value {
            Node::Scalar(_) => (None, false),
            Node::Seq(items) => {
                let mut found = items.iter().enumerate().map(|(at, item)| (format!("[{at}]"), item.around(wanted)));
                (found.find_map(|(step, rest)| rest.map(|rest| joined(&step, &rest))), false)
            }
            Node::Map(fields) => {
                let mut found = fields.iter().map(|(key, value)| (&key.value, value.around(wanted)));
                let inner = found.find_map(|(step, rest)| rest.map(|rest| joined(step, &rest)));
                let key = |(key, _): &(Spanned<String>, Self)| (key.defined.line(), key.defined.column()) == wanted;
                (inner, self.at() == Some(wanted) || fields.iter().any(key))
            }
        };
        inner.or_else(|| mine.then(String::new))
    }

    /// Line and column of the value.
    pub(super) fn at(&self) -> Option<(u64, u64)> {
        at(&self.0)
    }

    /// The value.
    pub(super) const fn node(&self) -> &Node {
        &self.0.value
    }
}

/// Line and column of a value or key.
pub(super) fn at<T>(spanned: &Spanned<T>) -> Option<(u64, u64)> {
    let at = spanned.defined;
    (at.line() > 0).then(|| (at.line(), at.column()))
}

fn joined(step: &str, rest: &str) -> String {
    let dot = if rest.is_empty() || rest.starts_with('[') { "" } else { "." };
    format!("{step}{dot}{rest}")
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(key) = map.next_key()? {
            fields.push((key, map.next_value()?));
        }
        Ok(Node::Map(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::Seq(items))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Node::Scalar(Value::Null))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Node, E> {
        Ok(Node::Scalar(truth.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Scalar(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Scalar(number.into()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Node, E> {
        Ok(Node::Scalar(number.to_string().into()))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Node, E> {
        Ok(Node::Scalar(number.to_string().into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Scalar(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Scalar(text.into()))
    }
}
