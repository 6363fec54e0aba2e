//! The way of a packet through a topology, both directions, hop by hop. Pure.
//!
//! ```text
//!   listener ─▶ server group ─▶ entry (Remote IP, weight, health)                              the front
//!
//!        ACL   VPC table      transit table       transit table            ACL, security groups
//!   ALB ─────▶ ALB VPC ─────▶ TR1 ─────────▶ peer ─────────▶ TR2 ─────▶ VPC ─────▶ instance    forward
//!   ALB ◀───── ALB VPC ◀───── TR1 ◀───────── peer ◀───────── TR2 ◀───── VPC ◀───── instance    back
//! ```
//!
//! The model, with its sources in `cloud-apis.md`:
//!
//! - Longest prefix at every table; only settled entries count (`Available`, `Active`), and a static entry of a transit
//!   router beats a learned one (sections 10 and 14). The load balancer follows its VPC's system table, an instance the
//!   table of the vSwitch of the interface that owns the address. A vSwitch's own prefix is the longest (section 9).
//! - 100.64.0.0/10 is built into every VPC, listed or not: it swallows packets to a shorter route's destination, except
//!   to the load balancer in its own VPC (sections 7b and 10).
//! - At a transit router, the table that the incoming attachment is associated with decides. What a table should have
//!   learned is looked for where it is taught: propagation, publishing of the connection, the far side's table
//!   (section 7b). A connection without bandwidth carries nothing (section 8).
//! - Network ACLs keep no state and stand before the interfaces of their vSwitch. Security groups keep state: all rules of
//!   the interface's groups by priority, a drop first among equals (section 11).
//! - The front is what the listener sees (sections 4, 5 and 12). It does not decide the path's verdict.
//!
//! Every hop names the table, entry or rule that decided. A fault has a code, the hop where packets end, and a remedy: a
//! [`Change`](onboarding::Change) of albridge's, or a task for a person. What could not be read makes an answer
//! undetermined, never good and never bad; what holds for some addresses or ports only makes it ambiguous.
//! `tests/dataplane` compares all this with the emulator's forwarder and with the Linux kernel.

mod analysis;
mod fault;
mod filter;
mod front;
mod gaps;
mod hop;
mod lookup;
mod members;
mod mend;
mod near;
mod space;
mod verdict;
mod walk;

use ipnet::Ipv4Net;
use onboarding::ids::VpcId;
use onboarding::inputs::{Verdict, Verdicts};
use onboarding::topology::{Instance, Topology};
use onboarding::{Binding, Deployment};
use serde::Serialize;

pub use fault::{Fault, Remedy, Task};
pub use hop::{DecidingRule, Direction, Hop, Path, ServerEntry, TransitEntry, VpcEntry};

/// Does this instance get the load balancer's packets, and do its answers come back?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What is known of the network.
    pub topology: &'a Topology,
    /// Prefixes that the load balancer sends from: its vSwitches' (upgraded) or the back-to-origin ones (classic).
    pub sources: &'a [Ipv4Net],
    /// The load balancer's VPC.
    pub load_balancer_vpc: &'a VpcId,
    /// The backend, at the address that is asked about ([`Instance::at`]).
    pub instance: &'a Instance,
    /// The service's port first, then the health check's where it is another.
    pub ports: &'a [u16],
    /// For whom. Without it the network alone is judged, and remedies that need its wishes are left to a person.
    pub wish: Option<Wish<'a>>,
}

/// A binding, and the deployment that serves it: which listener and server group are meant, and what is ours.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// Whose marks count as ours.
    pub deployment: &'a Deployment,
    /// What is wanted.
    pub binding: &'a Binding,
}

/// The answer to a [`Question`], with every hop that led to it.
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

/// Follows the packets of one question.
#[must_use]
pub fn explain(question: Question<'_>) -> Explanation {
    let Question { topology, sources, load_balancer_vpc, instance, ports, wish } = question;
    analysis::Analysis::new(topology, load_balancer_vpc, sources, ports, wish).explain(instance)
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
    let mut analysis = analysis::Analysis::new(topology, load_balancer_vpc, sources, ports, None);
    instances.into_iter().map(|instance| (instance.id.clone(), analysis.verdict(instance))).collect()
}
