//! The store: the one trusted document with all bindings. It is accepted only if the whole document is valid.
//!
//! The format is YAML, which includes JSON. An error gives the place (line and column), the problem, and the remedy.

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
