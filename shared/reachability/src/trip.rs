//! One direction of a question: where a packet starts and where it should arrive.

use ipnet::Ipv4Net;
use onboarding::ids::{VSwitchId, VpcId};
use onboarding::topology::Topology;

use crate::question::Wish;

/// The most transit routers that a packet is followed through: a limit for loops.
pub(crate) const MAX_TRANSIT_ROUTERS: usize = 8;

/// Built into every VPC and never propagated (cloud-apis.md sections 7b and 10).
pub(crate) const SHARED_SPACE: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(100, 64, 0, 0), 10);

/// Where a packet starts, where it should arrive, and for which binding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trip<'a> {
    pub(crate) topology: &'a Topology,
    pub(crate) from: &'a VpcId,
    /// The vSwitch that it leaves; `None` for a load balancer, which follows the system table only.
    pub(crate) vswitch: Option<&'a VSwitchId>,
    pub(crate) to: &'a VpcId,
    pub(crate) destination: Ipv4Net,
    /// Whether the destination is a load balancer, which may be in none of its VPC's vSwitches.
    pub(crate) to_load_balancer: bool,
    /// The binding, which remedies depend on.
    pub(crate) wish: Option<Wish<'a>>,
}
