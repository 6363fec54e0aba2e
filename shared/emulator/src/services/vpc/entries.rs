//! Custom route entries: created, deleted, listed together with the system ones.
//!
//! Writes are serialized per VPC, and an entry is `Pending` or `Deleting` for a while (cloud-apis.md section 9).

use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{stable, table_here, vpc_here};
use crate::call::{Answer, ApiError, Call, Params, done};
use crate::listing::{Size, by_token};
use crate::routing::vpc as routes;
use crate::routing::vpc::{EffectiveRoute, Hop, Origin, SERVICE};
use crate::stamp;
use crate::state::cen;
use crate::state::vpc::{Entry, NextHop, Status, Table};
use crate::time::Timed;
use crate::world::World;

/// Custom entries per table.
const QUOTA: usize = 200;

/// A route entry to be added, by a call or as one of a batch.
struct Wanted {
    table: String,
    destination: Ipv4Net,
    hop: NextHop,
    name: String,
    description: String,
}

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let hop = match params.objects("NextHopList").first() {
        Some(first) => next_hop(first, "NextHopId", "NextHopType")?,
        None => next_hop(params, "NextHopId", "NextHopType")?,
    };
    let wanted = Wanted {
        table: params.required("RouteTableId")?.to_owned(),
        destination: destination(params, "DestinationCidrBlock")?,
        hop,
        name: params.text("RouteEntryName"),
        description: params.text("Description"),
    };
    free_to_write(world, now, call, &wanted.table)?;
    let id = add(world, now, call, wanted)?;
    Ok(json!({"RouteEntryId": id}))
}

/// A batch of up to 50. It is one write, so its entries do not block one another; what fails is reported beside what
/// succeeds.
pub(super) fn create_many(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let sent = call.params.objects("RouteEntries");
    if sent.is_empty() || sent.len() > 50 {
        return Err(ApiError::bad(
            "InvalidParameter.RouteEntries",
            "The number of route entries is not between 1 and 50.",
        ));
    }
    for one in &sent {
        free_to_write(world, now, call, one.required("RouteTableId")?)?;
    }
    let (mut ids, mut failed) = (Vec::new(), Vec::new());
    for one in &sent {
        let read = || -> Result<Wanted, ApiError> {
            Ok(Wanted {
                table: one.required("RouteTableId")?.to_owned(),
                destination: destination(one, "DstCidrBlock")?,
                hop: next_hop(one, "NextHop", "NextHopType")?,
                name: one.text("Name"),
                description: one.text("Description"),
            })
        };
        match read().and_then(|wanted| add(world, now, call, wanted)) {
            Ok(id) => ids.push(id),
            Err(error) => failed.push(json!({
                "DstCidrBlock": one.text("DstCidrBlock"),
                "NextHop": one.text("NextHop"),
                "FailedCode": error.code,
                "FailedMessage": error.message,
            })),
        }
    }
    Ok(
        json!({"SuccessCount": ids.len(), "RouteEntryIds": ids, "FailedCount": failed.len(), "FailedRouteEntries": failed}),
    )
}

fn destination(params: &Params, name: &str) -> Result<Ipv4Net, ApiError> {
    params.required(name)?;
    params.prefix(name)?.ok_or_else(|| ApiError::bad("InvalidCidrBlock", "Specified CIDR block is not valid."))
}

fn next_hop(params: &Params, id: &str, kind: &str) -> Result<NextHop, ApiError> {
    let weight = params.parse("Weight")?.unwrap_or(0);
    Ok(NextHop { kind: params.get(kind).unwrap_or("Instance").to_owned(), id: params.required(id)?.to_owned(), weight })
}

/// One write at a time in a VPC, and none while the VPC itself changes.
fn free_to_write(world: &World, now: Timestamp, call: &Call, table: &str) -> Result<(), ApiError> {
    let table = table_here(world, call, table)?;
    stable(world, now, vpc_here(world, call, &table.vpc)?)?;
    let unstable = |table: &Table| table.entries.values().any(|entry| entry.status.is_changing(now));
    if unstable(table) {
        return Err(ApiError::bad("IncorrectRouteEntryStatus", "Some route entry status blocked this operation."));
    }
    if world.vpc.tables.values().any(|other| other.vpc == table.vpc && unstable(other)) {
        return Err(ApiError::bad(
            "TaskConflict",
            "The operation is too frequent, please wait a moment and try again.",
        ));
    }
    Ok(())
}

fn add(world: &mut World, now: Timestamp, call: &Call, wanted: Wanted) -> Result<String, ApiError> {
    let table = table_here(world, call, &wanted.table)?;
    acceptable(world, table, wanted.destination)?;
    usable(world, now, &table.vpc, &wanted.hop)?;
    if let Some(held) = table.entries.values().find(|entry| entry.destination == wanted.destination) {
        return Err(if held.hops.contains(&wanted.hop) {
            ApiError::bad("InvalidRouteEntry.Duplicate", "The route entry already exist.")
        } else {
            ApiError::bad("InvalidCIDRBlock.Duplicate", "Specified CIDR block is already exists.")
        });
    }
    if table.entries.len() >= QUOTA {
        return Err(ApiError::bad("QuotaExceeded", "Route entry quota exceeded in this route table."));
    }
    let id = world.ids.next("rte-");
    let at = world.settings.latencies.after(now, world.settings.latencies.route_entry);
    let entry = Entry {
        id: id.clone(),
        destination: wanted.destination,
        hops: vec![wanted.hop],
        name: wanted.name,
        description: wanted.description,
        status: Timed::changing(Status::Pending, at, Status::Available),
        modified: now,
    };
    if let Some(table) = world.vpc.tables.get_mut(&wanted.table) {
        table.entries.insert(id.clone(), entry);
    }
    Ok(id)
}

/// A destination may contain a vSwitch of the VPC but not lie inside one; inside 100.64.0.0/10 only longer prefixes
/// than its halves are taken (cloud-apis.md section 9).
fn acceptable(world: &World, table: &Table, destination: Ipv4Net) -> Result<(), ApiError> {
    if world.vpc.switches_of(&table.vpc).any(|switch| switch.cidr.contains(&destination)) {
        return Err(ApiError::bad("InvalidCIDRBlock.Duplicate", "Specified CIDR block is already exists."));
    }
    if SERVICE.contains(&destination) && destination.prefix_len() <= SERVICE.prefix_len() + 1 {
        return Err(ApiError::bad(
            "InvalidDestinationCidrBlock",
            "Specified destination CIDR block must not included in black list cidr.",
        ));
    }
    Ok(())
}

/// The next hop must be there and belong to the VPC; an attachment must be Attached.
fn usable(world: &World, now: Timestamp, vpc: &str, hop: &NextHop) -> Result<(), ApiError> {
    let missing = || ApiError::not_found("InvalidNextHopId.NotFound", "Specified next hop does not exist.");
    match hop.kind.as_str() {
        "Attachment" => {
            let held = world.cen.vpc_attachments.get(&hop.id).filter(|held| held.vpc == vpc).ok_or_else(missing)?;
            if *held.status.get(now) == cen::Status::Up {
                return Ok(());
            }
            Err(ApiError::bad(
                "IncorrectStatus.CenRelation",
                "The status of the attachment does not support this operation.",
            ))
        }
        "Instance" => world.ecs.instances.get(&hop.id).filter(|held| held.vpc == vpc).map(|_| ()).ok_or_else(missing),
        "NetworkInterface" => {
            world.ecs.interfaces.get(&hop.id).filter(|held| held.vpc == vpc).map(|_| ()).ok_or_else(missing)
        }
        // Gateways and the like are not emulated: they are accepted without a check, and packets to them are lost.
        "NatGateway" | "VpnGateway" | "RouterInterface" | "HaVip" | "IPv6Gateway" | "Ipv4Gateway" | "VpcPeer"
        | "Ecr" => Ok(()),
        _ => Err(ApiError::bad("InvalidNextHopType", "The specified next hop type is not valid.")),
    }
}

pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let missing = || ApiError::not_found("InvalidRouteEntry.NotFound", "The specified route entry does not exist.");
    let (table, entry) = match params.get("RouteEntryId") {
        Some(id) => {
            let table = world.vpc.tables.values().find(|table| table.entries.contains_key(id)).ok_or_else(missing)?;
            (table_here(world, call, &table.id)?.id.clone(), id.to_owned())
        }
        None => {
            let table = table_here(world, call, params.required("RouteTableId")?)?;
            let destination = destination(params, "DestinationCidrBlock")?;
            let sent = params.objects("NextHopList");
            let hop = params.get("NextHopId").or_else(|| sent.first().and_then(|hop| hop.get("NextHopId")));
            let mut entries = table.entries.values().filter(|entry| entry.destination == destination);
            let entry = entries.find(|entry| hop.is_none_or(|hop| entry.hops.iter().any(|held| held.id == hop)));
            (table.id.clone(), entry.ok_or_else(missing)?.id.clone())
        }
    };
    free_to_write(world, now, call, &table)?;
    let until = world.settings.latencies.after(now, world.settings.latencies.route_entry);
    if let Some(entry) = world.vpc.tables.get_mut(&table).and_then(|table| table.entries.get_mut(&entry)) {
        entry.status = Timed::changing(Status::Deleting, until, Status::Gone);
        entry.modified = now;
    }
    done()
}

pub(super) fn describe(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let table = table_here(world, call, params.required("RouteTableId")?)?;
    let by_custom = params.get("RouteEntryId").is_some() || params.get("RouteEntryName").is_some();
    if by_custom && params.get("RouteEntryType").is_some_and(|kind| kind != "Custom") {
        return Err(ApiError::bad(
            "OperationFailed.FilterParamUnderWrongRouteType",
            "The filter is supported for custom route entries only.",
        ));
    }
    let cidrs = params.list("DestCidrBlockList");
    if cidrs.len() > 20 {
        return Err(ApiError::bad(
            "InvalidParameter.DestCidrBlockList",
            "The number of CIDR blocks exceeds the limit of 20.",
        ));
    }
    let mut rows: Vec<Value> = Vec::new();
    if !by_custom {
        let effective = routes::routes(world, now, &table.id);
        rows.extend(effective.iter().filter(|route| route.origin != Origin::Custom).map(|route| unkept(table, route)));
    }
    rows.extend(table.entries.values().map(|entry| custom(now, table, entry)));
    let destination =
        |row: &Value| row.get("DestinationCidrBlock").and_then(Value::as_str).unwrap_or_default().to_owned();
    rows.retain(|row| {
        let is = |name: &str, pointer: &str| {
            params.get(name).is_none_or(|sent| row.pointer(pointer).and_then(Value::as_str) == Some(sent))
        };
        is("DestinationCidrBlock", "/DestinationCidrBlock")
            && (cidrs.is_empty() || cidrs.contains(&destination(row)))
            && is("RouteEntryId", "/RouteEntryId")
            && is("RouteEntryName", "/RouteEntryName")
            && is("RouteEntryType", "/Type")
            && is("NextHopType", "/NextHops/NextHop/0/NextHopType")
            && is("NextHopId", "/NextHops/NextHop/0/NextHopId")
            && is("IpVersion", "/IpVersion")
            && is("ServiceType", "/ServiceType")
    });
    let page = by_token(params, Size::strict("MaxResult", 10, 100), rows, |row| {
        let id = row.get("RouteEntryId").and_then(Value::as_str).unwrap_or_default();
        format!("{} {id}", destination(row))
    })?;
    Ok(json!({"RouteEntrys": {"RouteEntry": page.items}, "NextToken": page.next, "TotalCount": page.total}))
}

fn custom(now: Timestamp, table: &Table, entry: &Entry) -> Value {
    let hops = entry.hops.iter().map(|hop| next_hop_json(&hop.kind, &hop.id, hop.weight));
    json!({
        "RouteTableId": table.id,
        "RouteEntryId": entry.id,
        "RouteEntryName": entry.name,
        "Description": entry.description,
        "DestinationCidrBlock": entry.destination.to_string(),
        "Type": "Custom",
        "Origin": "CustomCreate",
        "Status": entry.status.get(now).name(),
        "IpVersion": "IPv4",
        "ServiceType": "",
        "GmtModified": stamp::seconds(entry.modified),
        "NextHops": {"NextHop": hops.collect::<Vec<_>>()},
    })
}

/// A route that is not stored: a system route, or one that a transit router published.
fn unkept(table: &Table, route: &EffectiveRoute) -> Value {
    let published = route.origin == Origin::Published;
    let (kind, id) = match &route.hop {
        Hop::Local(_) => ("local", ""),
        Hop::Service => ("service", ""),
        Hop::Attachment(id) => ("Attachment", id.as_str()),
        Hop::Other { kind, id } => (kind.as_str(), id.as_str()),
    };
    json!({
        "RouteTableId": table.id,
        "RouteEntryId": "",
        "RouteEntryName": "",
        "Description": if published { "" } else { "Created by system." },
        "DestinationCidrBlock": route.destination.to_string(),
        "Type": if published { "CEN" } else { "System" },
        "Origin": if published { "RoutePropagation" } else { "SystemCreate" },
        "Status": "Available",
        "IpVersion": "IPv4",
        "ServiceType": if published { "TR" } else { "" },
        "GmtModified": stamp::seconds(table.created),
        "NextHops": {"NextHop": [next_hop_json(kind, id, 0)]},
    })
}

fn next_hop_json(kind: &str, id: &str, weight: u32) -> Value {
    json!({
        "NextHopType": kind,
        "NextHopId": id,
        "NextHopRegionId": "",
        "Weight": weight,
        "Enabled": 1,
        "NextHopRelatedInfo": {"InstanceId": "", "InstanceType": "", "RegionId": ""},
    })
}
