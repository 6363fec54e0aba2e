//! Tags of ECS resources. A tag call on instances is seen on the event bus as an ActionTrail event, the only event there
//! is for it (workflow-events-template.md section 2.2).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call, done};
use crate::platform::bus;
use crate::tags::{self, Tags};
use crate::world::World;

pub(super) fn tag(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let added = tags::read(&call.params);
    each(world, now, call, |tags| {
        tags.extend(added.clone());
        Ok(())
    })
}

pub(super) fn untag(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    each(world, now, call, |tags| tags::remove(tags, &call.params))
}

fn each(world: &mut World, now: Timestamp, call: &Call, change: impl Fn(&mut Tags) -> Result<(), ApiError>) -> Answer {
    let kind = call.params.required("ResourceType")?.to_ascii_lowercase();
    let ids = call.params.list("ResourceId");
    if !["instance", "eni", "securitygroup", "prefixlist"].contains(&kind.as_str()) {
        return Err(ApiError::bad("InvalidResourceType.NotFound", "The specified ResourceType is not valid."));
    }
    let missing = |id: &str| {
        ApiError::not_found(
            "InvalidResourceId.NotFound",
            format!("The specified ResourceIds {id} are not found in our records."),
        )
    };
    for id in &ids {
        tags_of(world, &call.region, &kind, id).ok_or_else(|| missing(id))?;
    }
    for id in &ids {
        if let Some(tags) = tags_of(world, &call.region, &kind, id) {
            change(tags)?;
        }
    }
    if kind == "instance" {
        announce(world, now, call, &ids);
    }
    done()
}

fn tags_of<'a>(world: &'a mut World, region: &str, kind: &str, id: &str) -> Option<&'a mut Tags> {
    let state = &mut world.ecs;
    match kind {
        "instance" => state.instances.get_mut(id).filter(|held| held.region == region).map(|held| &mut held.tags),
        "eni" => state.interfaces.get_mut(id).filter(|held| held.region == region).map(|held| &mut held.tags),
        "securitygroup" => state.groups.get_mut(id).filter(|held| held.region == region).map(|held| &mut held.tags),
        "prefixlist" => state.prefix_lists.get_mut(id).filter(|held| held.region == region).map(|held| &mut held.tags),
        _ => None,
    }
}

fn announce(world: &mut World, now: Timestamp, call: &Call, ids: &[String]) {
    let event = world.ids.uuid();
    let data = json!({
        "eventId": event,
        "eventVersion": 1,
        "eventRW": "Write",
        "eventType": "ApiCall",
        "eventName": call.action,
        "serviceName": "Ecs",
        "requestId": call.request_id,
        "eventTime": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "isGlobal": false,
        "acsRegion": call.region,
        "sourceIpAddress": "127.0.0.1",
        "userAgent": "",
        "eventAttributes": {},
        "referencedResources": {"ACS::ECS::Instance": ids},
        "userIdentity": {"accountId": world.settings.account_id},
        "requestParameters": call.params.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect::<serde_json::Map<_, _>>(),
    });
    let subject = format!("acs:actiontrail:{}:{}:event/{event}", call.region, world.settings.account_id);
    bus::publish(world, now, &call.region, "acs.ecs", "ecs:ActionTrail:ApiCall", &subject, data);
}
