//! The changes that a finding blocks.

use std::net::Ipv4Addr;

use crate::change::Write;
use crate::ids::{Region, SecurityGroupId, VpcId};
use crate::inputs::Inputs;
use crate::topology::AttachmentRef;

/// A set of changes. It never contains removals: a fault on a path must not block the removal of what uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Everything that makes the path to remote backends, and new members.
    Paths,
    /// Everything that serves only the instances of one backend VPC.
    Backend(VpcId),
    /// The same without security group rules: the path to them, and new members.
    Way(VpcId),
    /// Attaching a VPC.
    Attach(VpcId),
    /// The connection of the ALB's region with another, and its bandwidth.
    Connect(Region),
    /// Association, propagation and route publishing of one attachment.
    Links(AttachmentRef),
    /// Everything that needs an existing attachment.
    Using(AttachmentRef),
    /// Rules of a security group.
    Rules(SecurityGroupId),
    /// Listeners of the load balancer.
    Listener,
    /// New members.
    Members,
    /// The new member with this address.
    Member(Ipv4Addr),
}

impl Target {
    /// Whether a write is in the set.
    #[must_use]
    pub fn matches(&self, inputs: &Inputs<'_>, write: &Write) -> bool {
        match (self, write) {
            (Self::Paths, write) => is_path(write) || matches!(write, Write::AddServer { .. }),
            (Self::Backend(vpc), write) => serves_only(inputs, vpc, write),
            (Self::Way(vpc), write) => !matches!(write, Write::AllowIngress { .. }) && serves_only(inputs, vpc, write),
            (Self::Attach(id), Write::AttachVpc { vpc, .. }) => id == vpc,
            (Self::Connect(region), Write::Connect { to, .. } | Write::SetBandwidth { to, .. }) => region == to,
            (Self::Using(of), write) => write.uses().contains(of),
            (Self::Links(of), Write::Associate { attachment, .. } | Write::Propagate { attachment, .. }) => {
                of == attachment
            }
            (Self::Links(AttachmentRef::Peer { from, to }), Write::PublishRoutes { from: a, to: b }) => {
                (from, to) == (a, b)
            }
            (Self::Rules(id), Write::AllowIngress { group, .. }) => id == group,
            (Self::Listener, Write::CreateListener { .. } | Write::ForwardListener { .. })
            | (Self::Members, Write::AddServer { .. }) => true,
            (Self::Member(of), Write::AddServer { address, .. }) => of == address,
            _ => false,
        }
    }
}

/// Whether it is part of a path between the ALB and remote backends.
const fn is_path(write: &Write) -> bool {
    matches!(
        write,
        Write::AttachVpc { .. }
            | Write::Connect { .. }
            | Write::SetBandwidth { .. }
            | Write::PublishRoutes { .. }
            | Write::Associate { .. }
            | Write::Propagate { .. }
            | Write::AddVpcRoute { .. }
            | Write::AddTransitRoute { .. }
            | Write::AllowIngress { .. }
    )
}

/// Whether no other backend of the binding needs a write.
fn serves_only(inputs: &Inputs<'_>, id: &VpcId, write: &Write) -> bool {
    let Inputs { binding, topology, .. } = *inputs;
    let Some(backend) = binding.backends.iter().find(|backend| &backend.vpc == id) else { return false };
    let others = || binding.backends.iter().filter(|other| &other.vpc != id);
    let alone = others().next().is_none();
    let alone_in_region = others().all(|other| other.region != backend.region);
    let remote = backend.region != binding.alb.region;
    // Resources in the ALB's own VPC serve every other backend too, so a backend in that VPC has no path of its own.
    let own = topology.alb().is_none_or(|alb| &alb.vpc != id);
    let of = |vpc: &VpcId| alone || (own && vpc == id);
    let connects = |region: &Region| alone || (remote && alone_in_region && region == &backend.region);
    match write {
        Write::AttachVpc { vpc, .. } => of(vpc),
        Write::Connect { to, .. } | Write::SetBandwidth { to, .. } | Write::PublishRoutes { to, .. } => connects(to),
        Write::Associate { attachment, .. } | Write::Propagate { attachment, .. } => match attachment {
            AttachmentRef::Vpc { vpc } => of(vpc),
            AttachmentRef::Peer { to, .. } => connects(to),
        },
        Write::AddVpcRoute { vpc, destination, .. } => {
            // The route to the backend is in the ALB's VPC, the return route in its own.
            let holds = |prefix: &ipnet::Ipv4Net| prefix.contains(destination);
            let home = topology.alb().is_some_and(|alb| &alb.vpc == vpc);
            of(vpc) || (own && home && topology.vpc(id).is_some_and(|vpc| vpc.cidrs.iter().any(holds)))
        }
        Write::AddTransitRoute { .. } => alone,
        Write::AllowIngress { group, .. } => topology.security_group(group).is_some_and(|group| &group.vpc == id),
        Write::AddServer { instance, .. } => {
            let instances = topology.instances.get(id).and_then(|known| known.get());
            instances.into_iter().flatten().any(|found| &found.id == instance)
        }
        _ => false,
    }
}
