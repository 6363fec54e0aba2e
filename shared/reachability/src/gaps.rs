//! Why a route table has no entry for a packet: which entry is missing, whether it is being created, and the remedy.

use ipnet::Ipv4Net;
use onboarding::ids::{AttachmentId, VSwitchId};
use onboarding::reason::{Code, Reason};
use onboarding::topology::{
    Known, LinkStatus, TransitRoute, TransitRouteStatus, TransitRouter, TransitTable, Vpc, VpcRouteTable,
};

use crate::fault::{Remedy, Task};
use crate::lookup::{Entry, Found, longest, unsettled};
use crate::trip::{MAX_TRANSIT_ROUTERS, SHARED_SPACE, Trip};
use crate::verdict::Stop;

/// Why a transit router's table has no entry.
enum Gap {
    /// The attachment that it should be learned from is missing or not ready, or what it is learned from lacks it, too.
    Stop(Stop),
    /// It cannot be learned: a static entry is needed.
    Static(Remedy),
    /// It was not learned, and why.
    NotLearned(String, Remedy),
}

impl Gap {
    fn remedy(self) -> Remedy {
        match self {
            Self::Stop(stop) => stop.into_remedy(),
            Self::Static(remedy) | Self::NotLearned(_, remedy) => remedy,
        }
    }
}

impl Trip<'_> {
    /// Why a VPC's table has nothing: the attachment comes first, then the route.
    pub(crate) fn no_route(&self, vpc: &Vpc, table: &VpcRouteTable) -> Stop {
        let wanted = self.destination;
        if self.topology.vpc_attachments.get().is_some() && self.topology.vpc_attachment(&vpc.id).is_none() {
            return self.not_attached(vpc.id.clone());
        }
        let waiting = waiting(&table.routes, wanted);
        let message = format!("Table {} of {} has no route for {wanted}{waiting}.", table.id, vpc.id);
        Stop::broken(Reason::new(Code::NoRoute, &table.id, message), self.route_remedy(vpc, table))
    }

    /// The destination's addresses are the VPC's own as well. The backend's VPC is named, as by the check of overlaps.
    pub(crate) fn at_home(&self, vpc: &Vpc, vswitch: &VSwitchId) -> Stop {
        let message =
            format!("{} also lies in {vswitch} of {}, so packets never leave that VPC.", self.destination, vpc.id);
        let task = Task::Renumber { vpc: vpc.id.clone(), vswitch: vswitch.clone() };
        let backend = if self.to_load_balancer { self.from } else { self.to };
        Stop::broken(Reason::new(Code::CidrOverlap, backend, message), Remedy::Operator(task))
    }

    pub(crate) fn swallowed(&self, vpc: &Vpc, table: &VpcRouteTable) -> Stop {
        let wanted = self.destination;
        let waiting = waiting(&table.routes, wanted);
        let message = format!(
            "The built-in route {SHARED_SPACE} in table {} of {} takes packets to {wanted}{waiting}.",
            table.id, vpc.id
        );
        Stop::broken(Reason::new(Code::Blackhole, &table.id, message), self.route_remedy(vpc, table))
    }

    /// A route to add, unless it is being created.
    fn route_remedy(&self, vpc: &Vpc, table: &VpcRouteTable) -> Remedy {
        match unsettled(&table.routes, self.destination) {
            Some(route) => time(format!("route {} of {}", route.destination, table.id), &route.status),
            None => self.add_route(vpc, table),
        }
    }

    pub(crate) fn not_attached(&self, vpc: onboarding::ids::VpcId) -> Stop {
        let message = format!("{vpc} is not attached to the transit router of its region.");
        let remedy = self.attach(&vpc);
        Stop::broken(Reason::new(Code::NotAttached, vpc, message), remedy)
    }

    /// Why a transit router's table has nothing: the attachment that it should be learned from is missing, not ready, or does
    /// not propagate. Where the table that it is learned from has nothing either, the cause is there.
    pub(crate) fn no_entry(&self, router: &TransitRouter, table: &TransitTable) -> Stop {
        self.lack(router, table, 1)
    }

    fn lack(&self, router: &TransitRouter, table: &TransitTable, passed: usize) -> Stop {
        let waiting = waiting(&table.routes, self.destination);
        let message = format!("Table {} of {} has no entry for {}{waiting}", table.id, router.id, self.destination);
        let stop = |code, message, remedy| Stop::broken(Reason::new(code, &table.id, message), remedy);
        match self.gap(router, table, passed) {
            Gap::Stop(stop) => stop,
            Gap::Static(remedy) => stop(Code::NoRoute, format!("{message}."), remedy),
            Gap::NotLearned(why, remedy) => stop(Code::NotLearned, format!("{message}: {why}."), remedy),
        }
    }

    /// The remedy for an entry that leads elsewhere: a more specific entry, or the removal of one that is as specific itself.
    pub(crate) fn correct_entry(&self, router: &TransitRouter, table: &TransitTable, entry: &TransitRoute) -> Remedy {
        if self.is_wider(entry) {
            return self.gap(router, table, 1).remedy();
        }
        self.remove_entry(router, &table.id, entry)
    }

    /// Whether a more specific entry goes around this one.
    pub(crate) fn is_wider(&self, entry: &TransitRoute) -> bool {
        entry.destination.prefix_len() < self.goal().prefix_len()
    }

    fn gap(&self, router: &TransitRouter, table: &TransitTable, passed: usize) -> Gap {
        let (wanted, topology) = (self.destination, self.topology);
        if let Some(entry) =
            unsettled(&table.routes, wanted).filter(|entry| entry.status == TransitRouteStatus::Creating)
        {
            return Gap::Static(time(format!("entry {} of {}", entry.destination, table.id), &entry.status));
        }
        let goal = topology.vpc_attachment(self.to);
        let region = goal.map(|attachment| &attachment.region).or_else(|| topology.vpc(self.to).map(|vpc| &vpc.region));
        let Some(region) = region else { return Gap::Static(self.attach(self.to)) };

        if *region == router.region {
            let Some(goal) = goal.filter(|goal| goal.transit_router == router.id) else {
                return missing(&topology.vpc_attachments, self.not_attached(self.to.clone()));
            };
            if let Err(stop) = ready(&goal.id, goal.status.as_str()) {
                return Gap::Stop(stop);
            }
            if SHARED_SPACE.contains(&wanted) {
                // A VPC never propagates 100.64.0.0/10 or parts of it: a static entry is needed.
                return Gap::Static(self.add_entry(router, &table.id));
            }
            return self.unheard(router, table, &goal.id).unwrap_or_else(|| late(&goal.id, table));
        }

        let Some(peer) = topology.peer_attachment(&router.region, region) else {
            // One connection is told in one way, whichever direction misses it.
            let (one, other) = ((&router.region).min(region), (&router.region).max(region));
            let message = format!("No inter-region connection joins {one} and {other}.");
            let reason = Reason::new(Code::NotAttached, other, message);
            return missing(&topology.peer_attachments, Stop::broken(reason, self.connect(&router.region, region)));
        };
        if let Err(stop) = ready(&peer.id, peer.status.as_str()) {
            return Gap::Stop(stop);
        }
        if !peer.auto_publish {
            return Gap::NotLearned(format!("{} does not publish routes", peer.id), self.publish(peer));
        }
        if let Some(gap) = self.unheard(router, table, &peer.id) {
            return gap;
        }
        // The connection propagates the entries of the far side's table: if that has none either, the cause is there.
        let Some(far) = topology.transit_router(region) else { return late(&peer.id, table) };
        let far_table = match self.associated(far, &peer.id) {
            Ok(far_table) => far_table,
            Err(stop) => return Gap::Stop(stop),
        };
        let found = longest(&far_table.routes, wanted);
        if passed < MAX_TRANSIT_ROUTERS && found == Found::Nothing {
            return Gap::Stop(self.lack(far, far_table, passed + 1));
        }
        if let Found::One(entry) | Found::Split(entry) = found
            && entry.next_hop.as_ref() == Some(&peer.id)
        {
            // It would come back, and nothing is taught over the connection that it leads to.
            let message = format!(
                "Table {} of {} sends {wanted} by {} back over {}, so table {} learns nothing of it.",
                far_table.id, far.id, entry.destination, peer.id, table.id
            );
            let reason = Reason::new(Code::WrongNextHop, self.blamed(far_table, entry), message);
            return Gap::Stop(Stop::broken(reason, self.correct_entry(far, far_table, entry)));
        }
        late(&peer.id, table)
    }

    /// The gap, if the table has no active propagation from an attachment.
    fn unheard(&self, router: &TransitRouter, table: &TransitTable, teacher: &AttachmentId) -> Option<Gap> {
        match table.propagations.get(teacher) {
            None => {
                let remedy = self.propagate(router, &table.id, teacher)?;
                Some(Gap::NotLearned(format!("{teacher} does not propagate to it"), remedy))
            }
            Some(LinkStatus::Active) => None,
            Some(status) => {
                let remedy = time(format!("propagation from {teacher} into {}", table.id), status);
                Some(Gap::NotLearned(format!("propagation from {teacher} is {status}"), remedy))
            }
        }
    }

    /// The table that an attachment is associated with, if the association is settled.
    pub(crate) fn associated<'r>(
        &self,
        router: &'r TransitRouter,
        incoming: &AttachmentId,
    ) -> Result<&'r TransitTable, Stop> {
        let not = |message: String, remedy| Stop::broken(Reason::new(Code::NotAssociated, incoming, message), remedy);
        let Some(table) = router.table_of(incoming) else {
            let remedy = self.associate(router, incoming);
            let remedy = remedy.unwrap_or_else(|| repair(&router.id, "without a system route table"));
            return Err(not(format!("{incoming} is associated with no table of {}.", router.id), remedy));
        };
        match table.associations.get(incoming) {
            Some(LinkStatus::Active) => Ok(table),
            status => {
                let status = status.map_or("", |status| status.as_str());
                let message = format!("The association of {incoming} with {} of {} is {status}.", table.id, router.id);
                Err(not(message, time(format!("association of {incoming} with {}", table.id), status)))
            }
        }
    }
}

/// Modifying is a change of zones or bandwidth; packets flow meanwhile.
pub(crate) fn ready(id: &AttachmentId, status: &str) -> Result<(), Stop> {
    let remedy = match status {
        "Attached" | "Modifying" => return Ok(()),
        "Attaching" => time(id, status),
        _ => Remedy::Operator(Task::Replace { attachment: id.clone(), status: status.to_owned() }),
    };
    Err(Stop::broken(Reason::new(Code::AttachmentNotReady, id, format!("{id} is {status}.")), remedy))
}

pub(crate) fn time(resource: impl std::fmt::Display, status: impl std::fmt::Display) -> Remedy {
    Remedy::Time { resource: resource.to_string(), status: status.to_string() }
}

pub(crate) fn repair(resource: impl std::fmt::Display, status: impl std::fmt::Display) -> Remedy {
    Remedy::Operator(Task::Repair { resource: resource.to_string(), status: status.to_string() })
}

fn late(teacher: &AttachmentId, table: &TransitTable) -> Gap {
    Gap::NotLearned(format!("{teacher} has not taught it yet"), time(format!("table {}", table.id), "learning"))
}

/// Absent only if the list that it would be in was read.
fn missing<T>(list: &Known<Vec<T>>, absent: Stop) -> Gap {
    list.why_unknown().map_or(Gap::Stop(absent), |why| {
        let remedy = Remedy::Operator(Task::LetRead { resource: "attachments".to_owned() });
        Gap::NotLearned(format!("attachments were not read: {why}"), remedy)
    })
}

/// A note about an entry that is being created.
fn waiting<E: Entry>(entries: &[E], wanted: Ipv4Net) -> String {
    unsettled(entries, wanted)
        .map(|entry| format!(" ({} is {})", entry.destination(), entry.status()))
        .unwrap_or_default()
}
