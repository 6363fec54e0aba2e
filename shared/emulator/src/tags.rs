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

/// Whether a resource passes the `Tag.N` filters of a list call: all keys, and values where they are given.
pub(crate) fn pass(tags: &Tags, params: &Params, name: &str) -> bool {
    params.objects(name).iter().all(|filter| match (filter.get("Key"), filter.get("Value")) {
        (Some(key), Some(value)) => tags.get(key).is_some_and(|held| held == value),
        (Some(key), None) => tags.contains_key(key),
        (None, _) => true,
    })
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
