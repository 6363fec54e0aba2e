//! A problem as a receiver is told of it.

use serde::Serialize;

use crate::binding::Binding;
use crate::causes::{self, Cause, Kept};
use crate::ids::BindingName;
use crate::reason::Code;

/// The most instances that are named.
const NAMED: usize = 5;

/// A problem that no run mends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// Whose.
    pub binding: BindingName,
    /// The server group of the binding.
    pub group: String,
    /// The code.
    pub code: Code,
    /// The resource.
    pub resource: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The first instances that it is about.
    pub instances: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// What becomes of them: `i-ecs1 (ECS1) and 2 more are not served`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// What mends it, in a sentence: what `status` says.
    pub remedy: String,
}

impl Fault {
    /// A cause of a binding; nothing if a run mends it, or time alone. No run does while the binding is `paused`.
    #[must_use]
    pub fn of(binding: &Binding, cause: &Cause, paused: bool) -> Option<Self> {
        let passes = match cause.reason.code {
            // It ends when the newcomers are healthy.
            Code::RemovalWaits => true,
            // The next runs take the rest, if any may leave at all.
            Code::RemovalCapped => binding.removal.max_percent > 0,
            _ => cause.reason.until.is_some(),
        };
        if passes || (cause.by_run && !paused) {
            return None;
        }
        let remedy = match cause.by_run {
            true => "Take `paused` back in the store: then the next run mends it.".to_owned(),
            false => cause.remedy.clone(),
        };
        let message = match cause.more {
            0 => cause.reason.message.clone(),
            more => format!("{} (and {more} more)", cause.reason.message.trim_end_matches('.')),
        };
        Some(Self {
            binding: binding.name.clone(),
            group: binding.server_group.name.clone(),
            code: cause.reason.code,
            // One problem for all instances is the binding's, whichever of them is named first.
            resource: match cause.stands_for_all() {
                true => binding.name.to_string(),
                false => cause.reason.resource.clone(),
            },
            message,
            instances: cause.instances.iter().take(NAMED).map(Kept::named).collect(),
            more: cause.instances.len().saturating_sub(NAMED),
            kept: causes::words(&cause.instances, NAMED),
            remedy,
        })
    }

    pub(super) fn key(&self) -> (Code, &str) {
        (self.code, &self.resource)
    }
}
