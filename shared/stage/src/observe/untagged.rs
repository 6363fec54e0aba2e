//! Instances whose rows show no tags.
//!
//! ECS leaves `Tags` out for an instance without tags (recorded answers of 2018 and 2024). So a row with no tags, or with
//! an empty list, is either the row of an untagged instance, or an incomplete row of a tagged one. If the second counted as
//! untagged, its member would be drained.
//!
//! So the instances are asked for again, by id and by the tags that the binding selects. An instance in that answer has the
//! tags, and then the first reading was incomplete. Any other is not selected.

use onboarding::binding::Backend;
use openapi::{Action, Error, ecs};

use crate::readings::Reads;

/// The most ids in one DescribeInstances call (cloud-apis.md section 11).
const BATCH: usize = 100;

/// Checks that no instance whose row shows no tags has the tags that `backend` selects.
///
/// # Errors
/// Those of the call, and a contradiction if an instance has the tags that its row does not show.
pub(super) async fn settle(client: &Reads, backend: &Backend, instances: &[ecs::Instance]) -> Result<(), Error> {
    if backend.select.tags.is_empty() {
        return Ok(()); // whoever looks at an instance without tags asks for none
    }
    let is_silent = |found: &&ecs::Instance| found.tags.as_ref().is_none_or(Vec::is_empty);
    let silent: Vec<String> = instances.iter().filter(is_silent).map(|found| found.instance_id.clone()).collect();
    let selected = backend.select.tags.iter();
    let tag: Vec<_> = selected.map(|(key, value)| ecs::Tag { key: key.clone(), value: Some(value.clone()) }).collect();
    for ids in silent.chunks(BATCH) {
        let action = ecs::DescribeInstances { instance_ids: ids.to_vec(), tag: tag.clone(), ..Default::default() };
        if let Some(tagged) = client.list(backend.region.as_str(), action).await?.first() {
            let what = format!("{} is listed by its tags, and its row shows none", tagged.instance_id);
            return Err(Error::contradiction(ecs::DescribeInstances::NAME, what));
        }
    }
    Ok(())
}
