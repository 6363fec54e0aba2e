//! Route tables of VPCs, and which vSwitches use them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{owner, stable, switch_here, table_here, vpc_here};
use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_number};
use crate::state::vpc::{Status, Switch, Table, TableKind};
use crate::time::Timed;
use crate::world::World;
use crate::{stamp, tags};

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let vpc = vpc_here(world, call, params.required("VpcId")?)?;
    stable(world, now, vpc)?;
    if params.get("AssociateType").is_some_and(|kind| kind != "VSwitch") {
        return Err(ApiError::bad(
            "UnsupportedFeature.AssociateType",
            "Only route tables for VSwitches are supported.",
        ));
    }
    let vpc = vpc.id.clone();
    let id = world.ids.next("vtb-");
    let at = world.settings.latencies.after(now, world.settings.latencies.network_create);
    let table = Table {
        id: id.clone(),
        vpc,
        kind: TableKind::Custom,
        name: params.text("RouteTableName"),
        description: params.text("Description"),
        status: Timed::changing(Status::Pending, at, Status::Available),
        created: now,
        tags: tags::read(params),
        entries: BTreeMap::new(),
    };
    world.vpc.tables.insert(id.clone(), table);
    Ok(json!({"RouteTableId": id}))
}

pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let table = table_here(world, call, call.params.required("RouteTableId")?)?;
    let id = table.id.clone();
    if table.kind == TableKind::System {
        return Err(ApiError::bad("OperationDenied.SystemRouteTable", "The system route table cannot be deleted."));
    }
    stable(world, now, vpc_here(world, call, &table.vpc)?)?;
    if world.vpc.switches_of(&table.vpc).any(|switch| switch.table.as_ref() == Some(&id)) {
        return Err(ApiError::bad("DependencyViolation.VSwitch", "The route table is associated with a VSwitch."));
    }
    world.vpc.tables.remove(&id);
    done()
}

pub(super) fn associate(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let table = table_here(world, call, call.params.required("RouteTableId")?)?;
    let switch = switch_here(world, call, call.params.required("VSwitchId")?)?;
    stable(world, now, vpc_here(world, call, &table.vpc)?)?;
    if switch.vpc != table.vpc || table.kind == TableKind::System {
        return Err(ApiError::bad(
            "OperationDenied.RouteTable",
            "The VSwitch cannot be associated with the route table.",
        ));
    }
    if switch.table.is_some() {
        return Err(ApiError::bad(
            "InvalidOperation.RouteTableAssociated",
            "The VSwitch is associated with a custom route table already.",
        ));
    }
    let (table, switch) = (table.id.clone(), switch.id.clone());
    if let Some(switch) = world.vpc.switches.get_mut(&switch) {
        switch.table = Some(table);
    }
    done()
}

pub(super) fn unassociate(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let table = table_here(world, call, call.params.required("RouteTableId")?)?;
    let switch = switch_here(world, call, call.params.required("VSwitchId")?)?;
    stable(world, now, vpc_here(world, call, &table.vpc)?)?;
    if switch.table.as_ref() != Some(&table.id) {
        return Err(ApiError::bad(
            "InvalidOperation.RouteTableNotAssociated",
            "The VSwitch is not associated with the route table.",
        ));
    }
    let switch = switch.id.clone();
    if let Some(switch) = world.vpc.switches.get_mut(&switch) {
        switch.table = None;
    }
    done()
}

pub(super) fn describe(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let is = |name: &str, value: &str| params.get(name).is_none_or(|sent| sent == value);
    let rows = world.vpc.tables.values().filter(|table| {
        let vpc = world.vpc.vpcs.get(&table.vpc);
        vpc.is_some_and(|vpc| vpc.region == call.region && is("RouterId", &vpc.router))
            && is("VpcId", &table.vpc)
            && is("RouteTableId", &table.id)
            && is("RouteTableName", &table.name)
            && is("RouteTableType", table.kind.name())
            && is("RouterType", "VRouter")
            && tags::pass(&table.tags, params, "Tag")
    });
    let rows: Vec<Value> = rows.map(|table| json(world, now, table)).collect();
    let page = by_number(params, Size::strict("PageSize", 10, 50), rows)?;
    Ok(json!({
        "RouterTableList": {"RouterTableListType": page.items},
        "TotalCount": page.total,
        "PageNumber": page.number,
        "PageSize": page.size,
    }))
}

fn json(world: &World, now: Timestamp, table: &Table) -> Value {
    let uses = |switch: &Switch| match &switch.table {
        Some(id) => *id == table.id,
        None => table.kind == TableKind::System,
    };
    let switches: Vec<&str> =
        world.vpc.switches_of(&table.vpc).filter(|switch| uses(switch)).map(|switch| switch.id.as_str()).collect();
    json!({
        "RouteTableId": table.id,
        "RouteTableName": table.name,
        "RouteTableType": table.kind.name(),
        "Description": table.description,
        "VpcId": table.vpc,
        "RouterId": world.vpc.vpcs.get(&table.vpc).map(|vpc| vpc.router.as_str()).unwrap_or_default(),
        "RouterType": "VRouter",
        "AssociateType": "VSwitch",
        "Status": table.status.get(now).name(),
        "VSwitchIds": {"VSwitchId": switches},
        "GatewayIds": {"GatewayIds": []},
        "RoutePropagationEnable": true,
        "OwnerId": owner(world),
        "ResourceGroupId": "",
        "CreationTime": stamp::seconds(table.created),
        "Tags": {"Tag": tags::list(&table.tags)},
    })
}
