//! The way onward of a VPC route: what its packets need after the transit router.
//!
//! ```text
//!   VPC's table ──► transit router ══ connection ══ transit router ──► the other VPC
//!        │
//!        └── another route that covers the prefix: its traffic works today, and is taken over by the more exact one
//! ```
//!
//! So a route is written while its connection is still being made only if it takes over nothing: no other route of its table
//! covers the prefix. Otherwise it waits until the connection is there and the transit router has a route to the prefix. Where
//! that will not come about, the route is blocked (decision 0032).

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use crate::change::Write;
use crate::desired;
use crate::ids::{Region, RouteTableId, VpcId};
use crate::inputs::Inputs;
use crate::ordered::Ordered;
use crate::plan::model::Awaited;
use crate::plan::readiness::Readiness;
use crate::reason::Reason;
use crate::topology::{AttachmentRef, AttachmentStatus, Topology, TransitRouteStatus, VpcRoute};

/// A VPC route to be added.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route<'a> {
    region: &'a Region,
    vpc: &'a VpcId,
    table: &'a RouteTableId,
    destination: Ipv4Net,
}

impl<'a> Route<'a> {
    /// The route that a write adds, if it adds one.
    pub(super) const fn added_by(write: &'a Write) -> Option<Self> {
        match write {
            Write::AddVpcRoute { region, vpc, table, destination } => {
                Some(Self { region, vpc, table, destination: *destination })
            }
            _ => None,
        }
    }

    /// The connections that its packets cross: none if both VPCs are in one region.
    pub(super) fn connections(&self, inputs: &Inputs<'_>) -> BTreeSet<AttachmentRef> {
        let Inputs { binding, topology, .. } = *inputs;
        let home = &binding.alb.region;
        let is_forward = topology.alb().is_some_and(|alb| &alb.vpc == self.vpc);
        let leads_to = |vpc: &VpcId| {
            topology.vpc(vpc).is_some_and(|vpc| vpc.vswitches.values().any(|vswitch| vswitch.cidr == self.destination))
        };
        let crossed = binding.backends.iter().filter(|backend| &backend.region != home);
        let crossed =
            crossed.filter(|backend| if is_forward { leads_to(&backend.vpc) } else { &backend.vpc == self.vpc });
        crossed.map(|backend| AttachmentRef::Peer { from: home.clone(), to: backend.region.clone() }).ordered()
    }

    /// The longest other route of its table that covers its prefix.
    pub(super) fn covering<'t>(&self, topology: &'t Topology) -> Option<&'t VpcRoute> {
        let table = topology.vpc(self.vpc)?.tables.get(self.table)?;
        let covering = table.routes.iter().filter(|route| route.destination.contains(&self.destination));
        covering.max_by_key(|route| route.destination.prefix_len())
    }

    /// Whether the transit router has a route to the prefix, in the table where the packets of its VPC are looked up.
    pub(super) fn is_continued(&self, topology: &Topology) -> bool {
        let own = AttachmentRef::Vpc { vpc: self.vpc.clone() };
        let Some(router) = topology.transit_router(self.region) else { return false };
        let table = desired::table_for(topology, router, &own).and_then(|table| router.tables.get(&table));
        let routes = table.into_iter().flat_map(|table| &table.routes);
        let covering = routes.filter(|route| {
            route.status == TransitRouteStatus::Active && route.destination.contains(&self.destination)
        });
        // The longest prefix decides, and a static route before a propagated one.
        let longest = covering.max_by_key(|route| (route.destination.prefix_len(), !route.propagated));
        let own = topology.resolve(&own);
        longest.is_some_and(|route| route.next_hop.is_some() && route.next_hop.as_ref() != own)
    }

    /// Whether it may be written now, as far as the way onward is concerned.
    pub(super) fn ready(&self, inputs: &Inputs<'_>) -> Readiness {
        let topology = inputs.topology;
        let (covering, continued) = (self.covering(topology), self.is_continued(topology));
        for connection in self.connections(inputs) {
            let status = status(topology, &connection);
            match status {
                None => return Readiness::Missing(connection.to_string()),
                Some(AttachmentStatus::Attached) => {}
                Some(status) if !comes(status) || covering.is_some() => {
                    let what = format!("{connection} is {status}");
                    return Readiness::Later { what, awaited: Awaited::Connection };
                }
                Some(_) => {}
            }
        }
        match covering {
            Some(other) if !continued => Readiness::Later {
                what: format!(
                    "traffic to {} follows the route {} of {}, and the transit router has no route to it yet",
                    self.destination, other.destination, self.vpc
                ),
                awaited: Awaited::Learned { region: self.region.clone() },
            },
            _ => Readiness::Now,
        }
    }

    /// Why the way onward will not come about, in words; `planned` are the attachments that the plan creates, each with what
    /// blocks it, and `projected` is the topology after the plan; it counts only where another route covers the prefix.
    pub(super) fn obstacle(
        &self,
        inputs: &Inputs<'_>,
        planned: &[(AttachmentRef, Vec<Reason>)],
        projected: Option<&Topology>,
    ) -> Option<(AttachmentRef, String)> {
        for connection in self.connections(inputs) {
            let made = planned.iter().find(|(made, _)| made == &connection);
            let what = match (status(inputs.topology, &connection), made) {
                (Some(status), _) if *status == AttachmentStatus::Attached || comes(status) => continue,
                (Some(status), _) => format!("which is {status}"),
                (None, Some((_, blocked))) if blocked.is_empty() => continue,
                (None, Some(_)) => "which is blocked".to_owned(),
                (None, None) => "which is not there and cannot be made".to_owned(),
            };
            let what = format!("{connection}, {what}");
            return Some((connection, what));
        }
        let other = self.covering(inputs.topology)?;
        // Of a transit router whose tables were not read nothing is known: every one has a table.
        if inputs.topology.transit_router(self.region).is_some_and(|router| router.tables.is_empty()) {
            return None;
        }
        if self.is_continued(inputs.topology) || projected.is_some_and(|later| self.is_continued(later)) {
            return None;
        }
        let what = format!(
            "a route of the transit router to {}, which will not come about; until then the route {} of {} serves it",
            self.destination, other.destination, self.vpc
        );
        Some((AttachmentRef::Vpc { vpc: self.vpc.clone() }, what))
    }
}

fn status<'t>(topology: &'t Topology, connection: &AttachmentRef) -> Option<&'t AttachmentStatus> {
    match connection {
        AttachmentRef::Peer { from, to } => topology.peer_attachment(from, to).map(|peer| &peer.status),
        AttachmentRef::Vpc { vpc } => topology.vpc_attachment(vpc).map(|attachment| &attachment.status),
    }
}

/// Whether an attachment in this status is on its way to `Attached`.
const fn comes(status: &AttachmentStatus) -> bool {
    matches!(status, AttachmentStatus::Attaching | AttachmentStatus::Modifying)
}
