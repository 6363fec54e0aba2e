//! vSwitches.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{owner, stable, switch_here, table_of, vpc_here};
use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_number};
use crate::state::vpc::{Status, Switch};
use crate::time::Timed;
use crate::world::World;
use crate::{stamp, tags};

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let vpc = vpc_here(world, call, params.required("VpcId")?)?;
    let zone = params.required("ZoneId")?;
    let letter = zone.strip_prefix(&call.region).and_then(|rest| rest.strip_prefix('-'));
    if !letter.is_some_and(|letter| letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_lowercase())) {
        return Err(ApiError::not_found("InvalidZoneId.NotFound", "Specified zone does not exist."));
    }
    let invalid = || ApiError::bad("InvalidCidrBlock", "Specified CIDR block is not valid.");
    let cidr = params.prefix("CidrBlock")?.ok_or_else(invalid)?;
    if !vpc.holds(cidr) || !(16..=29).contains(&cidr.prefix_len()) {
        return Err(invalid());
    }
    stable(world, now, vpc)?;
    if world.vpc.switches_of(&vpc.id).any(|held| held.cidr.contains(&cidr) || cidr.contains(&held.cidr)) {
        return Err(ApiError::bad(
            "InvalidCidrBlock.Overlapped",
            "Specified CIDR block is overlapped with other subnet.",
        ));
    }
    let mut entries =
        world.vpc.tables.values().filter(|table| table.vpc == vpc.id).flat_map(|table| table.entries.values());
    if entries.any(|entry| cidr.contains(&entry.destination)) {
        return Err(ApiError::bad(
            "InvalidCidrBlock.RouteConflict",
            "Specified CIDR block conflicts with a route entry.",
        ));
    }
    let vpc = vpc.id.clone();
    let id = world.ids.next("vsw-");
    let at = world.settings.latencies.after(now, world.settings.latencies.network_create);
    let switch = Switch {
        id: id.clone(),
        vpc,
        zone: zone.to_owned(),
        cidr,
        name: params.text("VSwitchName"),
        description: params.text("Description"),
        table: None,
        acl: None,
        taken: BTreeMap::new(),
        status: Timed::changing(Status::Pending, at, Status::Available),
        created: now,
        tags: tags::read(params),
    };
    world.vpc.switches.insert(id.clone(), switch);
    Ok(json!({"VSwitchId": id}))
}

pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let switch = switch_here(world, call, call.params.required("VSwitchId")?)?;
    let id = switch.id.clone();
    stable(world, now, vpc_here(world, call, &switch.vpc)?)?;
    if !switch.taken.is_empty() {
        return Err(ApiError::bad("DependencyViolation", "There is still instance(s) in the specified VSwitch."));
    }
    if switch.table.is_some() {
        return Err(ApiError::bad(
            "DependencyViolation.RouteTable",
            "The VSwitch is associated with a custom route table.",
        ));
    }
    world.vpc.switches.remove(&id);
    done()
}

pub(super) fn describe(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let is = |name: &str, value: &str| params.get(name).is_none_or(|sent| sent == value);
    let ids: Option<Vec<&str>> = params.get("VSwitchId").map(|ids| ids.split(',').map(str::trim).collect());
    let rows = world.vpc.switches.values().filter(|switch| {
        world.vpc.vpcs.get(&switch.vpc).is_some_and(|vpc| vpc.region == call.region)
            && is("VpcId", &switch.vpc)
            && ids.as_ref().is_none_or(|ids| ids.contains(&switch.id.as_str()))
            && is("VSwitchName", &switch.name)
            && is("ZoneId", &switch.zone)
            && is("RouteTableId", &table_of(world, switch).0)
            && tags::pass(&switch.tags, params, "Tag")
    });
    let rows: Vec<Value> = rows.map(|switch| json(world, now, switch)).collect();
    let page = by_number(params, Size::strict("PageSize", 10, 50), rows)?;
    Ok(
        json!({"VSwitches": {"VSwitch": page.items}, "TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size}),
    )
}

pub(super) fn attributes(world: &World, now: Timestamp, call: &Call) -> Answer {
    Ok(json(world, now, switch_here(world, call, call.params.required("VSwitchId")?)?))
}

fn json(world: &World, now: Timestamp, switch: &Switch) -> Value {
    let (table, kind) = table_of(world, switch);
    json!({
        "VSwitchId": switch.id,
        "VSwitchName": switch.name,
        "Description": switch.description,
        "VpcId": switch.vpc,
        "ZoneId": switch.zone,
        "CidrBlock": switch.cidr.to_string(),
        "AvailableIpAddressCount": switch.available(),
        "Status": switch.status.get(now).name(),
        "RouteTable": {"RouteTableId": table, "RouteTableType": kind},
        "NetworkAclId": switch.acl.as_deref().unwrap_or_default(),
        "EnabledIpv6": false,
        "Ipv6CidrBlock": "",
        "IsDefault": false,
        "OwnerId": owner(world),
        "ResourceGroupId": "",
        "ShareType": "",
        "CreationTime": stamp::seconds(switch.created),
        "Tags": {"Tag": tags::list(&switch.tags)},
    })
}
