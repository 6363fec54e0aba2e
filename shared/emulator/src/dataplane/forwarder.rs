//! The forwarder: follows route tables until a packet is delivered or lost.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use super::filters::{self, Flow};
use super::owner::{Owner, owner_of_address};
use super::path::{Direction, Fault, Hop, Place, Source, Verdict};
use crate::routing::transit::{self, EntryStatus};
use crate::routing::vpc as routes;
use crate::state::cen::Attachment;
use crate::world::World;

/// More tables than any real path has: two VPCs and, with transit through a third region, three routers.
const MOST_HOPS: usize = 16;

/// Forwards packets at one instant. Each table is expanded once: one round of health checks sends thousands of packets
/// through the same few tables.
#[derive(Debug)]
pub(crate) struct Forwarder<'w> {
    world: &'w World,
    now: Timestamp,
    vpc_tables: BTreeMap<String, Vec<routes::EffectiveRoute>>,
    /// Destination and next hop of the entries in force.
    transit_tables: BTreeMap<String, Vec<(Ipv4Net, Option<String>)>>,
    /// Results of lookups whose hops are not recorded, by first table and address.
    walked: BTreeMap<(String, Ipv4Addr), Result<Arrival, Fault>>,
}

/// Where a successful lookup through the tables ended.
#[derive(Debug, Clone)]
enum Arrival {
    /// In a vSwitch of this VPC.
    Local { vpc: String },
    /// At the cloud's own services, as this VPC sees them.
    Service { vpc: String },
}

/// The table that is looked up next.
enum Standing {
    Vpc { vpc: String, table: String },
    Router { router: String, table: String },
}

impl<'w> Forwarder<'w> {
    pub(crate) const fn new(world: &'w World, now: Timestamp) -> Self {
        Self { world, now, vpc_tables: BTreeMap::new(), transit_tables: BTreeMap::new(), walked: BTreeMap::new() }
    }

    /// How a connection from `source` to `destination:port` ends.
    pub(crate) fn verdict(&mut self, source: Source<'_>, destination: Ipv4Addr, port: u16) -> Verdict {
        ended(self.there_and_back(source, destination, port, None))
    }

    /// The same, recording every hop.
    pub(super) fn follow(
        &mut self,
        source: Source<'_>,
        destination: Ipv4Addr,
        port: u16,
        hops: &mut Vec<Hop>,
    ) -> Verdict {
        ended(self.there_and_back(source, destination, port, Some(hops)))
    }

    fn there_and_back(
        &mut self,
        source: Source<'_>,
        destination: Ipv4Addr,
        port: u16,
        mut hops: Option<&mut Vec<Hop>>,
    ) -> Result<(String, bool), Fault> {
        let world = self.world;
        // Only the system table counts for a load balancer, whatever its vSwitches are associated with (section 10).
        let table = world.vpc.system_table(source.vpc).ok_or_else(|| no_table(source.vpc))?.id.clone();
        let switch_of = |address| world.vpc.lookup_address(source.vpc, address).map(|(switch, _)| switch.id.as_str());
        let inside = switch_of(source.address).is_some() && switch_of(source.address) == switch_of(destination);
        let near = switch_of(source.address).filter(|_| !inside);
        let flow = Flow { world, near, source: source.address, destination, port };
        flow.leave_near()?;
        let way = (Direction::Forward, source.vpc, table, destination);
        let vpc = match self.arrive(way, hops.as_deref_mut())? {
            Arrival::Local { vpc } => vpc,
            Arrival::Service { vpc } => return Err(Fault::Swallowed { vpc, address: destination }),
        };
        let nobody = || Fault::NobodyThere { vpc: vpc.clone(), address: destination };
        let Owner { interface, instance, running } = owner_of_address(world, &vpc, destination).ok_or_else(nobody)?;
        let instance = instance.ok_or_else(nobody)?;
        if !inside {
            flow.enter_far(&interface.switch)?;
        }
        filters::security_groups(world, interface, source.address, destination, port)?;
        if !running {
            return Err(Fault::NotRunning { instance: instance.id.clone() });
        }

        if !inside {
            flow.leave_far(&interface.switch)?;
        }
        let back = world.vpc.table_of_vswitch(&interface.switch).ok_or_else(|| no_table(&interface.switch))?.id.clone();
        match self.arrive((Direction::Return, &vpc, back, source.address), hops)? {
            Arrival::Local { vpc } if vpc == source.vpc => {}
            // In its own VPC, and only there, a classic load balancer is behind the system route of 100.64.0.0/10.
            Arrival::Service { vpc } if vpc == source.vpc => {}
            Arrival::Local { vpc } => return Err(Fault::NobodyThere { vpc, address: source.address }),
            Arrival::Service { vpc } => return Err(Fault::Swallowed { vpc, address: source.address }),
        }
        flow.enter_near()?;
        Ok((instance.id.clone(), instance.web_ports.contains(&port)))
    }

    /// Follows the routes from a table of a VPC to an address; earlier results are cached.
    fn arrive(
        &mut self,
        (direction, vpc, table, to): (Direction, &str, String, Ipv4Addr),
        hops: Option<&mut Vec<Hop>>,
    ) -> Result<Arrival, Fault> {
        let key = (table, to);
        if hops.is_none()
            && let Some(arrival) = self.walked.get(&key)
        {
            return arrival.clone();
        }
        let start = Standing::Vpc { vpc: vpc.to_owned(), table: key.0.clone() };
        let arrival = self.walk(direction, start, to, hops.unwrap_or(&mut Vec::new()));
        self.walked.insert(key, arrival.clone());
        arrival
    }

    fn walk(
        &mut self,
        direction: Direction,
        mut standing: Standing,
        to: Ipv4Addr,
        hops: &mut Vec<Hop>,
    ) -> Result<Arrival, Fault> {
        for _ in 0..MOST_HOPS {
            standing = match standing {
                Standing::Vpc { vpc, table } => {
                    let route = self.vpc_route(&table, to);
                    let place = Place::Vpc { vpc: vpc.clone(), table: table.clone() };
                    hops.push(Hop { direction, place, matched: route.as_ref().map(|route| route.destination) });
                    match route.map(|route| route.hop) {
                        None => return Err(Fault::NoRoute { table, address: to }),
                        Some(routes::Hop::Local(_)) => return Ok(Arrival::Local { vpc }),
                        Some(routes::Hop::Service) => return Ok(Arrival::Service { vpc }),
                        Some(routes::Hop::Other { id, .. }) => return Err(Fault::Unplayed { hop: id }),
                        Some(routes::Hop::Attachment(id)) => self.leave_vpc(&vpc, &id)?,
                    }
                }
                Standing::Router { router, table } => {
                    let entry = self.transit_entry(&table, to);
                    let place = Place::TransitRouter { router: router.clone(), table: table.clone() };
                    hops.push(Hop { direction, place, matched: entry.as_ref().map(|(destination, _)| *destination) });
                    match entry {
                        None => return Err(Fault::NoRoute { table, address: to }),
                        Some((destination, None)) => return Err(Fault::BlackHole { table, destination }),
                        Some((_, Some(id))) => self.leave_router(&router, &id)?,
                    }
                }
            };
        }
        Err(Fault::Loop)
    }

    /// From a VPC through one of its attachments into the transit router.
    fn leave_vpc(&self, vpc: &str, id: &str) -> Result<Standing, Fault> {
        match self.attached(id)? {
            Attachment::Vpc(attachment) if attachment.vpc == vpc => self.enter_router(&attachment.router, id),
            _ => Err(Fault::Unplayed { hop: id.to_owned() }),
        }
    }

    /// From a transit router into a VPC, or over a connection into another transit router.
    fn leave_router(&self, router: &str, id: &str) -> Result<Standing, Fault> {
        match self.attached(id)? {
            Attachment::Vpc(attachment) if attachment.router == router => {
                // The attachment's interface sits in a vSwitch, whose table the packet meets first.
                let switch = attachment.zones.first().map(|zone| zone.switch.as_str());
                let table = switch
                    .and_then(|switch| self.world.vpc.table_of_vswitch(switch))
                    .or_else(|| self.world.vpc.system_table(&attachment.vpc))
                    .ok_or_else(|| no_table(&attachment.vpc))?;
                Ok(Standing::Vpc { vpc: attachment.vpc.clone(), table: table.id.clone() })
            }
            Attachment::Peer(peer) if peer.bandwidth == 0 => Err(Fault::NoBandwidth { attachment: id.to_owned() }),
            Attachment::Peer(peer) => match peer.other_side(router) {
                Some(far) => self.enter_router(far, id),
                None => Err(Fault::Unplayed { hop: id.to_owned() }),
            },
            Attachment::Vpc(_) => Err(Fault::Unplayed { hop: id.to_owned() }),
        }
    }

    fn enter_router(&self, router: &str, attachment: &str) -> Result<Standing, Fault> {
        let table = self
            .world
            .cen
            .table_of(self.now, router, attachment)
            .ok_or_else(|| Fault::NotAssociated { attachment: attachment.to_owned(), router: router.to_owned() })?;
        Ok(Standing::Router { router: router.to_owned(), table })
    }

    fn attached(&self, id: &str) -> Result<Attachment<'w>, Fault> {
        self.world
            .cen
            .attachment(id)
            .filter(|attachment| attachment.is_up(self.now))
            .ok_or_else(|| Fault::Detached { attachment: id.to_owned() })
    }

    fn vpc_route(&mut self, table: &str, to: Ipv4Addr) -> Option<routes::EffectiveRoute> {
        if !self.vpc_tables.contains_key(table) {
            self.vpc_tables.insert(table.to_owned(), routes::routes(self.world, self.now, table));
        }
        let routes = self.vpc_tables.get(table)?;
        longest(routes, to, |route| route.destination).cloned()
    }

    fn transit_entry(&mut self, table: &str, to: Ipv4Addr) -> Option<(Ipv4Net, Option<String>)> {
        if !self.transit_tables.contains_key(table) {
            let entries = transit::transit_entries(self.world, self.now, table).into_iter();
            let in_force = entries.filter(|entry| entry.status == EntryStatus::Active);
            self.transit_tables
                .insert(table.to_owned(), in_force.map(|entry| (entry.destination, entry.hop)).collect());
        }
        longest(self.transit_tables.get(table)?, to, |(destination, _)| *destination).cloned()
    }
}

/// The verdict: the answer, a SYN-ACK or a reset, arrived, or a packet was lost.
fn ended(result: Result<(String, bool), Fault>) -> Verdict {
    match result {
        Ok((instance, true)) => Verdict::Answered { instance },
        Ok((instance, false)) => Verdict::Refused { instance },
        Err(fault) => Verdict::Lost(fault),
    }
}

fn no_table(network: &str) -> Fault {
    Fault::NoTable { network: network.to_owned() }
}

/// The longest prefix that holds `to`; the first among equals.
fn longest<T>(routes: &[T], to: Ipv4Addr, prefix: impl Fn(&T) -> Ipv4Net) -> Option<&T> {
    let matching = routes.iter().filter(|route| prefix(route).contains(&to));
    // `max_by_key` gives the last among equals, hence the reversal.
    matching.rev().max_by_key(|route| prefix(route).prefix_len())
}
