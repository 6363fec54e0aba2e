//! Of all parts that packets pass or would pass, the faults besides the first ones: each has to be mended, whatever else is.

use onboarding::reason::Code;

use crate::behind::is_everywhere;
use crate::fault::{Fault, Remedy, Task};
use crate::path::Path;

/// The faults of one question, each once.
pub(crate) struct Also {
    told: Vec<Fault>,
    paths: Vec<Path>,
}

impl Also {
    /// Besides these, the first ones of both directions.
    pub(crate) fn besides(first: [&Path; 2]) -> Self {
        Self { told: first.into_iter().filter_map(|path| path.fault.clone()).collect(), paths: Vec::new() }
    }

    /// Adds the fault of a part, if it has one that is certain, that does not pass by itself, and that no other one stands for.
    pub(crate) fn add(&mut self, path: Path) {
        let Some(fault) = &path.fault else { return };
        if is_fact(fault) && !self.told.iter().any(|told| is_one(told, fault)) {
            self.told.push(fault.clone());
            self.paths.push(path);
        }
    }

    /// The paths, each up to its fault. While prefixes are on both sides, nothing else is certain.
    pub(crate) fn into_paths(self) -> Vec<Path> {
        if self.told.iter().any(|fault| is_everywhere(&fault.remedy)) {
            return Vec::new();
        }
        self.paths
    }
}

/// Whether it is known to be a fault, takes more than time, and is none of an entry alone that leads to an attachment which is gone: that
/// follows from what is gone.
const fn is_fact(fault: &Fault) -> bool {
    let is_read = !matches!(fault.reason.code, Code::Unread | Code::NotAsked);
    let is_left = matches!(fault.reason.code, Code::NotAttached)
        && matches!(fault.remedy, Remedy::Operator(Task::RemoveTransitRoute { .. }));
    is_read && !is_left && !matches!(fault.remedy, Remedy::Time { .. } | Remedy::Operator(Task::LetRead { .. }))
}

/// Whether one of two faults stands for both: a list of rules is one, whatever it drops; else what is mended by the same is.
fn is_one(one: &Fault, other: &Fault) -> bool {
    let (a, b) = (&one.reason, &other.reason);
    let is_of_rules = matches!(a.code, Code::NetworkAcl | Code::NotAllowed | Code::RuleShadowed);
    (a.code, &a.resource) == (b.code, &b.resource) && (is_of_rules || a == b || one.remedy == other.remedy)
}
