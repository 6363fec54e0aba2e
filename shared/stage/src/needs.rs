//! Which parts of the cloud a stage reads: a set of flags, and the calls behind each flag.

use openapi::{Action, alb, cbn, ecs, ram, sts, vpc};

/// What every stage calls, whatever it needs: the store, and the roles of other accounts.
pub const COMMON_ACTIONS: &[&str] = &["oss:GetObject", sts::AssumeRole::RAM_ACTION];

/// Parts of a topology to read. A part that is not requested stays unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs(u32);

impl Needs {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The load balancer.
    pub const ALB: Self = Self(1);
    /// The binding's server group. Includes the load balancer, because groups are searched in its VPC.
    pub const GROUPS: Self = Self(1 << 1 | Self::ALB.0);
    /// The load balancer's listeners.
    pub const LISTENERS: Self = Self(1 << 2);
    /// The VPCs with vSwitches and network ACLs, without their route tables.
    pub const VSWITCHES: Self = Self::HOME_VSWITCHES.and(Self(1 << 20));
    /// The same of the load balancer's VPC.
    pub const HOME_VSWITCHES: Self = Self(1 << 3 | Self::ALB.0);
    /// The same, and the route tables with their routes in the load balancer's VPC.
    pub const HOME_ROUTES: Self = Self(1 << 13 | Self::VSWITCHES.0);
    /// The same in the backends' VPCs.
    pub const FAR_ROUTES: Self = Self(1 << 14 | Self::VSWITCHES.0);
    /// The VPCs with vSwitches, route tables, routes and network ACLs.
    pub const VPCS: Self = Self::HOME_ROUTES.and(Self::FAR_ROUTES);
    /// Members of the server group, and the instances that they could be.
    pub const SERVERS: Self = Self(1 << 15 | Self::GROUPS.0 | Self::INSTANCES.0 | Self::VSWITCHES.0);
    /// The same, and which of their instances are released. The proof of a release needs the VPC prefixes: the member's
    /// address tells which region to ask.
    pub const MEMBERS: Self = Self(1 << 4 | Self::SERVERS.0 | Self::BACKENDS.0);
    /// The health of members.
    pub const HEALTH: Self = Self(1 << 5 | Self::GROUPS.0 | Self::LISTENERS.0);
    /// Transit routers with tables, associations, propagations and entries, attachments and connections.
    pub const CEN: Self = Self::ENTRIES.and(Self::LINKS);
    /// Prerequisites of attachments: the CEN instance, the transit router service with its role and zones, the bandwidth
    /// plan.
    pub const PREREQUISITES: Self = Self(1 << 7);
    /// Instances of the backend VPCs.
    pub const INSTANCES: Self = Self(1 << 8);
    /// The same with the interfaces that own their addresses.
    pub const BACKENDS: Self = Self(1 << 16 | Self::INSTANCES.0);
    /// Security groups on the interfaces of selected instances, and the prefix lists in their rules.
    pub const SECURITY: Self = Self(1 << 9 | Self::BACKENDS.0);
    /// Context that the checks of paths and members need: other users of the VPCs and of the load balancer.
    pub const SURROUNDINGS: Self = Self(1 << 10 | Self::VPCS.0);
    /// Transit routers without their tables.
    pub const ROUTERS: Self = Self(1 << 11 | Self::ALB.0);
    /// The same with the attachments of VPCs.
    pub const VPC_ATTACHMENTS: Self = Self(1 << 17 | Self::ROUTERS.0);
    /// The same with the connections instead.
    pub const CONNECTIONS: Self = Self(1 << 18 | Self::ROUTERS.0);
    /// Transit routers without their tables, with attachments and connections.
    pub const ATTACHED: Self = Self::VPC_ATTACHMENTS.and(Self::CONNECTIONS);
    /// Transit routers with their tables, and what is associated with each and propagates into it.
    pub const TABLES: Self = Self(1 << 12 | Self::ROUTERS.0);
    /// Attachments and connections, and their associations and propagations.
    pub const LINKS: Self = Self::TABLES.and(Self::ATTACHED);
    /// Transit routers with the entries of their tables, and without associations and propagations.
    pub const ENTRIES: Self = Self(1 << 6 | Self::ROUTERS.0);
    /// What has to be read to know which routes and rules a binding wants, and which of its own have become orphans.
    pub const WANTS: Self = Self::MEMBERS.and(Self::CEN).and(Self::SECURITY).and(Self::VPCS);
    /// The same of a binding that goes, with its listeners and who else uses the load balancer: all security groups of its VPCs, because
    /// rules outlive the instances that they were made for; and without the load balancer the VPC of its server group.
    pub const LEFT: Self = Self(1 << 19 | Self::WANTS.0 | Self::LISTENERS.0 | Self::SURROUNDINGS.0);
    /// Everything about a binding that stays.
    pub const ALL: Self = Self(((1 << 19) - 1) | Self::VSWITCHES.0);
    /// Everything that says what is in place: all except the prerequisites of attachments still to be made.
    pub const STANDING: Self = Self(Self::ALL.0 & !Self::PREREQUISITES.0);

    /// The union of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both have.
    #[must_use]
    pub const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all of `other` is included.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The RAM actions that reading these parts needs, sorted.
    #[must_use]
    pub fn actions(self) -> Vec<&'static str> {
        let mut actions: Vec<_> = CALLS
            .iter()
            .filter(|(needs, _)| self.has(*needs))
            .flat_map(|(_, actions)| actions.iter().copied())
            .collect();
        actions.sort_unstable();
        actions.dedup();
        actions
    }
}

/// The calls that the modules of `observe` make for each part.
const CALLS: &[(Needs, &[&str])] = &[
    (Needs::ALB, &[alb::GetLoadBalancerAttribute::RAM_ACTION]),
    (Needs::GROUPS, &[alb::ListServerGroups::RAM_ACTION]),
    (Needs::LISTENERS, &[alb::ListListeners::RAM_ACTION]),
    (
        Needs::HOME_VSWITCHES,
        &[
            vpc::DescribeVpcAttribute::RAM_ACTION,
            vpc::DescribeVSwitches::RAM_ACTION,
            vpc::DescribeNetworkAclAttributes::RAM_ACTION,
        ],
    ),
    (Needs::HOME_ROUTES, &[vpc::DescribeRouteTableList::RAM_ACTION, vpc::DescribeRouteEntryList::RAM_ACTION]),
    (Needs::FAR_ROUTES, &[vpc::DescribeRouteTableList::RAM_ACTION, vpc::DescribeRouteEntryList::RAM_ACTION]),
    (Needs::SERVERS, &[alb::ListServerGroupServers::RAM_ACTION]),
    (Needs::HEALTH, &[alb::GetListenerHealthStatus::RAM_ACTION]),
    (Needs::ROUTERS, &[cbn::ListTransitRouters::RAM_ACTION]),
    (Needs::VPC_ATTACHMENTS, &[cbn::ListTransitRouterVpcAttachments::RAM_ACTION]),
    (Needs::CONNECTIONS, &[cbn::ListTransitRouterPeerAttachments::RAM_ACTION]),
    (
        Needs::TABLES,
        &[
            cbn::ListTransitRouterRouteTables::RAM_ACTION,
            cbn::ListTransitRouterRouteTableAssociations::RAM_ACTION,
            cbn::ListTransitRouterRouteTablePropagations::RAM_ACTION,
        ],
    ),
    (Needs::ENTRIES, &[cbn::ListTransitRouterRouteTables::RAM_ACTION, cbn::ListTransitRouterRouteEntries::RAM_ACTION]),
    (
        Needs::PREREQUISITES,
        &[
            cbn::CheckTransitRouterService::RAM_ACTION,
            cbn::ListTransitRouterAvailableResource::RAM_ACTION,
            cbn::DescribeCenBandwidthPackages::RAM_ACTION,
            cbn::DescribeCens::RAM_ACTION,
            ram::GetRole::RAM_ACTION,
        ],
    ),
    (
        Needs::SURROUNDINGS,
        &[
            alb::ListServerGroups::RAM_ACTION,
            alb::ListServerGroupServers::RAM_ACTION,
            alb::ListListeners::RAM_ACTION,
            alb::GetLoadBalancerAttribute::RAM_ACTION,
            vpc::DescribeVpcAttribute::RAM_ACTION,
        ],
    ),
    (Needs::LEFT, &[alb::ListRules::RAM_ACTION]),
    // Finds the owner of an address in the load balancer's VPC; only members are compared with it.
    (Needs::SURROUNDINGS.and(Needs::MEMBERS).and(Needs::LISTENERS), &[alb::ListLoadBalancers::RAM_ACTION]),
    (Needs::WANTS, &[alb::ListLoadBalancers::RAM_ACTION]),
    (Needs::INSTANCES, &[ecs::DescribeInstances::RAM_ACTION]),
    (Needs::BACKENDS, &[ecs::DescribeNetworkInterfaces::RAM_ACTION]),
    (
        Needs::SECURITY,
        &[
            ecs::DescribeSecurityGroups::RAM_ACTION,
            ecs::DescribeSecurityGroupAttribute::RAM_ACTION,
            ecs::DescribePrefixListAttributes::RAM_ACTION,
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_brings_what_it_stands_on() {
        assert!(Needs::MEMBERS.has(Needs::GROUPS));
        assert!(Needs::MEMBERS.has(Needs::BACKENDS));
        assert!(Needs::HEALTH.has(Needs::LISTENERS));
        assert!(!Needs::LISTENERS.has(Needs::GROUPS));
        for (needs, _) in CALLS {
            assert!(Needs::ALL.and(Needs::LEFT).has(*needs));
        }
    }

    #[test]
    fn reading_takes_only_reading_permissions() {
        assert_eq!(Needs::ALB.actions(), ["alb:GetLoadBalancerAttribute"]);
        assert!(Needs::NONE.actions().is_empty());
        let all = Needs::ALL.actions();
        assert!(all.contains(&"cen:ListTransitRouters"), "CEN's prefix is cen, not cbn");
        for action in all {
            let name = action.split_once(':').unwrap().1;
            assert!(["Get", "List", "Describe", "Check"].iter().any(|verb| name.starts_with(verb)), "{action}");
        }
    }
}
