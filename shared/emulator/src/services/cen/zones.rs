//! The zones of a VPC attachment: one interface in one vSwitch for each.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::checks::{attached, no_such_attachment, quiet};
use super::routers;
use crate::call::{Answer, ApiError, Call, Params, done};
use crate::platform::interfaces;
use crate::state::cen::{Status, ZoneMapping};
use crate::time::Timed;
use crate::world::World;

/// A zone and the vSwitch that is to carry the attachment there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    zone: String,
    switch: String,
}

pub(super) fn read(params: &Params, name: &str) -> Vec<Wanted> {
    params
        .objects(name)
        .iter()
        .map(|sent| Wanted { zone: sent.text("ZoneId"), switch: sent.text("VSwitchId") })
        .collect()
}

/// Checks the zones of an attachment: offered to transit routers, named once, the vSwitch in the zone, with a free address.
pub(super) fn check(
    world: &World,
    vpc: &str,
    region: &str,
    wanted: &[Wanted],
    held: &[ZoneMapping],
) -> Result<(), ApiError> {
    let offered = routers::zones(region);
    let mut seen: BTreeSet<&str> = held.iter().map(|mapping| mapping.zone.as_str()).collect();
    for Wanted { zone, switch } in wanted {
        let illegal =
            |name: &str| Err(ApiError::bad(format!("IllegalParam.{name}"), format!("The param of {name} is illegal.")));
        if !offered.contains(zone) {
            return illegal("ZoneId");
        }
        if !seen.insert(zone) {
            return Err(ApiError::bad("Duplicated.ZoneMapping", "The zone mapping is duplicated."));
        }
        let Some(switch) = world.vpc.switches.get(switch) else {
            return Err(ApiError::not_found("InvalidVSwitchId.NotFound", "The specified vSwitch is not found."));
        };
        if switch.vpc != vpc || switch.zone != *zone {
            return illegal("VSwitchId");
        }
        if switch.available() == 0 {
            return Err(ApiError::bad("InsufficientIpAddr.vsw", "Insufficient available IP addresses in the vSwitch."));
        }
    }
    Ok(())
}

/// Makes the interfaces.
pub(super) fn open(
    world: &mut World,
    now: Timestamp,
    attachment: &str,
    wanted: &[Wanted],
) -> Result<Vec<ZoneMapping>, ApiError> {
    let mut opened = Vec::new();
    for Wanted { zone, switch } in wanted {
        let interface = interfaces::make_service_interface(
            world,
            now,
            switch,
            &format!("the transit router attachment {attachment}"),
        )?;
        opened.push(ZoneMapping { zone: zone.clone(), switch: switch.clone(), interface });
    }
    Ok(opened)
}

pub(super) fn update(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let id = call.params.required("TransitRouterAttachmentId")?;
    let held = world.cen.vpc_attachments.get(id).ok_or_else(no_such_attachment)?;
    quiet(world, now, &held.cen)?;
    attached(&held.status, now)?;
    let (added, removed) = (read(&call.params, "AddZoneMappings"), read(&call.params, "RemoveZoneMappings"));
    let leaves =
        |mapping: &ZoneMapping| removed.iter().any(|gone| gone.zone == mapping.zone && gone.switch == mapping.switch);
    let (leaving, kept): (Vec<_>, Vec<_>) = held.zones.iter().cloned().partition(leaves);
    if leaving.len() != removed.len() || kept.len() + added.len() == 0 {
        return Err(ApiError::bad("IllegalParam.ZoneMappings", "The param of ZoneMappings is illegal."));
    }
    check(world, &held.vpc, &held.region, &added, &kept)?;
    let opened = open(world, now, id, &added)?;
    for mapping in &leaving {
        interfaces::drop_interface(world, &mapping.interface);
    }
    let until = world.settings.latencies.after(now, world.settings.latencies.vpc_detach);
    if let Some(held) = world.cen.vpc_attachments.get_mut(id) {
        held.zones = kept.into_iter().chain(opened).collect();
        held.status = Timed::changing(Status::Changing, until, Status::Up);
    }
    done()
}
