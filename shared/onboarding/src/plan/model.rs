//! What a plan holds.

use serde::{Deserialize, Serialize};

use crate::change::{Change, StageName};
use crate::plan::follow_up::FollowUp;
use crate::reason::{Code, Reason, Severity};
use crate::topology::Unknown;
use crate::unread::FailedCalls;

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
    pub(super) fn find(&mut self, reason: Reason) {
        if reason.code != Code::NotAsked && !self.findings.contains(&reason) {
            self.findings.push(reason);
        }
    }

    /// Something is on its way, and nothing else of its lane may be written until it has arrived.
    pub(super) fn wait(&mut self, stage: StageName, lane: impl Into<String>, what: String) {
        self.pending.push(Pending { stage, what, lane: Some(lane.into()) });
    }

    /// Something is on its way, and holds up nothing.
    pub(super) fn expect(&mut self, stage: StageName, what: String) {
        self.pending.push(Pending { stage, what, lane: None });
    }

    pub(super) fn unread(&mut self, what: &str, why: Option<Unknown<'_>>) {
        let why = why.unwrap_or_default();
        self.find(why.reason(what, format!("Could not read {what}: {why}.")));
    }
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
