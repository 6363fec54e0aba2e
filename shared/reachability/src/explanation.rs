//! The answer: both directions hop by hop, and what follows from them.

use ipnet::Ipv4Net;
use onboarding::plan::Verdict;
use serde::Serialize;

use crate::path::Path;

/// The answer to a [`Question`](crate::Question), with every hop that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// From the listener to the backend's entry in the server group, if the question named a binding. Its fault leaves
    /// [`Explanation::verdict`] alone: an open path is what makes a member.
    pub front: Option<Path>,
    /// From the load balancer to the instance.
    pub forward: Path,
    /// From the instance to the first source prefix that its answers do not reach, or else to the first one.
    pub back: Path,
    /// Every source prefix with its own verdict, both directions taken together.
    pub sources: Vec<SourceVerdict>,
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
