//! Associations (which table an attachment's packets are routed by) and propagations (into which tables its routes go).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checks::{attached_to, cen_of_table, is, quiet, table};
use crate::call::{Answer, ApiError, Call, done};
use crate::listing::{Page, Size, by_token};
use crate::state::cen::{Link, Status};
use crate::time::Timed;
use crate::world::World;

pub(super) fn associate(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let (attachment, table) = ready(world, now, call)?;
    let router = &world.cen.tables.get(&table).map(|table| table.router.clone()).unwrap_or_default();
    let beside = |link: &Link| world.cen.tables.get(&link.table).is_some_and(|table| table.router == *router);
    if world.cen.associations.iter().any(|link| link.attachment == attachment && beside(link)) {
        return Err(ApiError::bad("AssociationExist.TransitRouterTable", "The specified association already exists."));
    }
    let link = coming(world, now, attachment, table);
    world.cen.associations.push(link);
    done()
}

pub(super) fn enable(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let (attachment, table) = ready(world, now, call)?;
    if world.cen.propagations.iter().any(|link| link.attachment == attachment && link.table == table) {
        return Err(ApiError::bad("PropagationExist.TransitRouterTable", "The specified propagation already exists."));
    }
    let link = coming(world, now, attachment, table);
    world.cen.propagations.push(link);
    done()
}

pub(super) fn dissociate(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let (attachment, table) = named(world, now, call)?;
    let until = world.settings.latencies.after(now, world.settings.latencies.table_link);
    take_down(&mut world.cen.associations, &attachment, &table, until)
        .ok_or_else(|| ApiError::bad("InvalidAssociation.NotFound", "The specified association is not found."))?;
    done()
}

pub(super) fn disable(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let (attachment, table) = named(world, now, call)?;
    let until = world.settings.latencies.after(now, world.settings.latencies.table_link);
    take_down(&mut world.cen.propagations, &attachment, &table, until)
        .ok_or_else(|| ApiError::bad("InvalidPropagation.NotFound", "The specified propagation is not found."))?;
    done()
}

pub(super) fn associations(world: &World, now: Timestamp, call: &Call) -> Answer {
    let page = listed(world, now, call, &world.cen.associations, ["Associating", "Active", "Dissociating"])?;
    Ok(
        json!({"TransitRouterAssociations": page.items, "TotalCount": page.total, "MaxResults": page.size, "NextToken": page.next}),
    )
}

pub(super) fn propagations(world: &World, now: Timestamp, call: &Call) -> Answer {
    table(world, call.params.required("TransitRouterRouteTableId")?, "IllegalParam.TransitRouterTableId")?;
    let page = listed(world, now, call, &world.cen.propagations, ["Enabling", "Active", "Disabling"])?;
    Ok(
        json!({"TransitRouterPropagations": page.items, "TotalCount": page.total, "MaxResults": page.size, "NextToken": page.next}),
    )
}

/// The attachment and table of a call, both in existence and nothing else being written in their CEN.
fn named(world: &World, now: Timestamp, call: &Call) -> Result<(String, String), ApiError> {
    let table =
        table(world, call.params.required("TransitRouterRouteTableId")?, "InvalidTransitRouterRouteTableId.NotFound")?;
    let id = call.params.required("TransitRouterAttachmentId")?;
    attached_to(world, id, &table.router)?;
    quiet(world, now, &cen_of_table(world, table))?;
    Ok((id.to_owned(), table.id.clone()))
}

/// As [`named`], and both usable.
fn ready(world: &World, now: Timestamp, call: &Call) -> Result<(String, String), ApiError> {
    let (id, table_id) = named(world, now, call)?;
    let attached = world.cen.attachment(&id).is_some_and(|found| *found.status().get(now) == Status::Up);
    let active = world.cen.tables.get(&table_id).is_some_and(|table| *table.status.get(now) == Status::Up);
    if attached && active {
        return Ok((id, table_id));
    }
    Err(ApiError::bad(
        "IncorrectStatus.AttachmentOrRouteTable",
        "The status of the attachment or the route table does not support this operation.",
    ))
}

fn coming(world: &World, now: Timestamp, attachment: String, table: String) -> Link {
    let active = world.settings.latencies.after(now, world.settings.latencies.table_link);
    Link { attachment, table, status: Timed::changing(Status::Coming, active, Status::Up), active }
}

fn take_down(links: &mut [Link], attachment: &str, table: &str, until: Timestamp) -> Option<()> {
    let link = links.iter_mut().find(|link| link.attachment == attachment && link.table == table)?;
    link.status = Timed::changing(Status::Going, until, Status::Gone);
    Some(())
}

fn listed(
    world: &World,
    now: Timestamp,
    call: &Call,
    links: &[Link],
    words: [&str; 3],
) -> Result<Page<Value>, ApiError> {
    let params = &call.params;
    let word = |link: &Link| match link.status.get(now) {
        Status::Coming => words[0],
        Status::Up | Status::Changing => words[1],
        Status::Going | Status::Gone => words[2],
    };
    let rows = links.iter().filter_map(|link| {
        let router = &world.cen.tables.get(&link.table)?.router;
        let (resource, kind) = world.cen.attachment(&link.attachment)?.resource(router);
        let wanted = is(params.get("TransitRouterRouteTableId"), &link.table)
            && is(params.get("TransitRouterAttachmentId"), &link.attachment)
            && is(params.get("TransitRouterAttachmentResourceId"), resource)
            && is(params.get("TransitRouterAttachmentResourceType"), kind)
            && is(params.get("Status"), word(link));
        wanted.then(|| {
            (
                format!("{} {}", link.attachment, link.table),
                json!({
                    "TransitRouterAttachmentId": link.attachment,
                    "TransitRouterRouteTableId": link.table,
                    "ResourceId": resource,
                    "ResourceType": kind,
                    "Status": word(link),
                }),
            )
        })
    });
    let page =
        by_token(params, Size::strict("MaxResults", 50, 100), rows.collect(), |row: &(String, Value)| row.0.clone())?;
    Ok(Page {
        items: page.items.into_iter().map(|row| row.1).collect(),
        next: page.next,
        size: page.size,
        number: page.number,
        total: page.total,
    })
}
