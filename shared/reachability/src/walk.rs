//! Follows a packet from one VPC to another; the procedure is the same in both directions.

use ipnet::Ipv4Net;
use onboarding::ids::{AttachmentId, Region, VpcId};
use onboarding::reason::{Code, Reason};
use onboarding::topology::{
    Known, NextHop, PeerAttachment, TransitRoute, TransitRouter, TransitRouterStatus, TransitRouterType, TransitTable,
    Unknown, Vpc, VpcAttachment, VpcRoute, VpcRouteTable,
};

use crate::fault::{Remedy, Task};
use crate::gaps::{ready, repair, time};
use crate::hop::Hop;
use crate::lookup::{Found, longest};
use crate::trip::{MAX_TRANSIT_ROUTERS, SHARED_SPACE, Trip};
use crate::verdict::{Part, Stop};

/// The hops that a packet passed, and the result.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    pub(crate) destination: Ipv4Net,
    pub(crate) part: Part,
    /// The last hop, if it arrives. It is separate because the filters come before it.
    pub(crate) delivery: Option<Hop>,
    /// What has a fault of its own behind the first one.
    pub(crate) behind: Vec<Part>,
}

impl<'a> Trip<'a> {
    /// Follows the packet to its end.
    pub(crate) fn walk(&self) -> Walk {
        let mut hops = Vec::new();
        let ended = self.leave(&mut hops);
        let delivery = if ended.is_ok() { hops.pop() } else { None };
        let part = Part::new(hops, ended);
        let behind = self.behind(&part);
        Walk { destination: self.destination, part, delivery, behind }
    }

    /// Out of the VPC, by its route table.
    fn leave(&self, hops: &mut Vec<Hop>) -> Result<(), Stop> {
        let (from, wanted) = (self.from, self.destination);
        let vpc = self.vpc(from)?;
        let table = self.table(vpc)?;
        let found = longest(&table.routes, wanted);
        let own = vpc.vswitches.values().find(|vswitch| vswitch.cidr.contains(&wanted));
        if let Some(own) = own
            && !matches!(found, Found::One(route) if route.next_hop == NextHop::Local)
        {
            // Nothing in a table can be longer than a vSwitch's own prefix (cloud-apis.md section 9), listed or not.
            if self.to == from {
                return self.arrive(vpc, hops);
            }
            hops.push(self.looked_up(vpc, table, None));
            return Err(self.at_home(vpc, &own.id));
        }
        let route = match found {
            Found::One(route) if !self.is_shared(route) => route,
            // Listed or not, the built-in route is there.
            Found::One(_) | Found::Nothing if SHARED_SPACE.contains(&wanted) => {
                if self.to == from && self.to_load_balancer {
                    return self.arrive(vpc, hops);
                }
                hops.push(self.looked_up(vpc, table, None));
                return Err(self.swallowed(vpc, table));
            }
            Found::One(route) => route,
            Found::Nothing => {
                hops.push(self.looked_up(vpc, table, None));
                return Err(self.no_route(vpc, table));
            }
            Found::Split(route) => {
                hops.push(self.looked_up(vpc, table, Some(route)));
                let message =
                    format!("Part of {wanted} goes another way: see {} in table {}.", route.destination, table.id);
                let reason = Reason::new(Code::RouteShadowed, &route.id, message);
                return Err(Stop::split(reason, self.remove_route(vpc, table, route)));
            }
        };
        hops.push(self.looked_up(vpc, table, Some(route)));
        let away = |to: &str| {
            let message = format!("Table {} of {from} sends {wanted} by {} to {to}.", table.id, route.destination);
            let reason = Reason::new(Code::WrongNextHop, &route.id, message);
            Stop::broken(reason, self.correct_route(vpc, table, route))
        };
        match &route.next_hop {
            NextHop::Local if self.to == from => self.arrive(vpc, hops),
            NextHop::Local => Err(own.map_or_else(|| away("the VPC itself"), |own| self.at_home(vpc, &own.id))),
            NextHop::Service if self.to == from && self.to_load_balancer => self.arrive(vpc, hops),
            NextHop::Service => Err(self.swallowed(vpc, table)),
            NextHop::Other(other) => Err(away(other)),
            NextHop::Attachment(id) => {
                let attachment = self.attachment_of(vpc, id, &away)?;
                hops.push(joined(attachment));
                ready(id, attachment.status.as_str())?;
                let transit_router = self.transit_router(&attachment.region)?;
                if transit_router.id != attachment.transit_router {
                    return Err(away(&format!(
                        "{}, a transit router of another CEN instance",
                        attachment.transit_router
                    )));
                }
                self.cross(transit_router, id, hops, 1)
            }
        }
    }

    /// Through a transit router, by the table that the incoming attachment is associated with.
    pub(crate) fn cross(
        &self,
        router: &TransitRouter,
        incoming: &AttachmentId,
        hops: &mut Vec<Hop>,
        passed: usize,
    ) -> Result<(), Stop> {
        let wanted = self.destination;
        let table = self.associated(router, incoming)?;
        let before = place_of(hops, table);
        let found = longest(&table.routes, wanted);
        hops.push(Hop::TransitTable {
            transit_router: router.id.clone(),
            table: table.id.clone(),
            destination: wanted,
            entry: match found {
                Found::One(entry) | Found::Split(entry) => Some(entry.into()),
                Found::Nothing => None,
            },
        });
        if let Some(first) = before {
            return Err(self.round(hops.get(first..).unwrap_or_default()));
        }
        let entry = match found {
            Found::One(entry) => entry,
            Found::Nothing => return Err(self.no_entry(router, table)),
            Found::Split(entry) => {
                if let Some(stranger) = self.stranger(entry).filter(|_| entry.propagated) {
                    let (reason, remedy) = self.overlap(table, entry, stranger);
                    return Err(Stop::split(reason, remedy));
                }
                let message =
                    format!("Part of {wanted} goes another way: see {} in table {}.", entry.destination, table.id);
                let reason = Reason::new(Code::RouteShadowed, in_the_way(table, entry), message);
                return Err(Stop::split(reason, self.remove_entry(router, &table.id, entry)));
            }
        };
        let stop = |code, what: &str| {
            let message =
                format!("Table {} of {} sends {wanted} by {} to {what}.", table.id, router.id, entry.destination);
            Err(Stop::broken(
                Reason::new(code, self.blamed(table, entry), message),
                self.correct_entry(router, table, entry),
            ))
        };
        let Some(next) = &entry.next_hop else { return stop(Code::Blackhole, "a black hole") };

        let topology = self.topology;
        if let Some(attachment) = find(&topology.vpc_attachments, |attachment| &attachment.id == next) {
            if attachment.transit_router != router.id {
                return stop(Code::WrongNextHop, &format!("{next}, which is another transit router's"));
            }
            hops.push(joined(attachment));
            ready(next, attachment.status.as_str())?;
            if &attachment.vpc != self.to {
                return stop(Code::WrongNextHop, &format!("{}, not to {}", attachment.vpc, self.to));
            }
            return self.enter(attachment, hops, passed);
        }
        if let Some(stranger) = self.stranger(entry) {
            hops.push(joined(stranger));
            if entry.propagated && !self.is_wider(entry) {
                let (reason, remedy) = self.overlap(table, entry, stranger);
                return Err(Stop::broken(reason, remedy));
            }
            return stop(Code::WrongNextHop, &format!("{next} of {}, not to {}", stranger.vpc, self.to));
        }
        if let Some(peer) = find(&topology.peer_attachments, |peer| &peer.id == next) {
            let Some(far) = far_side(peer, &router.region) else {
                return stop(Code::WrongNextHop, &format!("{next}, which is another transit router's"));
            };
            hops.push(Hop::Peer { attachment: next.clone(), from: router.region.clone(), to: far.clone() });
            ready(next, peer.status.as_str())?;
            if let Some(stop) = no_bandwidth(peer) {
                return Err(stop);
            }
            return self.cross(self.transit_router(far)?, next, hops, passed + 1);
        }
        unread_list(&topology.vpc_attachments, "VPC attachments")?;
        unread_list(&topology.peer_attachments, "Inter-region connections")?;
        if self.topology.vpc(self.to).is_some_and(|goal| goal.region != router.region) {
            // It may lead there through a region that is none of the binding's.
            let destination = entry.destination;
            let message = format!(
                "Table {} of {} sends {wanted} by {destination} to {next}, which is no attachment of the binding's VPCs and \
                 regions.",
                table.id, router.id
            );
            let remedy = self.correct_entry(router, table, entry);
            return Err(Stop::doubtful(Reason::new(Code::Unread, next, message), remedy));
        }
        stop(Code::NotAttached, &format!("{next}, which is no attachment of its"))
    }

    /// The attachment that an entry leads to, if it is of a VPC that the binding does not name.
    fn stranger(&self, entry: &TransitRoute) -> Option<&'a VpcAttachment> {
        let next = entry.next_hop.as_ref()?;
        self.topology.context.strangers.iter().find(|stranger| &stranger.id == next)
    }

    /// A VPC that the binding does not name teaches a table what the destination VPC has, too. The latter is named, as by the check of
    /// overlaps.
    fn overlap(&self, table: &TransitTable, entry: &TransitRoute, stranger: &VpcAttachment) -> (Reason, Remedy) {
        let (taught, goal, VpcAttachment { id, vpc, .. }) = (entry.destination, self.goal(), stranger);
        let message =
            format!("{taught} of {vpc}, which {id} teaches table {}, overlaps {goal} of {}.", table.id, self.to);
        let (attachment, table) = (id.clone(), table.id.clone());
        let task = Task::StopPropagation { attachment, table, destination: taught };
        (Reason::new(Code::CidrOverlap, self.to, message), Remedy::Operator(task))
    }

    /// Round and round by the entries of these hops. To blame is the first static one: what is learned is right where it is taught.
    fn round(&self, hops: &[Hop]) -> Stop {
        let topology = self.topology;
        let routers = || topology.transit_routers.values().filter_map(|router| router.get()?.as_ref());
        let entries = hops.iter().filter_map(|hop| {
            let Hop::TransitTable { transit_router, table, .. } = hop else { return None };
            let router = routers().find(|router| router.id == *transit_router)?;
            let table = router.tables.get(table)?;
            let Found::One(entry) = longest(&table.routes, self.destination) else { return None };
            Some((router, table, entry))
        });
        let entries: Vec<_> = entries.collect();
        let Some((router, table, entry)) = entries.iter().find(|(.., entry)| !entry.propagated).or(entries.last())
        else {
            let message = format!("Packets to {} come back to the same table.", self.destination);
            return Stop::unread(self.to, message);
        };
        let next = entry.next_hop.as_ref().map(|next| format!(" to {next}")).unwrap_or_default();
        let message = format!(
            "Table {} of {} sends {} by {}{next}, from where it comes back: a loop.",
            table.id, router.id, self.destination, entry.destination
        );
        let reason = Reason::new(Code::WrongNextHop, self.blamed(table, entry), message);
        Stop::broken(reason, self.correct_entry(router, table, entry))
    }

    /// What leads packets away: the entry, or the table if a more specific entry is missing there.
    pub(crate) fn blamed<'r>(&self, table: &'r TransitTable, entry: &'r TransitRoute) -> &'r str {
        if self.is_wider(entry) { table.id.as_str() } else { in_the_way(table, entry) }
    }

    /// Into the destination VPC, whose own table is looked up first. No entry is longer than a vSwitch's prefix, so a packet can be
    /// routed out again only if it is for a load balancer outside of all vSwitches.
    fn enter(&self, attachment: &VpcAttachment, hops: &mut Vec<Hop>, passed: usize) -> Result<(), Stop> {
        let (vpc, wanted) = (self.vpc(self.to)?, self.destination);
        if vpc.vswitches.values().any(|vswitch| vswitch.cidr.contains(&wanted)) {
            return self.arrive(vpc, hops);
        }
        // The interface that it comes out of is in the first zone's vSwitch.
        let vswitch = attachment.zones.values().next().and_then(|id| vpc.vswitches.get(id));
        let table = vswitch.map_or_else(|| vpc.system_table(), |vswitch| vpc.table_of(vswitch));
        let Some(table) = table else { return self.arrive(vpc, hops) };
        let (route, split) = match longest(&table.routes, wanted) {
            Found::One(route) if self.is_shared(route) => return self.arrive(vpc, hops),
            Found::One(route) if !matches!(route.next_hop, NextHop::Local | NextHop::Service) => (route, false),
            Found::Split(route) => (route, true),
            Found::One(_) | Found::Nothing => return self.arrive(vpc, hops),
        };
        let message = format!("Table {} of {} sends {wanted} away again by {}.", table.id, vpc.id, route.destination);
        let remedy = self.remove_route(vpc, table, route);
        if split {
            hops.push(self.looked_up(vpc, table, Some(route)));
            return Err(Stop::split(Reason::new(Code::RouteShadowed, &route.id, message), remedy));
        }
        let again = Stop::broken(Reason::new(Code::WrongNextHop, &route.id, message), remedy);
        let back = matches!(&route.next_hop, NextHop::Attachment(id) if *id == attachment.id);
        let comes_from = self.associated(self.transit_router(&attachment.region)?, &attachment.id)?;
        if passed >= MAX_TRANSIT_ROUTERS || back && place_of(hops, comes_from).is_some() {
            return Err(again);
        }
        hops.push(self.looked_up(vpc, table, Some(route)));
        match &route.next_hop {
            NextHop::Attachment(id) if *id == attachment.id => {
                hops.push(joined(attachment));
                self.cross(self.transit_router(&attachment.region)?, id, hops, passed + 1)
            }
            _ => Err(again),
        }
    }

    /// Whether the built-in 100.64.0.0/10, listed or not, is longer than this route to a part of it.
    fn is_shared(&self, route: &VpcRoute) -> bool {
        SHARED_SPACE.contains(&self.destination) && route.destination.prefix_len() < SHARED_SPACE.prefix_len()
    }

    fn looked_up(&self, vpc: &Vpc, table: &VpcRouteTable, route: Option<&VpcRoute>) -> Hop {
        Hop::VpcTable {
            vpc: vpc.id.clone(),
            table: table.id.clone(),
            system: table.system,
            destination: self.destination,
            route: route.map(Into::into),
        }
    }

    /// Inside the destination VPC.
    fn arrive(&self, vpc: &Vpc, hops: &mut Vec<Hop>) -> Result<(), Stop> {
        let wanted = self.destination;
        let vswitch = vpc.vswitches.values().find(|vswitch| vswitch.cidr.contains(&wanted));
        let by_vpc = self.to_load_balancer && SHARED_SPACE.contains(&wanted);
        if vswitch.is_none() && !by_vpc {
            let message = format!("{wanted} lies in no vSwitch of {}.", vpc.id);
            let remedy = if self.to_load_balancer {
                Remedy::Operator(Task::CorrectBinding { resource: wanted.to_string() })
            } else {
                repair(&vpc.id, format!("without a vSwitch for {wanted}"))
            };
            return Err(Stop::broken(Reason::new(Code::NoRoute, &vpc.id, message), remedy));
        }
        hops.push(Hop::Deliver {
            vpc: vpc.id.clone(),
            vswitch: vswitch.map(|vswitch| vswitch.id.clone()),
            destination: wanted,
        });
        Ok(())
    }

    fn vpc(&self, id: &VpcId) -> Result<&'a Vpc, Stop> {
        match self.topology.vpcs.get(id) {
            Some(Known::Known(Some(vpc))) => Ok(vpc),
            Some(Known::Known(None)) => {
                let task = Task::CorrectBinding { resource: id.to_string() };
                let reason = Reason::new(Code::VpcMissing, id, format!("There is no VPC {id}."));
                Err(Stop::broken(reason, Remedy::Operator(task)))
            }
            unknown => {
                let why = Unknown::of(unknown).unwrap_or_default();
                Err(Stop::unknown(id, why, format!("VPC {id} was not read: {why}.")))
            }
        }
    }

    /// The table that the packet is looked up in first.
    fn table(&self, vpc: &'a Vpc) -> Result<&'a VpcRouteTable, Stop> {
        let custom = match self.vswitch {
            None => None,
            Some(id) => match vpc.vswitches.get(id) {
                Some(vswitch) => vswitch.table.as_ref(),
                None => return Err(Stop::unread(id, format!("vSwitch {id} of {} was not read.", vpc.id))),
            },
        };
        let table = custom.map_or_else(|| vpc.system_table(), |table| vpc.tables.get(table));
        table.ok_or_else(|| {
            let name =
                custom.map_or_else(|| "The system route table".to_owned(), |table| format!("Route table {table}"));
            Stop::unread(&vpc.id, format!("{name} of {} was not read.", vpc.id))
        })
    }

    pub(crate) fn transit_router(&self, region: &Region) -> Result<&'a TransitRouter, Stop> {
        let router = match self.topology.transit_routers.get(region) {
            Some(Known::Known(Some(router))) => router,
            Some(Known::Known(None)) => {
                let message = format!("There is no transit router in {region}.");
                let remedy = Remedy::Operator(Task::CreateTransitRouter { region: region.clone() });
                return Err(Stop::broken(Reason::new(Code::TransitRouterMissing, region, message), remedy));
            }
            unknown => {
                let why = Unknown::of(unknown).unwrap_or_default();
                let message = format!("The transit router of {region} was not read: {why}.");
                return Err(Stop::unknown(region, why, message));
            }
        };
        let (id, status) = (&router.id, &router.status);
        if router.kind == TransitRouterType::Basic {
            let message = format!("{id} in {region} is a Basic Edition transit router.");
            let remedy = Remedy::Operator(Task::UpgradeTransitRouter { transit_router: id.clone() });
            return Err(Stop::broken(Reason::new(Code::TransitRouterBasic, id, message), remedy));
        }
        // Modifying is a change of settings; packets flow meanwhile.
        if *status != TransitRouterStatus::Active && *status != TransitRouterStatus::Modifying {
            let message = format!("{id} in {region} is {status}.");
            let remedy = if *status == TransitRouterStatus::Creating { time(id, status) } else { repair(id, status) };
            return Err(Stop::broken(Reason::new(Code::TransitRouterNotReady, id, message), remedy));
        }
        Ok(router)
    }

    /// The attachment that a route of `vpc` names, if packets can take it.
    fn attachment_of(
        &self,
        vpc: &Vpc,
        id: &AttachmentId,
        away: &dyn Fn(&str) -> Stop,
    ) -> Result<&'a VpcAttachment, Stop> {
        unread_list(&self.topology.vpc_attachments, "VPC attachments")?;
        match find(&self.topology.vpc_attachments, |attachment| &attachment.id == id) {
            Some(attachment) if attachment.vpc == vpc.id => Ok(attachment),
            Some(attachment) => Err(away(&format!("{id}, the attachment of {}", attachment.vpc))),
            None if self.topology.vpc_attachment(&vpc.id).is_some() => {
                Err(away(&format!("{id}, no attachment to this CEN instance")))
            }
            None => Err(self.not_attached(vpc.id.clone())),
        }
    }
}

/// An entry that is to be removed; of a learned one, which has no id, its table.
fn in_the_way<'r>(table: &'r TransitTable, entry: &'r TransitRoute) -> &'r str {
    entry.id.as_ref().map_or(table.id.as_str(), |id| id.as_str())
}

fn joined(attachment: &VpcAttachment) -> Hop {
    Hop::Attachment {
        attachment: attachment.id.clone(),
        vpc: attachment.vpc.clone(),
        transit_router: attachment.transit_router.clone(),
    }
}

/// The test bandwidth of 1 kbit/s lets no request through (cloud-apis.md section 8).
pub(crate) fn no_bandwidth(peer: &PeerAttachment) -> Option<Stop> {
    let id = &peer.id;
    let reason = || Reason::new(Code::Bandwidth, id, format!("{id} has no bandwidth."));
    let remedy = || Remedy::Operator(Task::GiveBandwidth { attachment: id.clone() });
    (peer.bandwidth == Some(0)).then(|| Stop::broken(reason(), remedy()))
}

fn far_side<'p>(peer: &'p PeerAttachment, near: &Region) -> Option<&'p Region> {
    let (one, other) = &peer.regions;
    if one == near {
        Some(other)
    } else if other == near {
        Some(one)
    } else {
        None
    }
}

fn find<T>(list: &Known<Vec<T>>, wanted: impl Fn(&T) -> bool) -> Option<&T> {
    list.get()?.iter().find(|item| wanted(item))
}

/// Where on the way packets were looked up in a table before.
fn place_of(hops: &[Hop], table: &TransitTable) -> Option<usize> {
    hops.iter().position(|hop| matches!(hop, Hop::TransitTable { table: before, .. } if *before == table.id))
}

fn unread_list<T>(list: &Known<Vec<T>>, name: &str) -> Result<(), Stop> {
    list.why_unknown().map_or(Ok(()), |why| Err(Stop::unknown(name, why, format!("{name} were not read: {why}."))))
}
