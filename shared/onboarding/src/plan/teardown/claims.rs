//! What the other bindings of the store want. One that could not be read as a whole counts as wanting everything that it may
//! share.

use ipnet::Ipv4Net;

use crate::binding::Binding;
use crate::desired;
use crate::ids::{CenId, Region, RouteTableId, VpcId};
use crate::inputs::Inputs;
use crate::plan::prune::{Kept, is_kept};
use crate::reason::{Code, Reason};
use crate::topology::{Instance, SecurityGroup, SecurityRule, Topology};

/// The other bindings with what they want.
pub(super) struct Claims<'a>(Vec<Claim<'a>>);

struct Claim<'a> {
    binding: &'a Binding,
    topology: &'a Topology,
    kept: Kept,
    /// Whether all that decides what it wants was read.
    complete: bool,
    /// Whether the security groups of all its instances are known.
    groups: bool,
}

/// Whether a resource has to stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claimed {
    /// Nobody else wants it.
    No,
    /// This binding wants it; the sentence's end.
    By(String),
    /// It is not known whether a binding wants it.
    Unread(Reason),
}

impl<'a> Claims<'a> {
    pub(super) fn of(others: &[Inputs<'a>]) -> Self {
        let claims = others.iter().map(|other| {
            let wanted = desired::entries(other);
            let mut kept = Kept::default();
            kept.add(&wanted);
            let (complete, groups) = (wanted.complete, knows_groups(other));
            Claim { binding: other.binding, topology: other.topology, kept, complete, groups }
        });
        Self(claims.collect())
    }

    /// A route of a VPC's table.
    pub(super) fn vpc_route(
        &self,
        (region, vpc): (&Region, &VpcId),
        table: &RouteTableId,
        destination: Ipv4Net,
    ) -> Claimed {
        self.find(
            |claim| claim.kept.has_route(table, destination),
            |claim| !claim.complete && claim.may_use(region, vpc),
        )
    }

    /// A static route of a transit router's table.
    pub(super) fn transit_route(&self, region: &Region, table: &RouteTableId, destination: Ipv4Net) -> Claimed {
        self.find(
            |claim| claim.kept.has_route(table, destination),
            |claim| !claim.complete && claim.binding.regions().contains(&region),
        )
    }

    /// A rule of a security group.
    pub(super) fn rule(&self, group: &SecurityGroup, rule: &SecurityRule) -> Claimed {
        self.find(
            |claim| is_kept(&claim.kept, group, rule),
            |claim| !(claim.complete && claim.groups) && claim.may_use(&group.region, &group.vpc),
        )
    }

    /// The attachment of a VPC to a transit router of a CEN instance.
    pub(super) fn attachment(&self, cen: &CenId, region: &Region, vpc: &VpcId) -> Claimed {
        let shares = |claim: &Claim<'_>| &claim.binding.cen.id == cen;
        self.find(
            |claim| shares(claim) && claim.uses(vpc),
            |claim| !claim.complete && shares(claim) && claim.may_use(region, vpc),
        )
    }

    /// The connection of two regions in a CEN instance.
    pub(super) fn connection(&self, cen: &CenId, one: &Region, other: &Region) -> Claimed {
        let joins = |claim: &Claim<'_>| {
            let (home, remote) = (&claim.binding.alb.region, claim.binding.remote_regions());
            &claim.binding.cen.id == cen
                && ((home == one && remote.contains(&other)) || (home == other && remote.contains(&one)))
        };
        // The binding itself says which regions it connects.
        self.find(joins, |_| false)
    }

    fn find(&self, wants: impl Fn(&Claim<'a>) -> bool, may: impl Fn(&Claim<'a>) -> bool) -> Claimed {
        if let Some(claim) = self.0.iter().find(|claim| wants(claim)) {
            return Claimed::By(format!("binding {} wants it", claim.binding.name));
        }
        match self.0.iter().find(|claim| may(claim)) {
            None => Claimed::No,
            Some(claim) => {
                let name = &claim.binding.name;
                let message =
                    format!("What binding {name} wants could not be read, so what it may share with others stays.");
                Claimed::Unread(Reason::new(Code::Unread, name, message))
            }
        }
    }
}

/// Whether the security groups of all instances that a binding serves are known. A listing may lack an instance that is a member,
/// or an instance's groups; then its rules may be in any group of its VPC.
fn knows_groups(other: &Inputs<'_>) -> bool {
    let Inputs { deployment, binding, topology, .. } = *other;
    let selected: Vec<&Instance> = desired::selected(binding, topology).map(|(_, instance)| instance).collect();
    let mut members = topology.servers.get().into_iter().flatten().filter_map(|server| {
        deployment.read_member(&binding.name, &server.description).map(|(instance, _)| (server, instance))
    });
    selected.iter().all(|instance| !instance.security_groups.is_empty())
        && members.all(|(server, member)| {
            let is_listed = selected.iter().any(|instance| instance.at(server.address).is_some());
            is_listed || topology.released.contains(&member)
        })
}

impl Claim<'_> {
    /// Whether a VPC is the load balancer's or a backend's.
    fn uses(&self, vpc: &VpcId) -> bool {
        let home = self.topology.alb().is_some_and(|found| &found.vpc == vpc);
        home || self.binding.backends.iter().any(|backend| &backend.vpc == vpc)
    }

    /// Whether it may be: a load balancer that could not be read may be in any VPC of its region.
    fn may_use(&self, region: &Region, vpc: &VpcId) -> bool {
        self.uses(vpc) || (self.topology.alb().is_none() && &self.binding.alb.region == region)
    }
}
