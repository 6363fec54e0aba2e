//! Plans: the difference between what a binding wants and what was seen, as changes. Pure.
//!
//! One module per stage; [`checks`] block what cannot work. A plan is made for a whole binding at once; each stage applies its own part of it.
//!
//! ```text
//!   network(inputs) ──► project(topology, changes) ──► verdicts (reachability) ──► members(inputs, verdicts)
//!                                                                                  prune(inputs, others)
//! ```

mod approval;
mod back_to_origin;
mod backend_servers;
mod consent;
mod follow_ups;
mod lane;
mod links;
mod listener;
mod obstacles;
mod peer_attachment;
mod project;
mod prune;
mod ready;
mod routes;
mod security_rules;
mod server_group;
mod vpc_attachments;
mod vpc_routes;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::binding::Binding;
use crate::change::{Change, StageName};
use crate::checks;
use crate::ids::InstanceId;
use crate::mark::Deployment;
use crate::reason::{Code, Reason, Severity};
use crate::topology::{Topology, Unknown};
use crate::unread::FailedCalls;
use crate::wanted;

pub(crate) use consent::{may_do_everything, uses};
pub(crate) use listener::unheard;
pub(crate) use routes::describe;

pub(crate) use backend_servers::SERVERS_PER_GROUP;

pub use backend_servers::{HOLD, RECHECK};
pub use follow_ups::{After, FollowUp, follow_ups};
pub use project::{project, project_unwaiting};
pub use prune::prune;
pub use ready::{Readiness, ready};

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

impl Departures {
    /// Nobody yet.
    pub const NONE: &'static Self = &Self { drained: BTreeSet::new(), released: BTreeSet::new() };
}

/// Changes to make, and what else there is to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// In the order of the stages.
    pub changes: Vec<Change>,
    /// What still converges, by the stage that waits for it.
    pub pending: Vec<Pending>,
    /// What is wrong without a change of ours being blocked by it.
    pub findings: Vec<Reason>,
    /// What follows once the changes are made; empty unless a person is to see the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follow_ups: Vec<FollowUp>,
    /// The calls that failed while the cloud was read for it: a plan with any of these may lack changes.
    #[serde(default, skip_serializing_if = "FailedCalls::is_empty")]
    pub unread: FailedCalls,
}

impl Plan {
    /// The part of one stage.
    pub fn of(&self, stage: StageName) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.stage == stage)
    }

    /// What of one stage still converges.
    pub fn pending_of(&self, stage: StageName) -> impl Iterator<Item = &Pending> {
        self.pending.iter().filter(move |pending| pending.stage == stage)
    }

    /// Both plans, one after the other.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.changes.extend(other.changes);
        self.pending.extend(other.pending);
        for finding in other.findings {
            self.find(finding);
        }
        self.follow_ups.extend(other.follow_ups);
        self.unread.extend(&other.unread);
        self
    }

    /// Whether everything that decides could be read. Without that, "nothing to change" says nothing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let mut blocking = self.changes.iter().flat_map(|change| &change.blocked);
        self.unread.is_empty()
            && !self.findings.iter().any(|finding| finding.code == Code::Unread)
            && !blocking.any(|reason| reason.code == Code::Unread)
    }

    /// Findings that mean that what the binding wants cannot work as it is.
    pub fn errors(&self) -> impl Iterator<Item = &Reason> {
        self.findings.iter().filter(|finding| finding.code.severity() == Severity::Error)
    }

    /// What a stage did not ask for is no finding: a plan says nothing of the parts that it was not made from.
    fn find(&mut self, reason: Reason) {
        if reason.code != Code::NotAsked && !self.findings.contains(&reason) {
            self.findings.push(reason);
        }
    }

    /// Something is on its way, and nothing else of its lane may be written until it has arrived.
    fn wait(&mut self, stage: StageName, lane: impl Into<String>, what: String) {
        self.pending.push(Pending { stage, what, lane: Some(lane.into()) });
    }

    /// Something is on its way, and holds up nothing.
    fn expect(&mut self, stage: StageName, what: String) {
        self.pending.push(Pending { stage, what, lane: None });
    }

    fn unread(&mut self, what: &str, why: Option<Unknown<'_>>) {
        let why = why.unwrap_or_default();
        self.find(why.reason(what, format!("Could not read {what}: {why}.")));
    }
}

/// The plan of everything up to the members: server group, listener, attachments, routes, rules.
#[must_use]
pub fn network(inputs: &Inputs<'_>) -> Plan {
    let wants = wanted::wants(inputs);
    let mut plan = Plan { unread: inputs.topology.unread.clone(), ..Plan::default() };
    server_group::plan(inputs, &mut plan);
    listener::plan(inputs, &mut plan);
    vpc_attachments::plan(inputs, &mut plan);
    peer_attachment::plan(inputs, &mut plan);
    vpc_routes::plan(inputs, &wants, &mut plan);
    back_to_origin::plan(inputs, &wants, &mut plan);
    security_rules::plan(inputs, &wants, &mut plan);
    consent::settle(inputs, checks::check(inputs), &mut plan);
    plan
}

/// What costs money waits while the analysis says, with the plan's open changes made, that no selected instance of the backends
/// that it serves can be reached.
pub fn withhold(inputs: &Inputs<'_>, verdicts: &Verdicts, plan: &mut Plan) {
    consent::withhold(inputs, verdicts, plan);
}

/// The plan of the members, given what the analysis says about each instance's path.
#[must_use]
pub fn members(inputs: &Inputs<'_>, verdicts: &Verdicts) -> Plan {
    let mut plan = Plan { unread: inputs.topology.unread.clone(), ..Plan::default() };
    let findings = checks::check(inputs);
    backend_servers::plan(inputs, verdicts, &findings, &mut plan);
    plan
}

/// Something on its way to where it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// Who waits for it.
    pub stage: StageName,
    /// What it is, as in `attachment tr-attach-1 is Attaching`.
    pub what: String,
    /// The lane of writes that it holds up (see [`Write::lane`](crate::Write::lane)), if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
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
