//! Network interfaces that cloud services keep in a customer's vSwitches.

use jiff::Timestamp;

use crate::call::ApiError;
use crate::state::ecs::Interface;
use crate::tags::Tags;
use crate::world::World;

pub(crate) fn mac(world: &mut World) -> String {
    let [.., a, b, c] = world.ids.number().to_be_bytes();
    format!("00:16:3e:{a:02x}:{b:02x}:{c:02x}")
}

/// An interface that a cloud service keeps in a vSwitch: a transit router's attachment, say.
///
/// # Errors
/// When the vSwitch is not there or full.
pub(crate) fn make_service_interface(
    world: &mut World,
    now: Timestamp,
    switch: &str,
    maker: &str,
) -> Result<String, ApiError> {
    let id = world.ids.next("eni-");
    let address = world.vpc.take_address(switch, None, &id)?;
    let mac = mac(world);
    let (vpc, zone) =
        world.vpc.switches.get(switch).map(|held| (held.vpc.clone(), held.zone.clone())).unwrap_or_default();
    let region = world.vpc.vpcs.get(&vpc).map(|held| held.region.clone()).unwrap_or_default();
    let interface = Interface {
        id: id.clone(),
        region,
        zone,
        vpc,
        switch: switch.to_owned(),
        instance: None,
        primary: false,
        addresses: vec![address],
        groups: Vec::new(),
        mac,
        name: String::new(),
        description: format!("Created by {maker}"),
        service_managed: true,
        created: now,
        tags: Tags::new(),
    };
    world.ecs.interfaces.insert(id.clone(), interface);
    Ok(id)
}

/// Removes an interface and releases its addresses.
pub(crate) fn drop_interface(world: &mut World, id: &str) {
    if let Some(interface) = world.ecs.interfaces.remove(id) {
        world.vpc.release_addresses(&interface.switch, id);
    }
}
