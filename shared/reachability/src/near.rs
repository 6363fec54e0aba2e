//! What filters packets at the load balancer's own end: the network ACLs of its vSwitches. An upgraded load balancer sends
//! from interfaces in them, and ACLs stand before every interface; a non-upgraded one has none there.

use ipnet::Ipv4Net;
use onboarding::ids::{VSwitchId, VpcId};
use onboarding::plan::Verdict;
use onboarding::topology::Topology;

use crate::hop::Hop;
use crate::members::Acl;
use crate::verdict::{Stop, side_by_side};

/// What a filter says to some packets: what let them pass, and whether all did.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    pub(crate) hops: Vec<Hop>,
    pub(crate) verdict: Verdict,
}

impl Admission {
    const OPEN: Self = Self { hops: Vec::new(), verdict: Verdict::Reachable };

    fn of(judged: impl IntoIterator<Item = Result<Vec<Hop>, Stop>>) -> Self {
        let (mut hops, mut verdicts) = (Vec::new(), Vec::new());
        for judged in judged {
            match judged {
                Ok(passed) => {
                    hops.extend(passed);
                    verdicts.push(Verdict::Reachable);
                }
                Err(stop) => verdicts.push(stop.into()),
            }
        }
        Self { hops, verdict: side_by_side(&verdicts) }
    }
}

/// The ACL that stands before one source prefix.
type Gate<'a> = Option<(&'a VSwitchId, Result<Acl<'a>, Stop>)>;

/// The ACLs before every source prefix.
pub(crate) struct Gates<'a>(Vec<Gate<'a>>);

impl<'a> Gates<'a> {
    pub(crate) fn new(topology: &'a Topology, vpc: &VpcId, sources: &[Ipv4Net]) -> Self {
        let vpc = topology.vpc(vpc);
        let gate = |source: &Ipv4Net| {
            let vswitch = vpc?.vswitches.values().find(|vswitch| vswitch.cidr.contains(source))?;
            Some((&vswitch.id, Acl::read(topology, vswitch.network_acl.as_ref()?)))
        };
        Self(sources.iter().map(gate).collect())
    }

    /// Requests to a backend's prefix on every port, source by source. Inside one vSwitch no ACL is asked.
    pub(crate) fn departures(&self, vswitch: &VSwitchId, to: Ipv4Net, ports: &[u16]) -> Vec<Admission> {
        self.each(vswitch, |acl| {
            Admission::of(ports.iter().map(|port| acl.as_ref().map_err(Clone::clone)?.departure(to, *port)))
        })
    }

    /// Answers from a backend's prefix, source by source.
    pub(crate) fn arrivals(&self, vswitch: &VSwitchId, from: Ipv4Net) -> Vec<Admission> {
        self.each(vswitch, |acl| Admission::of([acl.as_ref().map_err(Clone::clone).and_then(|acl| acl.arrival(from))]))
    }

    /// Whether the ACLs treat every address of a backend's prefix alike.
    pub(crate) fn agree(&self, vswitch: &VSwitchId, prefix: Ipv4Net, ports: &[u16]) -> bool {
        let clear = |admission: &Admission| !matches!(admission.verdict, Verdict::Ambiguous(_));
        self.0.iter().all(Option::is_none)
            || self.departures(vswitch, prefix, ports).iter().all(clear)
                && self.arrivals(vswitch, prefix).iter().all(clear)
    }

    fn each(&self, vswitch: &VSwitchId, judge: impl Fn(&Result<Acl<'a>, Stop>) -> Admission) -> Vec<Admission> {
        let admission = |gate: &Gate<'a>| match gate {
            Some((own, acl)) if *own != vswitch => judge(acl),
            _ => Admission::OPEN,
        };
        self.0.iter().map(admission).collect()
    }
}
