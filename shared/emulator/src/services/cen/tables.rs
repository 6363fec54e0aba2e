//! Route tables of transit routers.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{cen_of_table, is, known_filters, quiet, ready, router, table};
use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Size, by_token};
use crate::state::cen::{Status, Table};
use crate::time::Timed;
use crate::world::World;
use crate::{stamp, tags};

pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let router = router(world, params.required("TransitRouterId")?)?;
    ready(router, now)?;
    quiet(world, now, &router.cen)?;
    let router = router.id.clone();
    let id = world.ids.next("vtb-");
    let at = world.settings.latencies.after(now, world.settings.latencies.transit_route_entry);
    let table = Table {
        id: id.clone(),
        router,
        system: false,
        name: params.text("TransitRouterRouteTableName"),
        description: params.text("TransitRouterRouteTableDescription"),
        status: Timed::changing(Status::Coming, at, Status::Up),
        created: now,
        tags: tags::read(params),
    };
    world.cen.tables.insert(id.clone(), table);
    Ok(json!({"TransitRouterRouteTableId": id}))
}

pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let table =
        table(world, call.params.required("TransitRouterRouteTableId")?, "InvalidTransitRouterRouteTableId.NotFound")?;
    let id = table.id.clone();
    if table.system {
        return Err(ApiError::bad(
            "OperationUnsupported.TransitRouterRouteTableType",
            "The system route table cannot be deleted.",
        ));
    }
    quiet(world, now, &cen_of_table(world, table))?;
    let refuse = |code: &str, what: &str| {
        Err(ApiError::bad(
            format!("OperationFailed.{code}"),
            format!("Operation failed because {what} of the route table exists."),
        ))
    };
    if world.cen.associations.iter().any(|link| link.table == id) {
        return refuse("RouteTableAssociationExist", "an association");
    }
    if world.cen.propagations.iter().any(|link| link.table == id) {
        return refuse("RouteTablePropagationExist", "a propagation");
    }
    if world.cen.entries.values().any(|entry| entry.table == id) {
        return refuse("RouteEntryExist", "a route entry");
    }
    let until = world.settings.latencies.after(now, world.settings.latencies.transit_route_entry);
    if let Some(table) = world.cen.tables.get_mut(&id) {
        table.status = Timed::changing(Status::Going, until, Status::Gone);
    }
    done()
}

pub(super) fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    known_filters(world, params)?;
    let ids = params.list("TransitRouterRouteTableIds");
    let names = params.list("TransitRouterRouteTableNames");
    let rows = world.cen.tables.values().filter(|table| {
        is(params.get("TransitRouterId"), &table.router)
            && is(params.get("TransitRouterRouteTableType"), kind(table))
            && is(params.get("TransitRouterRouteTableStatus"), table.status.get(now).resource())
            && (ids.is_empty() || ids.contains(&table.id))
            && (names.is_empty() || names.contains(&table.name))
            && tags::pass(&table.tags, params, "Tag")
    });
    let page =
        by_token(params, Size::strict("MaxResults", 20, 100), rows.collect(), |table: &&Table| table.id.clone())?;
    let rows: Vec<Value> = page.items.iter().map(|table| json(world, now, table)).collect();
    Ok(
        json!({"TransitRouterRouteTables": rows, "TotalCount": page.total, "MaxResults": page.size, "NextToken": page.next}),
    )
}

const fn kind(table: &Table) -> &'static str {
    if table.system { "System" } else { "Custom" }
}

fn json(world: &World, now: Timestamp, table: &Table) -> Value {
    json!({
        "TransitRouterRouteTableId": table.id,
        "TransitRouterRouteTableName": table.name,
        "TransitRouterRouteTableDescription": table.description,
        "TransitRouterRouteTableType": kind(table),
        "TransitRouterRouteTableStatus": table.status.get(now).resource(),
        "TransitRouterId": table.router,
        "RegionId": world.cen.routers.get(&table.router).map(|router| router.region.as_str()).unwrap_or_default(),
        "RouteTableOptions": {"MultiRegionECMP": "disable"},
        "CreateTime": stamp::minutes(table.created),
        "Tags": tags::list(&table.tags),
    })
}
