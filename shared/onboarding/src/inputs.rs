//! The inputs of a plan: the binding, the observed state, and the verdicts on paths.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::binding::{Binding, Provision};
use crate::ids::InstanceId;
use crate::mark::Deployment;
use crate::reason::Reason;
use crate::topology::Topology;

/// The inputs of a plan.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The deployment whose ownership tags count as ours.
    pub deployment: &'a Deployment,
    /// The binding, which defines the desired state.
    pub binding: &'a Binding,
    /// All bindings of the store, including this one, in the order of the store.
    pub store: &'a [Binding],
    /// The observed state.
    pub topology: &'a Topology,
    /// The time of the plan.
    pub now: Timestamp,
    /// Whether a person approved this plan.
    pub approved: bool,
    /// When the invocation started. A mark that is not older than this was written after its first reading.
    pub opened: Timestamp,
    /// Members that this invocation has already drained or deregistered.
    pub departures: &'a Departures,
}

/// Members that an invocation has already drained or deregistered: a listing may still be stale, and the removal caps count
/// them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Departures {
    /// Set to weight 0.
    pub drained: BTreeSet<InstanceId>,
    /// Deregistered, because their release was proven.
    pub released: BTreeSet<InstanceId>,
}

impl Inputs<'_> {
    /// Whether billed and far-reaching changes may be made without further approval.
    pub(crate) fn may_do_everything(&self) -> bool {
        self.approved || self.binding.provision == Provision::Auto
    }
}

impl Departures {
    /// The empty set.
    pub const NONE: &'static Self = &Self { drained: BTreeSet::new(), released: BTreeSet::new() };
}

/// The result of the reachability analysis for one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "verdict", content = "because")]
pub enum Verdict {
    /// Packets reach it, and answers return.
    Reachable,
    /// They do not; the reason is the first fault.
    Unreachable(Reason),
    /// Some source prefixes or ports work, and some do not.
    Ambiguous(Reason),
    /// Part of the input could not be read.
    Undetermined(Reason),
}

/// The verdicts by instance.
pub type Verdicts = BTreeMap<InstanceId, Verdict>;
