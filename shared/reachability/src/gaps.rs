//! Why a packet goes no further where something is missing: what should have been there, and how far along it is.

use ipnet::Ipv4Net;
use onboarding::ids::{AttachmentId, VSwitchId, VpcId};
use onboarding::reason::{Code, Reason};
use onboarding::topology::{Known, TransitRouter, TransitTable, Vpc, VpcRoute, VpcRouteTable};

use crate::lookup::{Entry, unsettled};
use crate::verdict::Stop;
use crate::walk::{SHARED_SPACE, Trip};

impl Trip<'_> {
    /// Why a VPC's table has nothing: the attachment comes first, then the route.
    pub(crate) fn no_route(&self, vpc: &Vpc, table: &VpcRouteTable) -> Stop {
        let wanted = self.destination;
        if self.topology.vpc_attachments.get().is_some() && self.topology.vpc_attachment(&vpc.id).is_none() {
            return Stop::Broken(not_attached(&vpc.id));
        }
        let waiting = waiting(&table.routes, wanted);
        let message = format!("Table {} of {} has no route for {wanted}{waiting}.", table.id, vpc.id);
        Stop::Broken(Reason::new(Code::NoRoute, &table.id, message))
    }

    /// The destination's addresses are the VPC's own as well.
    pub(crate) fn at_home(&self, vpc: &Vpc, vswitch: &VSwitchId) -> Stop {
        let message =
            format!("{} also lies in {vswitch} of {}, so packets never leave that VPC.", self.destination, vpc.id);
        Stop::Broken(Reason::new(Code::CidrOverlap, vswitch, message))
    }

    pub(crate) fn swallowed(&self, table: &VpcRouteTable, route: &VpcRoute) -> Stop {
        let (wanted, destination) = (self.destination, route.destination);
        let waiting = waiting(&table.routes, wanted);
        let message = format!(
            "The built-in route {destination} in table {} of {} takes answers to {wanted}{waiting}.",
            table.id, self.from
        );
        Stop::Broken(Reason::new(Code::Blackhole, &table.id, message))
    }

    /// Why a transit router's table has nothing: what should have taught it is missing, not ready, or not heard.
    pub(crate) fn no_entry(&self, router: &TransitRouter, table: &TransitTable) -> Stop {
        let (wanted, topology) = (self.destination, self.topology);
        let waiting = waiting(&table.routes, wanted);
        let gap = format!("Table {} of {} has no entry for {wanted}{waiting}", table.id, router.id);
        let not_learned =
            |why: String| Stop::Broken(Reason::new(Code::NotLearned, &table.id, format!("{gap}: {why}.")));
        let goal = topology.vpc_attachment(self.to);
        let region = goal.map(|attachment| &attachment.region).or_else(|| topology.vpc(self.to).map(|vpc| &vpc.region));
        let Some(region) = region else {
            return Stop::Broken(Reason::new(Code::NoRoute, &table.id, format!("{gap}.")));
        };

        let teacher = if *region == router.region {
            let Some(goal) = goal.filter(|goal| goal.transit_router == router.id) else {
                return missing(&topology.vpc_attachments, not_attached(self.to), not_learned);
            };
            if let Err(stop) = ready(&goal.id, &goal.status) {
                return stop;
            }
            if SHARED_SPACE.contains(&wanted) {
                // A VPC never teaches 100.64.0.0/10 or parts of it: only a static entry leads there.
                return Stop::Broken(Reason::new(Code::NoRoute, &table.id, format!("{gap}.")));
            }
            &goal.id
        } else {
            let Some(peer) = topology.peer_attachment(&router.region, region) else {
                let message = format!("No inter-region connection joins {} and {region}.", router.region);
                let reason = Reason::new(Code::NotAttached, region, message);
                return missing(&topology.peer_attachments, reason, not_learned);
            };
            if let Err(stop) = ready(&peer.id, &peer.status) {
                return stop;
            }
            if !peer.auto_publish {
                return not_learned(format!("{} does not publish routes", peer.id));
            }
            &peer.id
        };
        not_learned(match table.propagations.get(teacher).map(String::as_str) {
            None => format!("{teacher} does not propagate to it"),
            Some("Active") => format!("{teacher} has not taught it yet"),
            Some(status) => format!("propagation from {teacher} is {status}"),
        })
    }
}

/// The table that an attachment is associated with, if the association is settled.
pub(crate) fn associated<'r>(router: &'r TransitRouter, incoming: &AttachmentId) -> Result<&'r TransitTable, Stop> {
    let not = |message: String| Stop::Broken(Reason::new(Code::NotAssociated, incoming, message));
    let Some(table) = router.table_of(incoming) else {
        return Err(not(format!("{incoming} is associated with no table of {}.", router.id)));
    };
    match table.associations.get(incoming).map_or("", String::as_str) {
        "Active" => Ok(table),
        status => Err(not(format!("The association of {incoming} with {} of {} is {status}.", table.id, router.id))),
    }
}

/// Modifying is a change of zones or bandwidth; packets flow meanwhile.
pub(crate) fn ready(id: &AttachmentId, status: &str) -> Result<(), Stop> {
    if status == "Attached" || status == "Modifying" {
        return Ok(());
    }
    Err(Stop::Broken(Reason::new(Code::AttachmentNotReady, id, format!("{id} is {status}."))))
}

pub(crate) fn not_attached(vpc: &VpcId) -> Reason {
    Reason::new(Code::NotAttached, vpc, format!("{vpc} is not attached to the transit router of its region."))
}

/// Absent only if the list that it would be in was read.
fn missing<T>(list: &Known<Vec<T>>, absent: Reason, otherwise: impl Fn(String) -> Stop) -> Stop {
    list.why_unknown().map_or(Stop::Broken(absent), |why| otherwise(format!("attachments were not read: {why}")))
}

/// A note about an entry that is on its way.
fn waiting<E: Entry>(entries: &[E], wanted: Ipv4Net) -> String {
    unsettled(entries, wanted)
        .map(|entry| format!(" ({} is {})", entry.destination(), entry.status()))
        .unwrap_or_default()
}
