//! Look-ups and refusals that several actions of this service share.

use jiff::Timestamp;

use crate::call::{Answer, ApiError, Params, done};
use crate::settings::UnknownAttachment;
use crate::state::cen::{Attachment, CenInstance, Edition, Router, Status, Table};
use crate::time::Timed;
use crate::world::World;

/// Refuses while any other write of this CEN is in progress: they are serialized per CEN (cloud-apis.md section 8).
pub(super) fn quiet(world: &World, now: Timestamp, cen: &str) -> Result<(), ApiError> {
    let state = &world.cen;
    let router_in = |id: &str| state.routers.get(id).is_some_and(|router| router.cen == cen);
    let table_in = |id: &str| state.tables.get(id).is_some_and(|table| router_in(&table.router));
    let busy = state.instances.get(cen).is_some_and(|instance| instance.status.is_changing(now))
        || state.routers.values().any(|router| router.cen == cen && router.status.is_changing(now))
        || state.tables.values().any(|table| table.status.is_changing(now) && router_in(&table.router))
        || state.vpc_attachments.values().any(|held| held.cen == cen && held.status.is_changing(now))
        || state.peers.values().any(|peer| peer.cen == cen && peer.status.is_changing(now))
        || state.entries.values().any(|entry| entry.status.is_changing(now) && table_in(&entry.table))
        || state
            .associations
            .iter()
            .chain(&state.propagations)
            .any(|link| link.status.is_changing(now) && table_in(&link.table));
    if busy {
        return Err(ApiError::bad(
            "Operation.Blocking",
            "The operation is blocked because another operation on the CEN instance is in progress. Please try again later.",
        ));
    }
    Ok(())
}

pub(super) fn cen<'a>(world: &'a World, id: &str) -> Result<&'a CenInstance, ApiError> {
    world
        .cen
        .instances
        .get(id)
        .ok_or_else(|| ApiError::bad("ParameterCenInstanceId", "The specified CEN instance does not exist."))
}

pub(super) fn router<'a>(world: &'a World, id: &str) -> Result<&'a Router, ApiError> {
    let missing = || ApiError::bad("InvalidTransitRouterId.NotFound", "The specified TransitRouterId is not found.");
    world.cen.routers.get(id).ok_or_else(missing)
}

/// A transit router that can take an attachment: Enterprise Edition, and Active.
pub(super) fn ready(router: &Router, now: Timestamp) -> Result<(), ApiError> {
    if router.edition == Edition::Basic {
        return Err(ApiError::bad(
            "OperationUnsupported.TransitRouterType",
            "The operation is not supported by the type of the transit router.",
        ));
    }
    if *router.status.get(now) == Status::Up {
        return Ok(());
    }
    Err(ApiError::bad(
        "IncorrectStatus.TransitRouter",
        "The status of the transit router does not support this operation.",
    ))
}

pub(super) fn table<'a>(world: &'a World, id: &str, missing: &str) -> Result<&'a Table, ApiError> {
    world.cen.tables.get(id).ok_or_else(|| ApiError::bad(missing, "TransitRouterRouteTableId is not found."))
}

pub(super) fn cen_of_table(world: &World, table: &Table) -> String {
    world.cen.routers.get(&table.router).map(|router| router.cen.clone()).unwrap_or_default()
}

/// An attachment that ends at `router`.
pub(super) fn attached_to<'a>(world: &'a World, id: &str, router: &str) -> Result<Attachment<'a>, ApiError> {
    world.cen.attachment(id).filter(|found| found.touches(router)).ok_or_else(no_such_attachment)
}

pub(super) fn no_such_attachment() -> ApiError {
    ApiError::bad("InvalidTransitRouterAttachmentId.NotFound", "The specified TransitRouterAttachmentId is not found.")
}

/// The answer to an update of an attachment that does not exist.
pub(super) fn no_such_attachment_to_update(world: &World, params: &Params) -> Answer {
    match world.settings.unknown_attachment {
        UnknownAttachment::NotInDryRun if params.flag("DryRun")? == Some(true) => done(),
        UnknownAttachment::ByShortCode => {
            Err(ApiError::new(404, "InvalidAttachmentId.NotFound", "The specified AttachmentId is not found."))
        }
        UnknownAttachment::ByLongCode | UnknownAttachment::NotInDryRun => Err(no_such_attachment()),
    }
}

/// The account's number, as the API's type has it.
pub(super) fn account(world: &World) -> u64 {
    world.settings.account_id.parse().unwrap_or_default()
}

/// Whether a value passes a filter: it does if the filter was not sent.
pub(super) fn is(sent: Option<&str>, value: &str) -> bool {
    sent.is_none_or(|sent| sent == value)
}

/// Refuses list filters that name no region, CEN or transit router; unknown attachment ids just match nothing
/// (cloud-apis.md section 7).
pub(super) fn known_filters(world: &World, params: &Params) -> Result<(), ApiError> {
    let illegal =
        |name: &str| Err(ApiError::bad(format!("IllegalParam.{name}"), format!("The param of {name} is illegal.")));
    if params.get("RegionId").is_some_and(|region| !world.settings.regions.iter().any(|known| known == region)) {
        return illegal("Region");
    }
    if params.get("CenId").is_some_and(|cen| !world.cen.instances.contains_key(cen)) {
        return illegal("CenId");
    }
    if params.get("TransitRouterId").is_some_and(|router| !world.cen.routers.contains_key(router)) {
        return illegal("TransitRouterId");
    }
    Ok(())
}

/// Refuses the deletion of an attachment that something depends on.
pub(super) fn dependents(world: &World, id: &str) -> Result<(), ApiError> {
    let refuse = |code: &str, what: &str| {
        Err(ApiError::bad(
            format!("OperationFailed.{code}"),
            format!("Operation failed because {what} of the attachment exists."),
        ))
    };
    let state = &world.cen;
    if state.associations.iter().any(|link| link.attachment == id) {
        return refuse("RouteTableAssociationExist", "a route table association");
    }
    if state.propagations.iter().any(|link| link.attachment == id) {
        return refuse("RouteTablePropagationExist", "a route table propagation");
    }
    if state.entries.values().any(|entry| entry.hop.as_deref() == Some(id)) {
        return refuse("RouteEntryExist", "a route entry");
    }
    let mut routes = world.vpc.tables.values().flat_map(|table| table.entries.values());
    if routes.any(|entry| entry.hops.iter().any(|hop| hop.id == id)) {
        return refuse("AttachmentReferencedVpcRouteEntryExisted", "a VPC route entry");
    }
    Ok(())
}

/// Removes what depends on an attachment, for a forced deletion.
pub(super) fn cut(world: &mut World, id: &str) {
    let state = &mut world.cen;
    state.associations.retain(|link| link.attachment != id);
    state.propagations.retain(|link| link.attachment != id);
    state.entries.retain(|_, entry| entry.hop.as_deref() != Some(id));
    for table in world.vpc.tables.values_mut() {
        table.entries.retain(|_, entry| entry.hops.iter().all(|hop| hop.id != id));
    }
}

pub(super) fn attached(status: &Timed<Status>, now: Timestamp) -> Result<(), ApiError> {
    if *status.get(now) == Status::Up {
        return Ok(());
    }
    Err(ApiError::bad("IncorrectStatus.Attachment", "The status of the attachment does not support this operation."))
}
