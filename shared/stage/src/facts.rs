//! Which parts of the cloud decide what, and which readings a write or a change in progress affects.
//!
//! ```text
//!   shows     is anything in progress?          a stage begins with this, and waits without reading more
//!   settles   is anything left to do?           read when nothing is in progress; usually the end
//!   decides   may this change be made, or what  read before a change is made or reported as blocked
//!             blocks it?
//! ```
//!
//! Each contains the one before. A stage's role ([`crate::Stage::NEEDS`]) covers all three.

use onboarding::plan::Awaited;
use onboarding::topology::Generation;
use onboarding::{Binding, Plan, StageName, Topology, Write, desired};
use openapi::{Action, alb, cbn, ecs, vpc};

use crate::needs::Needs;
use crate::readings::Reading;

/// The parts that show whether a change of the stage is in progress.
pub(crate) const fn shows(stage: StageName) -> Needs {
    match stage {
        StageName::VpcAttachments => Needs::VPC_ATTACHMENTS,
        StageName::PeerAttachment => Needs::CONNECTIONS,
        StageName::ServerGroup => Needs::GROUPS,
        StageName::Listener => Needs::GROUPS.and(Needs::LISTENERS),
        // Routes in one VPC lead to vSwitches of the other.
        StageName::VpcRoutes => Needs::SERVERS.and(Needs::ATTACHED).and(Needs::HOME_ROUTES),
        StageName::BackToOrigin => Needs::SERVERS.and(Needs::ATTACHED).and(Needs::FAR_ROUTES),
        // What may come in comes from the load balancer's vSwitches.
        StageName::SecurityRules => Needs::SECURITY.and(Needs::HOME_VSWITCHES),
        StageName::Prune => {
            Needs::MEMBERS.and(Needs::ATTACHED).and(Needs::ENTRIES).and(Needs::SECURITY).and(Needs::VPCS)
        }
        StageName::Teardown => Needs::LEFT,
        StageName::Dispatch | StageName::Preflight | StageName::BackendServers | StageName::Verify => Needs::STANDING,
    }
}

/// The parts that show whether the stage has anything left to do.
pub(crate) fn settles(stage: StageName, binding: &Binding, topology: &Topology) -> Needs {
    match stage {
        // Where a transit router has one table, that is the table of every attachment.
        StageName::VpcAttachments | StageName::PeerAttachment if has_several_tables(topology) => Needs::LINKS,
        StageName::VpcAttachments | StageName::PeerAttachment => shows(stage).and(Needs::TABLES),
        // The static routes of the transit router are those of a classic load balancer.
        StageName::BackToOrigin if is_classic(binding, topology) => shows(stage).and(Needs::CEN),
        // Which table of a transit router its routes belong to, follows from the associations.
        StageName::Prune if is_classic(binding, topology) => Needs::WANTS.and(Needs::SURROUNDINGS),
        // What a removed binding left is named even where nothing is to be removed.
        StageName::Prune => shows(stage).and(Needs::SURROUNDINGS),
        _ => shows(stage),
    }
}

fn is_classic(binding: &Binding, topology: &Topology) -> bool {
    topology.alb().is_some_and(|found| desired::generation(binding, found) == Generation::Classic)
}

/// Whether a transit router is known to have several tables.
fn has_several_tables(topology: &Topology) -> bool {
    let routers = topology.transit_routers.values().filter_map(|known| known.get()?.as_ref());
    routers.into_iter().any(|router| router.tables.len() > 1)
}

/// The parts that decide whether a write is made: all that it, or what blocks it, depends on.
const fn decides(write: &Write) -> Needs {
    match write {
        Write::CreateServerGroup { .. } | Write::UpdateServerGroup { .. } | Write::DeleteServerGroup { .. } => {
            Needs::GROUPS
        }
        Write::CreateListener { .. } | Write::ForwardListener { .. } => Needs::GROUPS.and(Needs::LISTENERS),
        // Billed changes wait until they can be of use, which depends on everything that a member depends on.
        Write::AttachVpc { .. } | Write::Connect { .. } | Write::SetBandwidth { .. } => Needs::SURROUNDINGS
            .and(Needs::CEN)
            .and(Needs::PREREQUISITES)
            .and(Needs::LISTENERS)
            .and(Needs::MEMBERS)
            .and(Needs::SECURITY),
        Write::PublishRoutes { .. } | Write::Associate { .. } | Write::Propagate { .. } => {
            Needs::SURROUNDINGS.and(Needs::LINKS)
        }
        Write::AddVpcRoute { .. } => Needs::SURROUNDINGS.and(Needs::ATTACHED).and(Needs::MEMBERS),
        Write::AddTransitRoute { .. } => Needs::SURROUNDINGS.and(Needs::CEN).and(Needs::MEMBERS),
        Write::AllowIngress { .. } => Needs::SURROUNDINGS.and(Needs::SECURITY),
        Write::AddServer { .. } | Write::UpdateServer { .. } | Write::RemoveServer { .. } => {
            Needs::SURROUNDINGS.and(Needs::CEN).and(Needs::SECURITY).and(Needs::MEMBERS).and(Needs::HEALTH)
        }
        Write::RemoveVpcRoute { .. } | Write::RemoveTransitRoute { .. } | Write::RevokeIngress { .. } => {
            Needs::SURROUNDINGS.and(Needs::WANTS)
        }
        Write::RemoveServerGroup { .. }
        | Write::DeleteListener { .. }
        | Write::Dissociate { .. }
        | Write::StopPropagation { .. }
        | Write::DetachVpc { .. }
        | Write::Disconnect { .. } => Needs::LEFT,
    }
}

/// The parts that decide about some writes.
pub(crate) fn of_writes<'w>(writes: impl Iterator<Item = &'w Write>, topology: &Topology) -> Needs {
    // Which of two classic load balancers comes first is read from the routes of the transit router.
    let paths = if topology.context.siblings.is_empty() { Needs::NONE } else { Needs::CEN };
    writes.fold(Needs::NONE, |needs, write| needs.and(decides(write)).and(paths))
}

/// The parts that decide about a whole plan. The prerequisites of attachments matter to what is still to be made, and to
/// attachments of others in a single zone.
pub(crate) fn of_plan(plan: &Plan, topology: &Topology) -> Needs {
    let billed =
        |write: &Write| matches!(write, Write::AttachVpc { .. } | Write::Connect { .. } | Write::SetBandwidth { .. });
    let mut attachments = topology.vpc_attachments.get().into_iter().flatten();
    let single = attachments.any(|attachment| attachment.zones.len() == 1);
    if single || plan.changes.iter().any(|change| billed(&change.write)) { Needs::ALL } else { Needs::STANDING }
}

/// Whether a write bills, removes or registers something, or cannot be undone by the next run: it is made only right after
/// everything that decides it was read.
pub(crate) const fn is_careful(write: &Write) -> bool {
    !matches!(
        write,
        Write::Associate { .. }
            | Write::Propagate { .. }
            | Write::AddVpcRoute { .. }
            | Write::AddTransitRoute { .. }
            | Write::AllowIngress { .. }
    )
}

/// The readings that a write may change.
pub(crate) fn effects(binding: &Binding, write: &Write) -> Vec<Reading> {
    let alb = binding.alb.region.as_str();
    let everywhere = Reading::everywhere;
    match write {
        Write::CreateServerGroup { .. }
        | Write::UpdateServerGroup { .. }
        | Write::DeleteServerGroup { .. }
        | Write::RemoveServerGroup { .. } => {
            vec![Reading::within(alb::ListServerGroups::NAME, alb)]
        }
        // A listener also changes which load balancers a group is used by, and the state of the load balancer.
        Write::CreateListener { .. } | Write::ForwardListener { .. } | Write::DeleteListener { .. } => vec![
            Reading::within(alb::ListListeners::NAME, alb),
            Reading::within(alb::ListServerGroups::NAME, alb),
            Reading::within(alb::GetLoadBalancerAttribute::NAME, alb),
            Reading::within(alb::GetListenerHealthStatus::NAME, alb),
        ],
        // An attachment takes addresses of the vSwitches for its interfaces, and the VPC names the CEN instance.
        Write::AttachVpc { region, .. } | Write::DetachVpc { region, .. } => vec![
            everywhere(cbn::ListTransitRouters::NAME),
            Reading::within(cbn::ListTransitRouterVpcAttachments::NAME, region.as_str()),
            Reading::within(vpc::DescribeVpcAttribute::NAME, region.as_str()),
            Reading::within(vpc::DescribeVSwitches::NAME, region.as_str()),
            Reading::within(ecs::DescribeNetworkInterfaces::NAME, region.as_str()),
        ],
        Write::Connect { .. } | Write::SetBandwidth { .. } | Write::Disconnect { .. } => vec![
            everywhere(cbn::ListTransitRouters::NAME),
            everywhere(cbn::ListTransitRouterPeerAttachments::NAME),
            everywhere(cbn::DescribeCenBandwidthPackages::NAME),
        ],
        Write::PublishRoutes { .. } => vec![
            everywhere(cbn::ListTransitRouterPeerAttachments::NAME),
            everywhere(cbn::ListTransitRouterRouteEntries::NAME),
        ],
        // What one transit router learns, it advertises to the other.
        Write::Associate { region, .. } | Write::Dissociate { region, .. } => vec![
            Reading::within(cbn::ListTransitRouterRouteTableAssociations::NAME, region.as_str()),
            everywhere(cbn::ListTransitRouterRouteEntries::NAME),
        ],
        Write::Propagate { region, .. } | Write::StopPropagation { region, .. } => vec![
            Reading::within(cbn::ListTransitRouterRouteTablePropagations::NAME, region.as_str()),
            everywhere(cbn::ListTransitRouterRouteEntries::NAME),
        ],
        // What the other side learns of it, is waited for there.
        Write::AddTransitRoute { region, .. } => {
            vec![Reading::within(cbn::ListTransitRouterRouteEntries::NAME, region.as_str())]
        }
        Write::RemoveTransitRoute { .. } => vec![everywhere(cbn::ListTransitRouterRouteEntries::NAME)],
        Write::AddVpcRoute { region, .. } | Write::RemoveVpcRoute { region, .. } => {
            vec![Reading::within(vpc::DescribeRouteEntryList::NAME, region.as_str())]
        }
        Write::AllowIngress { region, .. } | Write::RevokeIngress { region, .. } => vec![
            Reading::within(ecs::DescribeSecurityGroups::NAME, region.as_str()),
            Reading::within(ecs::DescribeSecurityGroupAttribute::NAME, region.as_str()),
        ],
        // The groups count their members. More than were counted contradict nothing.
        Write::AddServer { .. } => vec![
            Reading::within(alb::ListServerGroupServers::NAME, alb),
            Reading::within(alb::GetListenerHealthStatus::NAME, alb),
        ],
        Write::UpdateServer { .. } | Write::RemoveServer { .. } => vec![
            Reading::within(alb::ListServerGroups::NAME, alb),
            Reading::within(alb::ListServerGroupServers::NAME, alb),
            Reading::within(alb::GetListenerHealthStatus::NAME, alb),
        ],
    }
}

/// What a write leads to; `None` for one that is complete when it is answered.
pub(crate) fn leads_to(write: &Write) -> Option<Awaited> {
    Some(match write {
        Write::CreateServerGroup { .. }
        | Write::UpdateServerGroup { .. }
        | Write::DeleteServerGroup { .. }
        | Write::RemoveServerGroup { .. } => Awaited::ServerGroup,
        Write::CreateListener { .. } | Write::ForwardListener { .. } | Write::DeleteListener { .. } => {
            Awaited::Listener
        }
        Write::AttachVpc { region, .. } | Write::DetachVpc { region, .. } => {
            Awaited::VpcAttachment { region: region.clone() }
        }
        Write::Connect { .. } | Write::SetBandwidth { .. } | Write::PublishRoutes { .. } | Write::Disconnect { .. } => {
            Awaited::Connection
        }
        Write::Associate { region, .. } | Write::Dissociate { region, .. } => {
            Awaited::Association { region: region.clone() }
        }
        Write::Propagate { region, .. } | Write::StopPropagation { region, .. } => {
            Awaited::Propagation { region: region.clone() }
        }
        Write::AddVpcRoute { region, .. } | Write::RemoveVpcRoute { region, .. } => {
            Awaited::VpcRoute { region: region.clone() }
        }
        Write::AddTransitRoute { region, .. } | Write::RemoveTransitRoute { region, .. } => {
            Awaited::TransitRoute { region: region.clone() }
        }
        Write::AllowIngress { .. } | Write::RevokeIngress { .. } => return None,
        Write::AddServer { .. } | Write::UpdateServer { .. } | Write::RemoveServer { .. } => Awaited::Member,
    })
}

/// The readings that show what other stages change in the lanes of routes.
pub(crate) const OF_OTHERS: &[&str] = &[
    cbn::ListTransitRouterVpcAttachments::NAME,
    cbn::ListTransitRouterPeerAttachments::NAME,
    cbn::ListTransitRouterRouteTableAssociations::NAME,
    cbn::ListTransitRouterRouteTablePropagations::NAME,
    cbn::ListTransitRouterRouteEntries::NAME,
];

/// The readings that show links of attachments.
pub(crate) const LINKS: &[&str] =
    &[cbn::ListTransitRouterRouteTableAssociations::NAME, cbn::ListTransitRouterRouteTablePropagations::NAME];

/// The readings that show whether a change is complete.
pub(crate) fn shown_by(binding: &Binding, awaited: &Awaited) -> Vec<Reading> {
    let alb = binding.alb.region.as_str();
    let within = |action, region: &onboarding::ids::Region| vec![Reading::within(action, region.as_str())];
    match awaited {
        Awaited::TransitRouter => vec![Reading::everywhere(cbn::ListTransitRouters::NAME)],
        Awaited::VpcAttachment { region } => within(cbn::ListTransitRouterVpcAttachments::NAME, region),
        Awaited::Connection => vec![Reading::everywhere(cbn::ListTransitRouterPeerAttachments::NAME)],
        Awaited::Association { region } => within(cbn::ListTransitRouterRouteTableAssociations::NAME, region),
        Awaited::Propagation { region } => within(cbn::ListTransitRouterRouteTablePropagations::NAME, region),
        Awaited::VpcRoute { region } => within(vpc::DescribeRouteEntryList::NAME, region),
        Awaited::TransitRoute { region } | Awaited::Learned { region } => {
            within(cbn::ListTransitRouterRouteEntries::NAME, region)
        }
        Awaited::LoadBalancer => vec![Reading::within(alb::GetLoadBalancerAttribute::NAME, alb)],
        Awaited::ServerGroup => vec![Reading::within(alb::ListServerGroups::NAME, alb)],
        Awaited::Listener => vec![Reading::within(alb::ListListeners::NAME, alb)],
        Awaited::Member => vec![Reading::within(alb::ListServerGroupServers::NAME, alb)],
    }
}
