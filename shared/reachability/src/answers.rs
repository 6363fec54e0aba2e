//! The entrances of the crate: one question explained, or the verdicts of many instances.

use ipnet::Ipv4Net;
use onboarding::ids::VpcId;
use onboarding::plan::Verdicts;
use onboarding::topology::{Instance, Topology};

use crate::analysis::Analysis;
use crate::explanation::Explanation;
use crate::question::Question;

/// Follows the packets of one question.
#[must_use]
pub fn explain(question: Question<'_>) -> Explanation {
    let Question { topology, sources, load_balancer_vpc, instance, ports, wish } = question;
    Analysis::new(topology, load_balancer_vpc, sources, ports, wish).explain(instance)
}

/// The verdicts of many instances: the same as [`explain`]'s, with the work shared between instances of the same vSwitch
/// and security groups.
#[must_use]
pub fn verdicts<'a>(
    topology: &'a Topology,
    load_balancer_vpc: &'a VpcId,
    sources: &'a [Ipv4Net],
    ports: &'a [u16],
    instances: impl IntoIterator<Item = &'a Instance>,
) -> Verdicts {
    let mut analysis = Analysis::new(topology, load_balancer_vpc, sources, ports, None);
    instances.into_iter().map(|instance| (instance.id.clone(), analysis.verdict(instance))).collect()
}
