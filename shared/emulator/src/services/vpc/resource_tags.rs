//! Tags of VPC resources.

use crate::call::{Answer, ApiError, Call, done};
use crate::tags::{self, Tags};
use crate::world::World;

fn tags_of<'a>(world: &'a mut World, kind: &str, id: &str) -> Option<&'a mut Tags> {
    let state = &mut world.vpc;
    match kind {
        "vpc" => state.vpcs.get_mut(id).map(|held| &mut held.tags),
        "vswitch" => state.switches.get_mut(id).map(|held| &mut held.tags),
        "routetable" => state.tables.get_mut(id).map(|held| &mut held.tags),
        "networkacl" => state.acls.get_mut(id).map(|held| &mut held.tags),
        _ => None,
    }
}

fn each(world: &mut World, call: &Call, change: impl Fn(&mut Tags) -> Result<(), ApiError>) -> Answer {
    let kind = call.params.required("ResourceType")?.to_ascii_lowercase();
    if !["vpc", "vswitch", "routetable", "networkacl"].contains(&kind.as_str()) {
        return Err(ApiError::bad(
            "InvalidResourceType.NotSupport",
            "The ResourceType provided does not exist in our records.",
        ));
    }
    let ids = call.params.list("ResourceId");
    for id in &ids {
        let missing = || ApiError::not_found("InvalidResourceId.NotFound", "The specified resource id does not exist.");
        tags_of(world, &kind, id).ok_or_else(missing)?;
    }
    for id in &ids {
        if let Some(tags) = tags_of(world, &kind, id) {
            change(tags)?;
        }
    }
    done()
}

pub(super) fn tag(world: &mut World, call: &Call) -> Answer {
    let added = tags::read(&call.params);
    each(world, call, |tags| {
        tags.extend(added.clone());
        Ok(())
    })
}

pub(super) fn untag(world: &mut World, call: &Call) -> Answer {
    each(world, call, |tags| tags::remove(tags, &call.params))
}
