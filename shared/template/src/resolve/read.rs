//! Reading resolved properties, whose shapes were checked already.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::schema;

/// A resource's properties, or an object inside them.
#[derive(Clone, Copy)]
pub(super) struct Properties<'a>(pub(super) &'a Value);

impl<'a> Properties<'a> {
    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    pub(super) fn object(self, name: &str) -> Option<Self> {
        self.get(name).filter(|value| value.is_object()).map(Self)
    }

    pub(super) fn list(self, name: &str) -> &'a [Value] {
        self.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn optional_text(self, name: &str) -> Option<String> {
        self.get(name).map(text)
    }

    pub(super) fn text(self, name: &str) -> String {
        self.optional_text(name).unwrap_or_default()
    }

    pub(super) fn texts(self, name: &str) -> Vec<String> {
        self.list(name).iter().map(text).collect()
    }

    pub(super) fn flag(self, name: &str, default: bool) -> bool {
        match self.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text == "true",
            _ => default,
        }
    }

    pub(super) fn number(self, name: &str, default: u32) -> u32 {
        self.get(name).and_then(schema::whole).and_then(|number| u32::try_from(number).ok()).unwrap_or(default)
    }

    pub(super) fn texts_by_name(self, name: &str) -> BTreeMap<String, String> {
        match self.get(name) {
            Some(Value::Object(fields)) => fields.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            _ => BTreeMap::new(),
        }
    }
}

/// A value as text, as the cloud converts a number or a boolean where it expects a string.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
