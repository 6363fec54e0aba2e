//! The faults behind the first one of a walk: a table further on is judged as if packets came in there by the object that leads to it. Only
//! objects that exist and carry packets do; what follows from the absence of one is no fault of its own.

use onboarding::topology::TransitRouter;

use crate::fault::{Remedy, Task};
use crate::gaps::ready;
use crate::hop::Hop;
use crate::trip::Trip;
use crate::verdict::Part;
use crate::walk::no_bandwidth;

impl Trip<'_> {
    /// The parts of the way behind the one in which packets end, as far as each has a fault of its own.
    pub(crate) fn behind(&self, first: &Part) -> Vec<Part> {
        let mut found = Vec::new();
        if self.from == self.to
            || first.is_unknown()
            || first.fault.as_ref().is_none_or(|fault| is_everywhere(&fault.remedy))
        {
            return found;
        }
        let Some(near) = self.near() else { return found };
        if !passes_a_table(first) {
            let from_near = self.by_near(near);
            let is_end = from_near.is_open() || from_near.is_unknown();
            let beyond = !stays_in(&from_near, near);
            found.push(from_near);
            if is_end || beyond {
                return found;
            }
        } else if !stays_in(first, near) {
            return found;
        }
        found.extend(self.by_connection(near));
        found
    }

    /// The transit router of the VPC that packets come from, if the VPC is attached to it.
    fn near(&self) -> Option<&TransitRouter> {
        let attachment = self.topology.vpc_attachment(self.from)?;
        let router = self.transit_router(&attachment.region).ok()?;
        (router.id == attachment.transit_router).then_some(router)
    }

    /// From the VPC's own attachment on.
    fn by_near(&self, near: &TransitRouter) -> Part {
        let Some(attachment) = self.topology.vpc_attachment(self.from) else { return Part::OPEN };
        let mut hops = Vec::new();
        let ended = ready(&attachment.id, attachment.status.as_str());
        let ended = ended.and_then(|()| self.cross(near, &attachment.id, &mut hops, 1));
        Part::new(hops, ended)
    }

    /// From the connection of the two regions on: its own fault, and that of the far side.
    fn by_connection(&self, near: &TransitRouter) -> Vec<Part> {
        let far = self.topology.vpc_attachment(self.to).map(|goal| &goal.region);
        let far = far.or_else(|| self.topology.vpc(self.to).map(|vpc| &vpc.region));
        let Some(region) = far.filter(|region| **region != near.region) else { return Vec::new() };
        let Some(peer) = self.topology.peer_attachment(&near.region, region) else { return Vec::new() };
        let Ok(router) = self.transit_router(region) else { return Vec::new() };
        let hop = Hop::Peer { attachment: peer.id.clone(), from: near.region.clone(), to: region.clone() };
        if let Err(stop) = ready(&peer.id, peer.status.as_str()) {
            return vec![Part::new(vec![hop], Err(stop))];
        }
        let bandwidth = Part::new(vec![hop.clone()], no_bandwidth(peer).map_or(Ok(()), Err));
        let mut hops = vec![hop];
        let ended = self.cross(router, &peer.id, &mut hops, 2);
        [bandwidth, Part::new(hops, ended)].into_iter().filter(|part| !part.is_open()).collect()
    }
}

/// Whether a fault changes the destination itself: prefixes that are on both sides. What tables do with it then says nothing.
pub(crate) const fn is_everywhere(remedy: &Remedy) -> bool {
    matches!(remedy, Remedy::Operator(Task::Renumber { .. }))
}

fn passes_a_table(part: &Part) -> bool {
    part.hops.iter().any(|hop| matches!(hop, Hop::TransitTable { .. }))
}

/// Whether packets end before they are in another transit router.
fn stays_in(part: &Part, near: &TransitRouter) -> bool {
    part.hops.iter().all(|hop| match hop {
        Hop::TransitTable { transit_router, .. } => *transit_router == near.id,
        _ => true,
    })
}
