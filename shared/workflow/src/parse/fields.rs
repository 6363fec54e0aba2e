//! Reading an object's fields, with errors that name the state.

use serde_json::{Map, Value};

use crate::error::{DefinitionError, DefinitionFault as Fault};

/// One object of the definition and where it stands.
pub(super) struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(path: &str, value: &'a Value) -> Result<Self, DefinitionError> {
        match value {
            Value::Object(map) => Ok(Self { path: path.to_owned(), map }),
            _ => Err(DefinitionError::new(Fault::Value, path, "an object is expected here")),
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path of something inside this object.
    pub(super) fn nested(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{} > {name}", self.path) }
    }

    pub(super) fn error(&self, fault: Fault, reason: String) -> DefinitionError {
        DefinitionError::new(fault, &self.path, reason)
    }

    /// Refuses fields that are not `known`.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), DefinitionError> {
        match self.map.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(self.error(Fault::Unknown, format!("the field `{key}` is not known here"))),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    pub(super) fn optional(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    pub(super) fn value(&self, name: &str) -> Result<&'a Value, DefinitionError> {
        self.map.get(name).ok_or_else(|| self.error(Fault::Missing, format!("{name} is missing")))
    }

    pub(super) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, DefinitionError> {
        match self.map.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(Fault::Value, format!("{name} must be a string"))),
        }
    }

    /// A required string that is not empty.
    pub(super) fn text(&self, name: &str) -> Result<&'a str, DefinitionError> {
        match self.optional_text(name)? {
            None => Err(self.error(Fault::Missing, format!("{name} is missing"))),
            Some("") => Err(self.error(Fault::Value, format!("{name} is empty"))),
            Some(text) => Ok(text),
        }
    }

    pub(super) fn exactly(&self, name: &str, wanted: &str) -> Result<(), DefinitionError> {
        match self.text(name)? {
            text if text == wanted => Ok(()),
            text => Err(self.error(Fault::Value, format!("{name} is `{text}`, only `{wanted}` is read"))),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, DefinitionError> {
        match self.map.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.error(Fault::Value, format!("{name} must be true or false"))),
        }
    }

    pub(super) fn optional_number(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, DefinitionError> {
        match self.map.get(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
                _ => Err(self.error(Fault::Value, format!("{name} must be a whole number from {least} to {most}"))),
            },
        }
    }

    pub(super) fn number(&self, name: &str, least: u64, most: u64) -> Result<u64, DefinitionError> {
        self.optional_number(name, least, most)?.ok_or_else(|| self.error(Fault::Missing, format!("{name} is missing")))
    }

    pub(super) fn list(&self, name: &str) -> Result<&'a [Value], DefinitionError> {
        match self.value(name)? {
            Value::Array(items) => Ok(items),
            _ => Err(self.error(Fault::Value, format!("{name} must be a list"))),
        }
    }
}
