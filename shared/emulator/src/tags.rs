//! Tags as three of the services keep them: read from `Tag.N.Key`/`Tag.N.Value`, matched, and written in each
//! service's own spelling.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::{ApiError, Params};

/// A resource's tags, by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// `Tag.N` of a create or tag call. A value that was not sent is the empty one.
pub(crate) fn read(params: &Params) -> Tags {
    params.objects("Tag").iter().filter_map(|tag| Some((tag.get("Key")?.to_owned(), tag.text("Value")))).collect()
}

/// The `Tag.N` filters of a list call, read once: all keys, and values where they are given.
pub(crate) struct Filter<'p>(Vec<(&'p str, Option<&'p str>)>);

impl<'p> Filter<'p> {
    /// The filters that are sent as `name`.
    pub(crate) fn read(params: &'p Params, name: &str) -> Self {
        let filter = |number| {
            let key = params.get(&format!("{name}.{number}.Key"))?;
            Some((key, params.get(&format!("{name}.{number}.Value"))))
        };
        Self(params.indexes(name).into_iter().filter_map(filter).collect())
    }

    /// Whether there are none.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn passes(&self, tags: &Tags) -> bool {
        self.0.iter().all(|(key, value)| tags.get(*key).is_some_and(|held| value.is_none_or(|value| held == value)))
    }
}

/// Whether a resource passes the `Tag.N` filters of a list call.
pub(crate) fn pass(tags: &Tags, params: &Params, name: &str) -> bool {
    Filter::read(params, name).passes(tags)
}

/// The service's list of tags, `Key`/`Value` (VPC, CEN).
pub(crate) fn list(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// The list as ECS spells it, `TagKey`/`TagValue`.
pub(crate) fn ecs_list(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value})).collect()
}

/// Removes `TagKey.N`, or everything with `All=true` and no key.
///
/// # Errors
/// `InvalidParameter` when `All` is no boolean.
pub(crate) fn remove(tags: &mut Tags, params: &Params) -> Result<(), ApiError> {
    let keys = params.list("TagKey");
    if keys.is_empty() && params.flag("All")? == Some(true) {
        tags.clear();
    }
    for key in &keys {
        tags.remove(key);
    }
    Ok(())
}
