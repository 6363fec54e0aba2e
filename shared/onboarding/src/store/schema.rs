//! The JSON schema of a store.

use serde_json::Value;

use super::bindings::Store;
use crate::ids::NAME_PATTERN;

/// The JSON schema of a store, for editors and for `albridge schema`.
#[must_use]
pub fn schema() -> Value {
    let mut schema = Value::from(schemars::schema_for!(Store));
    if let Some(Value::Object(name)) = schema.pointer_mut("/$defs/BindingName") {
        name.insert("pattern".to_owned(), format!("^{NAME_PATTERN}$").into());
    }
    schema
}
