//! Prefix lists, which security-group rules can name as their source.

use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call, Params, done};
use crate::state::ecs::{PrefixList, Source};
use crate::world::World;
use crate::{stamp, tags};

fn entries(params: &Params, name: &str) -> Result<Vec<(Ipv4Net, String)>, ApiError> {
    let mut entries = Vec::new();
    for sent in params.objects(name) {
        let bad = || ApiError::bad("InvalidCidr.Malformed", "The specified CIDR block is malformed.");
        entries.push((sent.prefix("Cidr").map_err(|_| bad())?.ok_or_else(bad)?, sent.text("Description")));
    }
    Ok(entries)
}

fn list_here<'a>(world: &'a World, call: &Call) -> Result<&'a PrefixList, ApiError> {
    let id = call.params.required("PrefixListId")?;
    let missing = || ApiError::not_found("InvalidPrefixListId.NotFound", "The specified prefix list was not found.");
    world.ecs.prefix_lists.get(id).filter(|list| list.region == call.region).ok_or_else(missing)
}

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    if params.required("AddressFamily")? != "IPv4" {
        return Err(ApiError::bad("InvalidAddressFamily", "Only IPv4 prefix lists are supported."));
    }
    let max_entries: usize = params.parse("MaxEntries")?.filter(|max| (1..=200).contains(max)).ok_or_else(too_many)?;
    let entries = entries(params, "Entry")?;
    if entries.len() > max_entries {
        return Err(too_many());
    }
    let id = world.ids.next("pl-");
    let list = PrefixList {
        id: id.clone(),
        region: call.region.clone(),
        name: params.required("PrefixListName")?.to_owned(),
        description: params.text("Description"),
        max_entries,
        entries,
        created: now,
        tags: tags::read(params),
    };
    world.ecs.prefix_lists.insert(id.clone(), list);
    Ok(json!({"PrefixListId": id}))
}

fn too_many() -> ApiError {
    ApiError::bad("InvalidMaxEntries", "The specified MaxEntries is not valid.")
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let id = list_here(world, call)?.id.clone();
    let named = Source::PrefixList(id.clone());
    if world.ecs.groups.values().any(|group| group.rules.iter().any(|rule| rule.source == named)) {
        return Err(ApiError::new(403, "DependencyViolation", "The prefix list is still in use."));
    }
    world.ecs.prefix_lists.remove(&id);
    done()
}

pub(super) fn modify(world: &mut World, call: &Call) -> Answer {
    let params = &call.params;
    let held = list_here(world, call)?;
    let removed: Vec<Ipv4Net> = entries(params, "RemoveEntry")?.into_iter().map(|(net, _)| net).collect();
    let added = entries(params, "AddEntry")?;
    let mut next: Vec<_> = held.entries.iter().filter(|(net, _)| !removed.contains(net)).cloned().collect();
    for (net, description) in added {
        next.retain(|(held, _)| *held != net);
        next.push((net, description));
    }
    if next.len() > held.max_entries {
        return Err(ApiError::bad(
            "InvalidPrefixList.TooManyEntries",
            "The number of entries exceeds the maximum of the prefix list.",
        ));
    }
    let id = held.id.clone();
    if let Some(list) = world.ecs.prefix_lists.get_mut(&id) {
        list.entries = next;
        if let Some(name) = params.get("PrefixListName") {
            name.clone_into(&mut list.name);
        }
        if let Some(description) = params.get("Description") {
            description.clone_into(&mut list.description);
        }
    }
    done()
}

pub(super) fn attributes(world: &World, call: &Call) -> Answer {
    let list = list_here(world, call)?;
    let rows =
        list.entries.iter().map(|(net, description)| json!({"Cidr": net.to_string(), "Description": description}));
    Ok(json!({
        "PrefixListId": list.id,
        "PrefixListName": list.name,
        "Description": list.description,
        "AddressFamily": "IPv4",
        "MaxEntries": list.max_entries,
        "CreationTime": stamp::minutes(list.created),
        "Entries": {"Entry": rows.collect::<Vec<Value>>()},
    }))
}
