//! The answer to a question: the hops of both directions, and the verdicts.

use ipnet::Ipv4Net;
use onboarding::inputs::Verdict;
use serde::Serialize;

use crate::path::Path;

/// The answer to a [`Question`](crate::Question), with every hop that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// From the listener to the backend's entry in the server group, if the question named a binding. Its fault does
    /// not change [`Explanation::verdict`]: a backend becomes a member if its path is open.
    pub front: Option<Path>,
    /// From the load balancer to the instance.
    pub forward: Path,
    /// From the instance to the first source prefix that its answers do not reach, or else to the first one.
    pub back: Path,
    /// What has a fault besides the first ones of both directions: each is a path up to its fault, as packets would find it if everything
    /// before it were mended. Whoever mends one of them has to mend all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Path>,
    /// Every source prefix with its own verdict, both directions taken together.
    pub sources: Vec<SourceVerdict>,
    /// The ports at which packets are lost, where they arrive at another one: requests and health checks ask different ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost_ports: Vec<u16>,
    /// Whether answers reach some of the ports only that the load balancer opens connections from.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub some_ports: bool,
    /// All of them taken together: the path's verdict, which decides whether the backend may be a member.
    pub verdict: Verdict,
    /// Front and path taken together: whether requests are served.
    pub served: Verdict,
}

/// What holds for packets of one source prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceVerdict {
    /// The source prefix.
    pub source: Ipv4Net,
    /// Whether its packets arrive on every port and are answered.
    #[serde(flatten)]
    pub verdict: Verdict,
}
