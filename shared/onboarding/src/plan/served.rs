//! What members of other server groups in the load balancer's VPC need. Their packets go the same ways, whoever made these: another
//! deployment that found them there, or a person.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::ids::{Region, SecurityGroupId, VpcId};
use crate::inputs::Inputs;
use crate::topology::context::Served;
use crate::topology::{AttachmentRef, Instance, Known, SecurityGroup, SecurityRule, Vpc};

/// The members, and the binding whose resources they may need.
#[derive(Clone, Copy)]
pub(super) struct Others<'a> {
    inputs: &'a Inputs<'a>,
    served: &'a [Served],
}

impl<'a> Others<'a> {
    /// Those that were read; a failure is for the caller to look at.
    pub(super) fn of(inputs: &'a Inputs<'a>) -> Self {
        Self { inputs, served: inputs.topology.context.served.get().map_or(&[], Vec::as_slice) }
    }

    /// Who needs a route of a VPC's table: in the load balancer's VPC requests take it, in a backend's the answers.
    pub(super) fn vpc_route(self, vpc: &Vpc, destination: Ipv4Net) -> Option<&'a Served> {
        if self.is_backend(&vpc.id) {
            return self.inside(vpc);
        }
        self.served.iter().find(|member| destination.contains(&member.address))
    }

    /// Who needs a static route of a transit router's table to the load balancer's VPC.
    pub(super) fn transit_route(self) -> Option<&'a Served> {
        self.in_backends(|_| true)
    }

    /// Who needs a rule of a security group. Of an address whose instance is not known it may be any group of its VPC.
    pub(super) fn rule(self, group: &SecurityGroup, rule: &SecurityRule) -> Option<&'a Served> {
        let vpc = self.inputs.topology.vpc(&group.vpc)?;
        let asks = |member: &&Served| {
            member.ports.iter().any(|port| rule.ports.is_none_or(|(first, last)| (first..=last).contains(port)))
        };
        let inside = self.served.iter().filter(|member| holds(vpc, member.address)).filter(asks);
        let mut needs = inside.filter(|member| self.groups_at(member.address).is_none_or(|of| of.contains(&group.id)));
        needs.next()
    }

    /// Who needs an attachment or a connection.
    pub(super) fn link(self, purpose: &AttachmentRef) -> Option<&'a Served> {
        match purpose {
            AttachmentRef::Vpc { vpc } if self.is_backend(vpc) => self.inside(self.inputs.topology.vpc(vpc)?),
            AttachmentRef::Vpc { .. } => self.in_backends(|_| true),
            // It leads from the load balancer's region to a backend's.
            AttachmentRef::Peer { to, .. } => self.in_backends(|region| region == to),
        }
    }

    fn is_backend(self, vpc: &VpcId) -> bool {
        self.inputs.binding.backends.iter().any(|backend| backend.vpc == *vpc)
    }

    fn inside(self, vpc: &Vpc) -> Option<&'a Served> {
        self.served.iter().find(|member| holds(vpc, member.address))
    }

    fn in_backends(self, at: impl Fn(&Region) -> bool) -> Option<&'a Served> {
        let mut vpcs = self.inputs.binding.backends.iter().filter(|backend| at(&backend.region));
        vpcs.find_map(|backend| self.inside(self.inputs.topology.vpc(&backend.vpc)?))
    }

    fn groups_at(self, address: Ipv4Addr) -> Option<&'a [SecurityGroupId]> {
        let instances = self.inputs.topology.instances.values().filter_map(Known::get).flatten();
        instances.into_iter().find_map(|instance| groups(instance, address))
    }
}

fn holds(vpc: &Vpc, address: Ipv4Addr) -> bool {
    vpc.cidrs.iter().any(|cidr| cidr.contains(&address))
}

/// The security groups at an address of an instance.
fn groups(instance: &Instance, address: Ipv4Addr) -> Option<&[SecurityGroupId]> {
    if instance.address == Some(address) {
        return Some(&instance.security_groups);
    }
    let mut interfaces = instance.interfaces.iter();
    interfaces.find(|interface| interface.addresses.contains(&address)).map(|found| &found.security_groups[..])
}

/// Why something stays, as the end of a sentence.
pub(super) fn why(member: &Served) -> String {
    format!("member {} of server group {} ({}) needs it", member.address, member.group, member.name)
}
