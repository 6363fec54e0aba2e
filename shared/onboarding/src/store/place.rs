//! The places (line and column) of the values in a document.

use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// The most events that all aliases together may expand to. A thousand bindings that share a list of prefixes need about
/// ten thousand; an alias bomb is refused at this limit, within milliseconds.
const REPLAYED: usize = 100_000;
/// The most levels of nested collections; a store has seven.
const DEPTH: usize = 16;

/// Parses a YAML or JSON document.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Box<serde_saphyr::Error>> {
    // Snippets would copy the text into logs; the place is sufficient.
    let options = serde_saphyr::options! {
        with_snippet: false,
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

#[derive(Debug)]
enum Node {
    Map(Vec<(Spanned<String>, Place)>),
    Seq(Vec<Place>),
    Scalar,
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
            Node::Scalar => None,
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
            Node::Scalar => (None, false),
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

    fn at(&self) -> Option<(u64, u64)> {
        let at = self.0.defined;
        (at.line() > 0).then(|| (at.line(), at.column()))
    }
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
        IgnoredAny::deserialize(deserializer).map(|_| Node::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Scalar)
    }
}
