//! Who answers at an address of a VPC.

use std::net::Ipv4Addr;

use crate::state::ecs::{Instance, Interface, State};
use crate::world::World;

/// Who answers at an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) interface: &'a Interface,
    /// None for a transit router's interface.
    pub(crate) instance: Option<&'a Instance>,
    /// The instance exists and is Running.
    pub(crate) running: bool,
}

/// Who holds an address of a VPC: the interface, its instance, and whether that runs. None when nobody, or a load
/// balancer, does. The security groups are `owner.interface.groups`, the vSwitch `owner.interface.switch`.
pub(crate) fn owner_of_address<'a>(world: &'a World, vpc: &str, address: Ipv4Addr) -> Option<Owner<'a>> {
    let (_, holder) = world.vpc.lookup_address(vpc, address)?;
    let interface = world.ecs.interfaces.get(holder?)?;
    let instance = interface.instance.as_ref().and_then(|id| world.ecs.instances.get(id));
    Some(Owner { interface, instance, running: instance.is_some_and(|instance| instance.state == State::Running) })
}
