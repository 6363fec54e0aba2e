//! What a plan is made from: the binding, what was seen, and what the analysis of paths says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::binding::{Binding, Provision};
use crate::ids::InstanceId;
use crate::mark::Deployment;
use crate::reason::Reason;
use crate::topology::Topology;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Whose marks count as ours.
    pub deployment: &'a Deployment,
    /// What is wanted.
    pub binding: &'a Binding,
    /// Every binding of the store, this one among them, in the order of the store.
    pub store: &'a [Binding],
    /// What was seen.
    pub topology: &'a Topology,
    /// When it was seen.
    pub now: Timestamp,
    /// Whether a person saw this plan and said yes.
    pub approved: bool,
    /// When the invocation began: a mark that is not older was not there at its first reading.
    pub opened: Timestamp,
    /// Members that this invocation has dealt with already.
    pub departures: &'a Departures,
}

/// Members that an invocation has dealt with already: a listing may not show it yet, and the caps count them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Departures {
    /// Sent away with weight 0.
    pub drained: BTreeSet<InstanceId>,
    /// Removed, for their release was proven.
    pub released: BTreeSet<InstanceId>,
}

impl Inputs<'_> {
    /// Whether paid and wide changes may be made.
    pub(crate) fn may_do_everything(&self) -> bool {
        self.approved || self.binding.provision == Provision::Auto
    }
}

impl Departures {
    /// Nobody yet.
    pub const NONE: &'static Self = &Self { drained: BTreeSet::new(), released: BTreeSet::new() };
}

/// The analysis' answer about one instance's path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "verdict", content = "because")]
pub enum Verdict {
    /// Packets arrive and answers come back.
    Reachable,
    /// They do not; the first fault says why.
    Unreachable(Reason),
    /// Some source prefixes or ports work and some do not.
    Ambiguous(Reason),
    /// Something that decides it could not be read.
    Undetermined(Reason),
}

/// Verdicts by instance.
pub type Verdicts = BTreeMap<InstanceId, Verdict>;
