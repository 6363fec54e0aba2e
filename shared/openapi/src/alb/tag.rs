//! Tags of resources.

use serde::{Deserialize, Serialize};

/// A tag on a resource, or a tag to filter by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Tag {
    pub key: String,
    pub value: String,
}
