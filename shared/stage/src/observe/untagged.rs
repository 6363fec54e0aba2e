//! Instances whose rows say nothing of tags.
//!
//! ECS leaves `Tags` out for an instance that has none (recorded answers of 2018 and 2024), so a row without it, or with an
//! empty list, can be the row of an untagged instance, or of a tagged one whose tags were left out. Taken for untagged, a
//! member would be sent away.
//! So the service is asked again, by id and by the tags that the binding selects: an instance that it gives back carries
//! them, whatever its row says, and then the reading is not whole. One that it does not give back is not selected.

use onboarding::binding::Backend;
use openapi::{Action, Error, ecs};

use crate::readings::Reads;

/// Ids in one DescribeInstances call (cloud-apis.md section 11).
const BATCH: usize = 100;

/// Settles which of the instances without tags have none that `backend` selects.
///
/// # Errors
/// Those of the call; a contradiction, when an instance has the tags that its row does not show.
pub(super) async fn settle(client: &Reads, backend: &Backend, instances: &mut [ecs::Instance]) -> Result<(), Error> {
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
    for found in instances.iter_mut() {
        found.tags.get_or_insert_default();
    }
    Ok(())
}
