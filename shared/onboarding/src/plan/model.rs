//! The data model of a plan.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::change::{Change, StageName};
use crate::ids::Region;
use crate::plan::follow_up::FollowUp;
use crate::reason::{Code, Reason, Severity};
use crate::topology::Unknown;
use crate::unread::FailedCalls;

/// Changes to make, and what else to report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// In the order of the stages.
    pub changes: Vec<Change>,
    /// What is still in progress, by the stage that waits for it.
    pub pending: Vec<Pending>,
    /// Problems that block no change of ours.
    pub findings: Vec<Reason>,
    /// The follow-up changes; empty unless a person is to approve the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follow_ups: Vec<FollowUp>,
    /// Settings that differ from the binding's and are left as they are, because it says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<Ignored>,
    /// The calls that failed during the readings for it. A plan with failed calls may lack changes.
    #[serde(default, skip_serializing_if = "FailedCalls::is_empty")]
    pub unread: FailedCalls,
}

impl Plan {
    /// The changes of one stage.
    pub fn of(&self, stage: StageName) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.stage == stage)
    }

    /// What is still in progress for one stage.
    pub fn pending_of(&self, stage: StageName) -> impl Iterator<Item = &Pending> {
        self.pending.iter().filter(move |pending| pending.stage == stage)
    }

    /// Both plans as one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.changes.extend(other.changes);
        self.pending.extend(other.pending);
        for finding in other.findings {
            self.find(finding);
        }
        self.follow_ups.extend(other.follow_ups);
        for ignored in other.ignored {
            self.ignore(ignored);
        }
        self.unread.extend(&other.unread);
        self
    }

    /// Whether all of the input could be read. If not, a plan without changes proves nothing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let mut blocking = self.changes.iter().flat_map(|change| &change.blocked);
        self.unread.is_empty()
            && !self.findings.iter().any(|finding| finding.code == Code::Unread)
            && !blocking.any(|reason| reason.code == Code::Unread)
    }

    /// Findings that mean that what the binding wants cannot work in the present state.
    pub fn errors(&self) -> impl Iterator<Item = &Reason> {
        self.findings.iter().filter(|finding| finding.code.severity() == Severity::Error)
    }

    /// Adds a finding, but not for a fact that was not asked for: a plan reports nothing about parts that it does not
    /// cover.
    pub(super) fn find(&mut self, reason: Reason) {
        if reason.code != Code::NotAsked && !self.findings.contains(&reason) {
            self.findings.push(reason);
        }
    }

    /// Notes a difference that is left as it is.
    pub(super) fn ignore(&mut self, ignored: Ignored) {
        if !self.ignored.contains(&ignored) {
            self.ignored.push(ignored);
        }
    }

    /// Notes a change in progress that blocks other writes of its lane until it is complete.
    pub(super) fn wait(&mut self, stage: StageName, lane: impl Into<String>, awaited: Awaited, what: String) {
        self.pending.push(Pending { stage, what, lane: Some(lane.into()), awaited: Some(awaited) });
    }

    /// Notes a change in progress that blocks no other write.
    pub(super) fn expect(&mut self, stage: StageName, awaited: Awaited, what: String) {
        self.pending.push(Pending { stage, what, lane: None, awaited: Some(awaited) });
    }

    pub(super) fn unread(&mut self, what: &str, why: Option<Unknown<'_>>) {
        let why = why.unwrap_or_default();
        self.find(why.reason(what, format!("Could not read {what}: {why}.")));
    }
}

/// A setting that differs from the binding's and is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ignored {
    /// Whose: a server group's id, or a member's address and port.
    pub resource: String,
    /// Its name, as in `weight`.
    pub setting: String,
    /// What is there.
    pub have: String,
    /// What the binding says.
    pub wanted: String,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, setting, have, wanted } = self;
        write!(f, "{setting} of {resource} is {have}, not {wanted}")
    }
}

/// A change in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// The stage that waits for it.
    pub stage: StageName,
    /// A description, as in `attachment tr-attach-1 is Attaching`.
    pub what: String,
    /// The lane that it blocks (see [`Write::lane`](crate::Write::lane)), if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// What it is that changes. A saved plan does not contain it: it only says where to look next.
    #[serde(skip)]
    pub awaited: Option<Awaited>,
}

/// What a pending change is about, and the region whose listings show it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants and fields say what they are")]
pub enum Awaited {
    LoadBalancer,
    TransitRouter,
    VpcAttachment {
        region: Region,
    },
    /// The listings of both of its regions show it.
    Connection,
    Association {
        region: Region,
    },
    Propagation {
        region: Region,
    },
    VpcRoute {
        region: Region,
    },
    TransitRoute {
        region: Region,
    },
    /// A route that a transit router learns from others.
    Learned {
        region: Region,
    },
    ServerGroup,
    Listener,
    Member,
}
