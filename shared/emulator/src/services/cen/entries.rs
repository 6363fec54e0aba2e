//! Static entries of transit routers' tables, and the listing of static and propagated ones.

use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{attached_to, cen_of_table, is, quiet, table};
use crate::call::{Answer, ApiError, Call, Params, done};
use crate::listing::{Size, by_token};
use crate::routing::transit::{EntryStatus, Kind, TransitEntry, transit_entries};
use crate::stamp;
use crate::state::cen::{Attachment, StaticEntry, Status};
use crate::time::Timed;
use crate::world::World;

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let table =
        table(world, params.required("TransitRouterRouteTableId")?, "InvalidTransitRouterRouteTableId.NotFound")?;
    let destination = destination(params)?.ok_or_else(illegal_destination)?;
    let hop = next_hop(world, params, &table.router)?;
    if hop.as_ref().is_some_and(|hop| !hop.is_up(now)) {
        return Err(ApiError::bad(
            "IncorrectStatus.Attachment",
            "The status of the attachment does not support this operation.",
        ));
    }
    quiet(world, now, &cen_of_table(world, table))?;
    if *table.status.get(now) != Status::Up {
        return Err(ApiError::bad(
            "IncorrectStatus.TransitRouterRouteTable",
            "The status of the transit router route table does not support this operation.",
        ));
    }
    let mut beside = world.cen.entries.values().filter(|entry| entry.table == table.id);
    if beside.any(|entry| entry.destination == destination) {
        return Err(ApiError::bad(
            "InstanceExist.TransitRouterRouteEntry",
            "The instance TransitRouterRouteEntry already exists.",
        ));
    }
    let hop = hop.map(|hop| match hop {
        Attachment::Vpc(found) => found.id.clone(),
        Attachment::Peer(found) => found.id.clone(),
    });
    let table = table.id.clone();
    let id = world.ids.next("rte-");
    let active = world.settings.latencies.after(now, world.settings.latencies.transit_route_entry);
    let entry = StaticEntry {
        id: id.clone(),
        table,
        destination,
        hop,
        name: params.text("TransitRouterRouteEntryName"),
        description: params.text("TransitRouterRouteEntryDescription"),
        status: Timed::changing(Status::Coming, active, Status::Up),
        active,
        created: now,
    };
    world.cen.entries.insert(id.clone(), entry);
    Ok(json!({"TransitRouterRouteEntryId": id}))
}

fn destination(params: &Params) -> Result<Option<Ipv4Net>, ApiError> {
    params.prefix("TransitRouterRouteEntryDestinationCidrBlock").map_err(|_| illegal_destination())
}

fn illegal_destination() -> ApiError {
    ApiError::bad(
        "IllegalParam.TransitRouterDestinationCidrBlock",
        "The param of TransitRouterRouteEntryDestinationCidrBlock is illegal.",
    )
}

fn next_hop<'a>(world: &'a World, params: &Params, router: &str) -> Result<Option<Attachment<'a>>, ApiError> {
    let id = params.get("TransitRouterRouteEntryNextHopId");
    match (params.required("TransitRouterRouteEntryNextHopType")?, id) {
        ("BlackHole", None) => Ok(None),
        ("BlackHole", Some(_)) => Err(ApiError::bad(
            "ParamExclusive.NextHopTypeBlackHoleAndNextHopId",
            "The next hop type BlackHole and the next hop id are exclusive.",
        )),
        ("Attachment", None) => Err(ApiError::bad(
            "MissingParam.TransitRouterRouteEntryNextHopId",
            "The parameter TransitRouterRouteEntryNextHopId is mandatory.",
        )),
        ("Attachment", Some(id)) => attached_to(world, id, router).map(Some).map_err(|_| {
            ApiError::bad(
                "InvalidTransitRouterRouteEntryNextHopId.NotFound",
                "The specified TransitRouterRouteEntryNextHopId is not found.",
            )
        }),
        _ => Err(ApiError::bad(
            "IllegalParam.TransitRouterRouteEntryNextHopType",
            "The param of TransitRouterRouteEntryNextHopType is illegal.",
        )),
    }
}

pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let missing = || {
        ApiError::bad("IllegalParam.TransitRouterRouteEntryId", "The param of TransitRouterRouteEntryId is illegal.")
    };
    let entry = match params.get("TransitRouterRouteEntryId") {
        Some(id) => world.cen.entries.get(id),
        None => {
            let table = params.required("TransitRouterRouteTableId")?;
            let destination = destination(params)?.ok_or_else(illegal_destination)?;
            let hop = params.get("TransitRouterRouteEntryNextHopId");
            world.cen.entries.values().find(|entry| {
                entry.table == table
                    && entry.destination == destination
                    && (hop.is_none() || hop == entry.hop.as_deref())
            })
        }
    };
    let entry = entry.ok_or_else(missing)?;
    let id = entry.id.clone();
    let table = table(world, &entry.table, "InvalidTransitRouterRouteTableId.NotFound")?;
    quiet(world, now, &cen_of_table(world, table))?;
    let until = world.settings.latencies.after(now, world.settings.latencies.transit_route_entry);
    if let Some(entry) = world.cen.entries.get_mut(&id) {
        entry.status = Timed::changing(Status::Going, until, Status::Gone);
    }
    done()
}

/// Only Active entries are listed unless `TransitRouterRouteEntryStatus` asks otherwise (cloud-apis.md section 10).
pub(super) fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let table =
        table(world, params.required("TransitRouterRouteTableId")?, "InvalidTransitRouterRouteTableId.NotFound")?;
    let ids = params.list("TransitRouterRouteEntryIds");
    let names = params.list("TransitRouterRouteEntryNames");
    let status = params.get("TransitRouterRouteEntryStatus").unwrap_or(EntryStatus::Active.name());
    let exact = destination(params)?;
    let filters = route_filters(params)?;
    let mut rows = Vec::new();
    for entry in transit_entries(world, now, &table.id) {
        let row = json(world, &table.router, &entry);
        let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
        let same = |name: &str| is(params.get(name), text(name));
        let wanted = (status.eq_ignore_ascii_case("All") || status == entry.status.name())
            && (ids.is_empty() || ids.iter().any(|id| id == text("TransitRouterRouteEntryId")))
            && (names.is_empty() || names.iter().any(|name| name == text("TransitRouterRouteEntryName")))
            && exact.is_none_or(|exact| exact == entry.destination)
            && same("TransitRouterRouteEntryType")
            && same("TransitRouterRouteEntryNextHopId")
            && same("TransitRouterRouteEntryNextHopType")
            && same("TransitRouterRouteEntryNextHopResourceId")
            && same("TransitRouterRouteEntryNextHopResourceType")
            && same("TransitRouterRouteEntryOriginResourceId")
            && same("TransitRouterRouteEntryOriginResourceType");
        if wanted {
            rows.push((entry, row));
        }
    }
    for filter in &filters {
        filter.apply(&mut rows);
    }
    let page = by_token(params, Size::strict("MaxResults", 20, 100), rows, |(entry, _)| {
        format!("{} {:?} {:?} {:?}", entry.destination, entry.kind, entry.hop, entry.id)
    })?;
    let items: Vec<Value> = page.items.into_iter().map(|(_, row)| row).collect();
    Ok(
        json!({"TransitRouterRouteEntries": items, "TotalCount": page.total, "MaxResults": page.size, "NextToken": page.next}),
    )
}

/// A `RouteFilter.N`.
struct RouteFilter {
    key: String,
    nets: Vec<Ipv4Net>,
}

impl RouteFilter {
    fn apply(&self, rows: &mut Vec<(TransitEntry, Value)>) {
        // Of the entries that cover a prefix, the longest ones are its matches.
        let longest = |net: &Ipv4Net, rows: &[(TransitEntry, Value)]| {
            rows.iter()
                .map(|(entry, _)| entry.destination)
                .filter(|held| held.contains(net))
                .max_by_key(Ipv4Net::prefix_len)
        };
        let matches: Vec<Ipv4Net> = self.nets.iter().filter_map(|net| longest(net, rows)).collect();
        rows.retain(|(entry, _)| match self.key.as_str() {
            "PrefixExactMatchCidrs" => self.nets.contains(&entry.destination),
            "SubnetOfMatchCidrs" => self.nets.iter().any(|net| net.contains(&entry.destination)),
            _ => matches.contains(&entry.destination),
        });
    }
}

fn route_filters(params: &Params) -> Result<Vec<RouteFilter>, ApiError> {
    let illegal = || ApiError::bad("IllegalParam.RouteFilter", "The param of RouteFilter is illegal.");
    let mut filters = Vec::new();
    for sent in params.objects("RouteFilter") {
        let key = sent.text("Key");
        if !["PrefixExactMatchCidrs", "LongestPrefixMatchCidrs", "SubnetOfMatchCidrs"].contains(&key.as_str()) {
            return Err(illegal());
        }
        let mut nets = Vec::new();
        for index in 1..=sent.list("Value").len() {
            nets.extend(sent.prefix(&format!("Value.{index}")).map_err(|_| illegal())?);
        }
        filters.push(RouteFilter { key, nets });
    }
    Ok(filters)
}

fn json(world: &World, router: &str, entry: &TransitEntry) -> Value {
    let held = entry.id.as_ref().and_then(|id| world.cen.entries.get(id));
    let hop = entry.hop.as_deref().and_then(|hop| world.cen.attachment(hop));
    let (resource, resource_type) = hop.map(|hop| hop.resource(router)).unwrap_or_default();
    let propagated = entry.kind == Kind::Propagated;
    let origin_type = if world.vpc.vpcs.contains_key(&entry.origin) { "VPC" } else { "TR" };
    let origin = if propagated { entry.origin.as_str() } else { "" };
    json!({
        "TransitRouterRouteEntryId": entry.id.as_deref().unwrap_or_default(),
        "TransitRouterRouteEntryName": held.map(|held| held.name.as_str()).unwrap_or_default(),
        "TransitRouterRouteEntryDescription": held.map(|held| held.description.as_str()).unwrap_or_default(),
        "TransitRouterRouteEntryDestinationCidrBlock": entry.destination.to_string(),
        "TransitRouterRouteEntryType": if propagated { "Propagated" } else { "Static" },
        "TransitRouterRouteEntryStatus": entry.status.name(),
        "TransitRouterRouteEntryNextHopType": if entry.hop.is_some() { "Attachment" } else { "BlackHole" },
        "TransitRouterRouteEntryNextHopId": entry.hop.as_deref().unwrap_or_default(),
        "TransitRouterRouteEntryNextHopResourceId": resource,
        "TransitRouterRouteEntryNextHopResourceType": resource_type,
        "TransitRouterRouteEntryOriginResourceId": origin,
        "TransitRouterRouteEntryOriginResourceType": if propagated { origin_type } else { "" },
        "OperationalMode": !propagated,
        "PrefixListId": "",
        "Tag": "",
        "CreateTime": stamp::minutes(held.map_or(entry.since, |held| held.created)),
        "PathAttributes": {
            "AsPaths": [],
            "Communities": [],
            "OriginInstanceId": origin,
            "OriginInstanceType": if propagated { origin_type } else { "" },
            "OriginRouteType": if propagated { "System" } else { "Custom" },
            "Preference": if propagated { 50 } else { 0 },
        },
    })
}
