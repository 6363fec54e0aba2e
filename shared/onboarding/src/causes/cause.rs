//! A cause, and what mends it.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::kept::Kept;
use crate::ids::BindingName;
use crate::reason::{Code, Reason, Severity};

/// A problem that follows from no other one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// The problem; of several of one kind the first.
    #[serde(flatten)]
    pub reason: Reason,
    /// How many more problems of this kind it stands for.
    pub more: usize,
    /// What they are, each in a sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// What mends it, in a sentence.
    pub remedy: String,
    /// Whether a run mends it without anybody.
    pub by_run: bool,
    /// The changes that wait for it, as indices into [`Plan::changes`](crate::Plan::changes).
    pub changes: Vec<usize>,
    /// The instances that it is about, and what it does to each.
    pub instances: Vec<Kept>,
    /// The same problem of each instance by itself, where one cause stands for several of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<Cause>,
}

impl Cause {
    /// A problem of which nothing else is known than what mends it.
    pub(super) const fn alone(reason: Reason, remedy: String) -> Self {
        Self {
            reason,
            more: 0,
            others: Vec::new(),
            remedy,
            by_run: false,
            changes: Vec::new(),
            instances: Vec::new(),
            each: Vec::new(),
        }
    }

    /// The problems that it stands for, each with a resource of its own: those of each instance, or it alone.
    #[must_use]
    pub fn apart(&self) -> &[Self] {
        if self.each.is_empty() { std::slice::from_ref(self) } else { &self.each }
    }

    /// Whether it is one problem of all that have it, so that which of them is named first says nothing.
    #[must_use]
    pub(crate) const fn stands_for_all(&self) -> bool {
        is_alone(self.reason.code)
    }
}

/// Whether the code alone says what the problem is: one cause stands for all resources that have it.
pub(super) const fn is_alone(code: Code) -> bool {
    matches!(
        code,
        Code::NotApproved
            | Code::NotMember
            | Code::RemovalWaits
            | Code::RemovalCapped
            | Code::RemovalFloor
            | Code::ReleaseMarked
            | Code::ServerQuota
            | Code::Unread
            | Code::NotAsked
    )
}

/// By what a problem is told apart from others: the code, and the resource unless the code alone says it. Problems with the same key are one
/// kind, and one of them stands for all.
#[must_use]
pub fn key(reason: &Reason) -> (Code, &str) {
    (reason.code, if is_alone(reason.code) { "" } else { reason.resource.as_str() })
}

impl Cause {
    /// The problem as a reason that begins with the instances that it is about; nothing if there are none.
    #[must_use]
    pub fn about_instances(&self) -> Option<Reason> {
        let first = self.instances.first()?.named();
        let more = match self.instances.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("{first}{more}: {}", self.reason.message);
        Some(Reason { message, ..self.reason.clone() })
    }

    /// What cannot work comes before what waits or is not known, then comes what a run mends, and what keeps more comes before what
    /// keeps less. Leavers wait for newcomers, so whatever keeps those comes before that.
    pub(super) fn rank(&self) -> (bool, bool, bool, Reverse<(usize, usize)>) {
        let waits = self.reason.code.severity() == Severity::Warning || self.reason.code == Code::Unread;
        let follows = self.reason.code == Code::RemovalWaits;
        (follows, self.by_run, waits, Reverse((self.instances.len(), self.changes.len())))
    }
}

/// A cause as reports and summaries carry it: apart from the plan whose changes wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Root {
    /// The problem; of several of one kind the first. It begins with the instances that it is about.
    #[serde(flatten)]
    pub reason: Reason,
    /// What mends it, in a sentence.
    pub remedy: String,
}

impl Root {
    /// A problem that is known to follow from no other one, with the remedy of its code.
    #[must_use]
    pub fn new(binding: &BindingName, reason: Reason) -> Self {
        Self { remedy: remedy(binding, &reason), reason }
    }
}

impl From<&Cause> for Root {
    fn from(cause: &Cause) -> Self {
        Self { reason: cause.about_instances().unwrap_or_else(|| cause.reason.clone()), remedy: cause.remedy.clone() }
    }
}

/// What a pause of the whole store is about.
pub const STORE: &str = "store";

/// What mends a problem, where it names no way of its own.
pub(super) fn remedy(binding: &BindingName, reason: &Reason) -> String {
    match reason.code {
        Code::NotApproved if reason.advice.is_none() => {
            format!("Run `albridge apply {binding}`, look, and say yes; or set provision: auto in the binding.")
        }
        Code::ReadOnly if reason.resource == binding.as_str() => {
            format!("Set paused: false in the binding {binding}, and put that where the functions read it.")
        }
        Code::ReadOnly if reason.resource == STORE => {
            "Set paused: false in the store, and put that where the functions read it.".to_owned()
        }
        _ => reason.remedy().to_owned(),
    }
}
