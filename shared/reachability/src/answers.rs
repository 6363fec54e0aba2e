//! The functions of the crate: the explanation of one question, or the verdicts of many instances.

use ipnet::Ipv4Net;
use onboarding::ids::VpcId;
use onboarding::inputs::Verdicts;
use onboarding::topology::{Instance, Topology};

use crate::analysis::Analysis;
use crate::explanation::Explanation;
use crate::question::{Question, Scope};

/// Follows the packets of one question.
///
/// ```
/// use std::collections::BTreeMap;
/// use onboarding::inputs::Verdict;
/// use onboarding::topology::{Instance, Topology};
/// use reachability::{Question, explain};
///
/// let instance = Instance {
///     id: "i-1".into(),
///     name: "web".to_owned(),
///     status: "Running".into(),
///     vpc: "vpc-2".into(),
///     vswitch: "vsw-3".into(),
///     address: Some([192, 168, 7, 10].into()),
///     interface: None,
///     security_groups: vec!["sg-1".into()],
///     interfaces: Vec::new(),
///     tags: BTreeMap::new(),
/// };
/// let sources = ["172.16.0.0/24".parse()?];
/// let question = Question {
///     topology: &Topology::default(),
///     sources: &sources,
///     load_balancer_vpc: &"vpc-1".into(),
///     instance: &instance,
///     ports: &[80],
///     wish: None,
/// };
/// // Nothing of the topology was read, so nothing can be said about the path.
/// assert!(matches!(explain(question).verdict, Verdict::Undetermined(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn explain(question: Question<'_>) -> Explanation {
    let Question { topology, sources, load_balancer_vpc, instance, ports, wish } = question;
    Analysis::new(Scope { topology, load_balancer_vpc, sources, ports, wish }).explain(instance)
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
    let mut analysis = Analysis::new(Scope { topology, load_balancer_vpc, sources, ports, wish: None });
    instances.into_iter().map(|instance| (instance.id.clone(), analysis.verdict(instance))).collect()
}
