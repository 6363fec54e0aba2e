//! Tags, which requests and answers name differently.

use serde::{Deserialize, Serialize};

/// A tag to set or to filter by. (Tags in answers are [`ResourceTag`]s.)
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    pub key: String,
    pub value: Option<String>,
}

/// A tag on a resource. ECS names its parts `TagKey` and `TagValue`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResourceTag {
    pub tag_key: String,
    pub tag_value: String,
}
