//! What a table says about an action and about each of its parameters.

use Kind::{Flag, Float, Group, Integer, Json, Text};

/// An action with its parameters; both are sorted by name.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) name: &'static str,
    pub(super) parameters: &'static [Parameter],
}

/// What the table says about one parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    /// Flattened, with `N` for the numbers of list elements; `X.*` says that the object or list must be there.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) bounds: Option<Bounds>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Float,
    Flag,
    Json,
    /// Only says whether the object or list must be there.
    Group,
}

/// First and last value, or numbers of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounds {
    Value(i64, i64),
    Length(usize, usize),
}

/// A parameter that may be left out.
pub(super) const fn may(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, required: false, bounds: None }
}

/// A parameter that must be sent.
pub(super) const fn must(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, required: true, bounds: None }
}

impl Parameter {
    pub(super) const fn value(self, from: i64, to: i64) -> Self {
        Self { bounds: Some(Bounds::Value(from, to)), ..self }
    }

    pub(super) const fn length(self, from: usize, to: usize) -> Self {
        Self { bounds: Some(Bounds::Length(from, to)), ..self }
    }

    pub(super) fn accepts(&self, value: &str) -> bool {
        match self.kind {
            Text => true,
            Integer => value.parse::<i64>().is_ok(),
            Float => value.parse::<f64>().is_ok_and(f64::is_finite),
            Flag => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
            Json => serde_json::from_str::<serde_json::Value>(value).is_ok(),
            Group => false,
        }
    }

    pub(super) fn holds(&self, value: &str) -> bool {
        match self.bounds {
            None => true,
            Some(Bounds::Value(from, to)) => value.parse().is_ok_and(|value: i64| (from..=to).contains(&value)),
            Some(Bounds::Length(from, to)) => (from..=to).contains(&value.chars().count()),
        }
    }
}
