//! Look-ups and refusals that several actions of this service share.

use jiff::Timestamp;

use crate::call::{ApiError, Call};
use crate::state::vpc::{Status, Switch, Table, Vpc, no_such_switch};
use crate::world::World;

/// A VPC in the region of the call.
pub(super) fn vpc_here<'a>(world: &'a World, call: &Call, id: &str) -> Result<&'a Vpc, ApiError> {
    world.vpc.vpcs.get(id).filter(|vpc| vpc.region == call.region).ok_or_else(no_such_vpc)
}

/// A vSwitch in the region of the call.
pub(super) fn switch_here<'a>(world: &'a World, call: &Call, id: &str) -> Result<&'a Switch, ApiError> {
    let switch = world.vpc.switches.get(id).ok_or_else(no_such_switch)?;
    vpc_here(world, call, &switch.vpc).map_err(|_| no_such_switch())?;
    Ok(switch)
}

/// A route table in the region of the call.
pub(super) fn table_here<'a>(world: &'a World, call: &Call, id: &str) -> Result<&'a Table, ApiError> {
    let table = world.vpc.tables.get(id).ok_or_else(no_such_table)?;
    vpc_here(world, call, &table.vpc).map_err(|_| no_such_table())?;
    Ok(table)
}

/// Refuses while the VPC itself is unstable: being made, or being attached to or detached from a transit router
/// (cloud-apis.md section 13).
pub(super) fn stable(world: &World, now: Timestamp, vpc: &Vpc) -> Result<(), ApiError> {
    if *vpc.status.get(now) == Status::Available && !world.cen.is_moving(now, &vpc.id) {
        return Ok(());
    }
    Err(ApiError::bad("IncorrectVpcStatus", "Current VPC status does not support this operation."))
}

pub(super) fn no_such_vpc() -> ApiError {
    ApiError::not_found("InvalidVpcID.NotFound", "Specified VPC does not exist.")
}

pub(super) fn no_such_table() -> ApiError {
    ApiError::not_found("InvalidRouteTableId.NotFound", "Specified route table does not exist.")
}

/// The account's number, as the API's type has it.
pub(super) fn owner(world: &World) -> u64 {
    world.settings.account_id.parse().unwrap_or_default()
}

/// The table a vSwitch is routed by: its id and kind.
pub(super) fn table_of(world: &World, switch: &Switch) -> (String, &'static str) {
    let custom = switch.table.as_ref().and_then(|id| world.vpc.tables.get(id));
    custom
        .or_else(|| world.vpc.system_table(&switch.vpc))
        .map(|table| (table.id.clone(), table.kind.name()))
        .unwrap_or_default()
}
