//! The store: the one trusted document that names every binding. Parsed and checked as a whole, or not at all.
//!
//! YAML, and so JSON. An error says where (line and column), what is wrong, and what to write instead.

mod bindings;
mod check;
mod error;
mod parse;
mod place;
mod wrong;

use serde_json::Value;

use crate::ids::NAME_PATTERN;

pub use bindings::Store;
pub use error::StoreError;

/// The JSON schema of a store, for editors and for `albridge schema`.
#[must_use]
pub fn schema() -> Value {
    let mut schema = Value::from(schemars::schema_for!(Store));
    if let Some(Value::Object(name)) = schema.pointer_mut("/$defs/BindingName") {
        name.insert("pattern".to_owned(), format!("^{NAME_PATTERN}$").into());
    }
    schema
}

#[cfg(test)]
pub(crate) mod tests;
