//! The routes that packets of a table really follow: system, custom and published ones in one list.

use ipnet::Ipv4Net;
use jiff::Timestamp;

use super::transit;
use crate::state::vpc::{Status, TableKind};
use crate::world::World;

/// The system route for the cloud's own address range in every VPC (cloud-apis.md section 10).
pub(crate) const SERVICE: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(100, 64, 0, 0), 10);

/// Where a route of a VPC leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hop {
    /// Into this vSwitch of the same VPC.
    Local(String),
    /// To the cloud's own services: nothing that a customer's packet should be sent to.
    Service,
    /// To a transit router, through this attachment.
    Attachment(String),
    /// To a kind of next hop that the emulator does not forward to.
    Other {
        /// The API's next-hop type.
        kind: String,
        /// Its id.
        id: String,
    },
}

/// The origin of an effective route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    System,
    Custom,
    /// Published by a transit router (`AutoPublishRouteEnabled`).
    Published,
}

/// A route that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EffectiveRoute {
    pub(crate) destination: Ipv4Net,
    pub(crate) hop: Hop,
    pub(crate) origin: Origin,
}

/// Every route in force in a table. At most one per destination among the system and custom ones; a published route
/// never replaces those.
pub(crate) fn routes(world: &World, now: Timestamp, table: &str) -> Vec<EffectiveRoute> {
    let Some(table) = world.vpc.tables.get(table) else { return Vec::new() };
    let mut routes: Vec<EffectiveRoute> = system(world, now, &table.vpc).collect();
    for entry in table.entries.values() {
        // An entry that is being deleted may or may not carry packets in the cloud. Here it does not: that finds more bugs.
        if *entry.status.get(now) != Status::Available {
            continue;
        }
        routes.extend(entry.hops.iter().map(|hop| EffectiveRoute {
            destination: entry.destination,
            hop: if hop.kind == "Attachment" {
                Hop::Attachment(hop.id.clone())
            } else {
                Hop::Other { kind: hop.kind.clone(), id: hop.id.clone() }
            },
            origin: Origin::Custom,
        }));
    }
    if table.kind == TableKind::System {
        for (destination, attachment) in transit::published_to_vpc(world, now, &table.vpc) {
            if routes.iter().all(|route| route.destination != destination) {
                routes.push(EffectiveRoute {
                    destination,
                    hop: Hop::Attachment(attachment),
                    origin: Origin::Published,
                });
            }
        }
    }
    routes
}

/// The system routes of a VPC: each of its vSwitches, and the service range.
pub(super) fn system<'a>(world: &'a World, now: Timestamp, vpc: &'a str) -> impl Iterator<Item = EffectiveRoute> + 'a {
    world
        .vpc
        .switches_of(vpc)
        .filter(move |switch| *switch.status.get(now) == Status::Available)
        .map(|switch| (switch.cidr, Hop::Local(switch.id.clone())))
        .chain(std::iter::once((SERVICE, Hop::Service)))
        .map(|(destination, hop)| EffectiveRoute { destination, hop, origin: Origin::System })
}
