//! Tags and filters.

use serde::{Deserialize, Serialize};

/// A tag on a resource, or a tag to filter by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

/// A named filter with the values that pass it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Filter {
    pub key: String,
    pub value: Vec<String>,
}
