//! Tags of CEN resources.

use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_token};
use crate::tags::{self, Tags};
use crate::world::World;

/// The kinds of this service that carry tags, as `ResourceType` spells them, without regard to case.
const KINDS: [&str; 6] = [
    "cen",
    "bandwidthpackage",
    "transitrouter",
    "transitroutervpcattachment",
    "transitrouterpeerattachment",
    "transitrouterroutetable",
];

fn tags_of<'a>(world: &'a mut World, kind: &str, id: &str) -> Option<&'a mut Tags> {
    let state = &mut world.cen;
    match kind {
        "cen" => state.instances.get_mut(id).map(|held| &mut held.tags),
        "bandwidthpackage" => state.packages.get_mut(id).map(|held| &mut held.tags),
        "transitrouter" => state.routers.get_mut(id).map(|held| &mut held.tags),
        "transitroutervpcattachment" => state.vpc_attachments.get_mut(id).map(|held| &mut held.tags),
        "transitrouterpeerattachment" => state.peers.get_mut(id).map(|held| &mut held.tags),
        "transitrouterroutetable" => state.tables.get_mut(id).map(|held| &mut held.tags),
        _ => None,
    }
}

fn kind(call: &Call) -> Result<String, ApiError> {
    let kind = call.params.required("ResourceType")?.to_ascii_lowercase();
    if KINDS.contains(&kind.as_str()) {
        Ok(kind)
    } else {
        Err(ApiError::bad("IllegalParam.ResourceType", "The param of ResourceType is illegal."))
    }
}

fn each(world: &mut World, call: &Call, change: impl Fn(&mut Tags) -> Result<(), ApiError>) -> Answer {
    let kind = kind(call)?;
    let ids = call.params.list("ResourceId");
    let missing = || ApiError::bad("InvalidResourceId.NotFound", "The specified ResourceId is not found.");
    for id in &ids {
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

pub(super) fn list(world: &World, call: &Call) -> Answer {
    let kind = kind(call)?;
    let ids = call.params.list("ResourceId");
    let state = &world.cen;
    let tagged: Vec<(&String, &Tags)> = match kind.as_str() {
        "cen" => state.instances.iter().map(|(id, held)| (id, &held.tags)).collect(),
        "bandwidthpackage" => state.packages.iter().map(|(id, held)| (id, &held.tags)).collect(),
        "transitrouter" => state.routers.iter().map(|(id, held)| (id, &held.tags)).collect(),
        "transitroutervpcattachment" => state.vpc_attachments.iter().map(|(id, held)| (id, &held.tags)).collect(),
        "transitrouterpeerattachment" => state.peers.iter().map(|(id, held)| (id, &held.tags)).collect(),
        _ => state.tables.iter().map(|(id, held)| (id, &held.tags)).collect(),
    };
    let mut rows: Vec<(String, Value)> = Vec::new();
    for (id, held) in tagged {
        if (ids.is_empty() || ids.contains(id)) && tags::pass(held, &call.params, "Tag") {
            rows.extend(held.iter().map(|(key, value)| {
                let row = json!({"ResourceId": id, "ResourceType": call.params.text("ResourceType"), "TagKey": key, "TagValue": value});
                (format!("{id} {key}"), row)
            }));
        }
    }
    let page = by_token(&call.params, Size::strict("PageSize", 20, 100), rows, |row| row.0.clone())?;
    let rows: Vec<Value> = page.items.into_iter().map(|row| row.1).collect();
    Ok(json!({"TagResources": {"TagResource": rows}, "NextToken": page.next}))
}
