//! The network ACLs of the load balancer's vSwitches, which filter packets at its end. An upgraded load balancer sends from
//! interfaces in these vSwitches, and an ACL applies to every interface of its vSwitch; a classic one has no interface there.

use ipnet::Ipv4Net;
use onboarding::ids::{VSwitchId, VpcId};
use onboarding::inputs::Verdict;
use onboarding::topology::Topology;

use crate::members::Acl;
use crate::verdict::{Part, Stop};

/// The vSwitch of one source prefix and its ACL, if it has one.
type SourceAcl<'a> = Option<(&'a VSwitchId, Result<Acl<'a>, Stop>)>;

/// The ACL of every source prefix.
pub(crate) struct SourceAcls<'a>(Vec<SourceAcl<'a>>);

impl<'a> SourceAcls<'a> {
    pub(crate) fn new(topology: &'a Topology, vpc: &VpcId, sources: &[Ipv4Net]) -> Self {
        let vpc = topology.vpc(vpc);
        let acl_of = |source: &Ipv4Net| {
            let vswitch = vpc?.vswitches.values().find(|vswitch| vswitch.cidr.contains(source))?;
            Some((&vswitch.id, Acl::read(topology, vswitch.network_acl.as_ref()?)))
        };
        Self(sources.iter().map(acl_of).collect())
    }

    /// Requests to a backend's prefix on every port, source by source. Inside one vSwitch no ACL applies.
    pub(crate) fn departures(&self, vswitch: &VSwitchId, to: Ipv4Net, ports: &[u16]) -> Vec<Part> {
        let asked =
            |acl: &Acl<'a>| Part::side_by_side(&ports.iter().map(|port| acl.departure(to, *port)).collect::<Vec<_>>());
        self.each(vswitch, asked)
    }

    /// Answers from a backend's prefix, source by source.
    pub(crate) fn arrivals(&self, vswitch: &VSwitchId, from: Ipv4Net) -> Vec<Part> {
        self.each(vswitch, |acl| acl.arrival(from))
    }

    /// Whether the ACLs decide the same for every address of a backend's prefix.
    pub(crate) fn agree(&self, vswitch: &VSwitchId, prefix: Ipv4Net, ports: &[u16]) -> bool {
        let clear = |part: &Part| !matches!(part.verdict, Verdict::Ambiguous(_));
        self.0.iter().all(Option::is_none)
            || self.departures(vswitch, prefix, ports).iter().all(clear)
                && self.arrivals(vswitch, prefix).iter().all(clear)
    }

    fn each(&self, vswitch: &VSwitchId, judge: impl Fn(&Acl<'a>) -> Part) -> Vec<Part> {
        let part = |source: &SourceAcl<'a>| match source {
            Some((own, Ok(acl))) if *own != vswitch => judge(acl),
            Some((own, Err(stop))) if *own != vswitch => Part::new(Vec::new(), Err(stop.clone())),
            _ => Part::OPEN,
        };
        self.0.iter().map(part).collect()
    }
}
