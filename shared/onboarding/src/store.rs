//! The store: the one trusted document that names every binding. Parsed and checked as a whole, or not at all.
//!
//! YAML, and so JSON. An error says where (line and column), what is wrong, and what to write instead.

mod check;
mod error;
mod place;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use error::StoreError;

use self::place::Place;
use crate::binding::Binding;

/// All bindings of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Store {
    /// Read-only while true, every binding.
    #[serde(default)]
    pub paused: bool,
    /// The bindings, each with a name of its own.
    pub bindings: Vec<Binding>,
}

impl Store {
    /// Bytes of the largest text that is read: about a thousand bindings. Whoever fetches a store may stop there.
    pub const MAX_BYTES: usize = 2 * 1024 * 1024;

    /// Reads and checks a store.
    ///
    /// # Errors
    ///
    /// The first thing wrong with `text`; `name` (a file, an OSS address) says in the message where the text is from.
    ///
    /// ```
    /// let error = onboarding::Store::parse("paused: maybe\nbindings: []\n", "bindings.yml").unwrap_err();
    /// assert!(error.to_string().starts_with("bindings.yml:1:9: "));
    /// ```
    pub fn parse(text: &str, name: &str) -> Result<Self, StoreError> {
        if text.len() > Self::MAX_BYTES {
            return Err(StoreError::too_large(name, text.len(), Self::MAX_BYTES));
        }
        // Read once more for the places of values: the typed reading keeps none.
        let places: Place = place::read(text).map_err(|wrong| StoreError::unreadable(name, &wrong, None))?;
        let store: Self = place::read(text).map_err(|wrong| StoreError::unreadable(name, &wrong, Some(&places)))?;
        match check::store(&store) {
            Ok(()) => Ok(store),
            Err(wrong) => Err(StoreError::invalid(name, &places, wrong)),
        }
    }

    /// The binding by this name.
    #[must_use]
    pub fn binding(&self, name: &str) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.name.as_str() == name)
    }
}

/// The JSON schema of a store, for editors and for `albridge schema`.
#[must_use]
pub fn schema() -> Value {
    let mut schema = Value::from(schemars::schema_for!(Store));
    if let Some(Value::Object(name)) = schema.pointer_mut("/$defs/BindingName") {
        name.insert("pattern".to_owned(), format!("^{}$", check::NAME_PATTERN).into());
    }
    schema
}

#[cfg(test)]
pub(crate) mod tests;
