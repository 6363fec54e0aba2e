//! A cause, and whom it keeps from being served.

use std::cmp::Reverse;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::ids::{BindingName, InstanceId};
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
    /// What mends it, in a sentence.
    pub remedy: String,
    /// Whether a run mends it without anybody.
    pub by_run: bool,
    /// The changes that wait for it, as indices into [`Plan::changes`](crate::Plan::changes).
    pub changes: Vec<usize>,
    /// The instances that it keeps from being served.
    pub instances: Vec<Kept>,
}

impl Cause {
    /// Whether it is one problem of all that have it, so that which of them is named first says nothing.
    #[must_use]
    pub(crate) const fn stands_for_all(&self) -> bool {
        is_alone(self.reason.code)
    }
}

/// Whether the code alone says what the problem is: one cause stands for all resources that have it.
const fn is_alone(code: Code) -> bool {
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

/// An instance that is not served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Its id.
    pub id: InstanceId,
    /// Its name.
    pub name: String,
    /// Whether it is a member of the server group.
    pub is_member: bool,
    /// The address at which it is not served, where that is not its primary one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Ipv4Addr>,
}

impl Kept {
    /// `i-ecs1 (ECS1)`, or the id alone; with the address where that is not its primary one.
    #[must_use]
    pub fn named(&self) -> String {
        let named = if self.name.is_empty() || self.name == self.id.as_str() {
            self.id.to_string()
        } else {
            format!("{} ({})", self.id, self.name)
        };
        match self.address {
            None => named,
            Some(address) => format!("{named} at {address}"),
        }
    }
}

impl Cause {
    /// The problem as a reason that begins with the instances that it keeps from being served; nothing if there are none.
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

    /// What cannot work comes before what waits or is not known, what a run mends comes last, and what keeps more comes before what
    /// keeps less.
    pub(super) fn rank(&self) -> (bool, bool, Reverse<(usize, usize)>) {
        let waits = self.reason.code.severity() == Severity::Warning || self.reason.code == Code::Unread;
        (self.by_run, waits, Reverse((self.instances.len(), self.changes.len())))
    }
}

/// A cause as reports and summaries carry it: apart from the plan whose changes wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Root {
    /// The problem; of several of one kind the first. It begins with the instances that it keeps from being served.
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

/// What mends a problem, where it names no way of its own.
pub(super) fn remedy(binding: &BindingName, reason: &Reason) -> String {
    match reason.code {
        Code::NotApproved => {
            format!("Run `albridge apply {binding}`, look, and say yes; or set provision: auto in the binding.")
        }
        Code::ReadOnly if reason.resource == binding.as_str() => {
            format!("Set paused: false in the binding {binding}, and put that where the functions read it.")
        }
        _ => reason.remedy().to_owned(),
    }
}
