//! How much the attempts of a stage have written, across the invocations of one process: an attempt that fails has no report, and what it wrote is
//! reported by the one that does not.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use onboarding::StageName;
use onboarding::change::{Kind, Tally};
use onboarding::ids::BindingName;

/// The most runs that are remembered: a stage that never reports is not counted for ever.
const MOST: usize = 64;

/// Whose attempts they are: stage, binding and run.
type Attempts = (StageName, BindingName, String);

/// The counts that no report has told yet.
#[derive(Debug, Default)]
pub(crate) struct Tallies(Mutex<BTreeMap<Attempts, Tally>>);

impl Tallies {
    /// Counts a write.
    pub(crate) fn count(&self, stage: StageName, binding: &BindingName, run: &str, kind: Kind) {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let whose = (stage, binding.clone(), run.to_owned());
        if tallies.len() >= MOST && !tallies.contains_key(&whose) {
            tallies.clear();
        }
        tallies.entry(whose).or_default().count(kind);
    }

    /// What was counted since this was asked the last time.
    pub(crate) fn take(&self, stage: StageName, binding: &BindingName, run: &str) -> Tally {
        let whose = (stage, binding.clone(), run.to_owned());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&whose).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_attempts_wrote_is_told_once_to_their_own_run() {
        let tallies = Tallies::default();
        let count = |run: &str, kind| tallies.count(StageName::VpcRoutes, &"web".into(), run, kind);
        let take = |run: &str| tallies.take(StageName::VpcRoutes, &"web".into(), run);
        count("web-1", Kind::Add);
        count("web-1", Kind::Remove);
        count("web-2", Kind::Change);
        assert_eq!(take("web-1"), Tally { added: 1, changed: 0, removed: 1 });
        assert!(take("web-1").is_empty());
        assert_eq!(take("web-2").changed, 1);
        for run in 0..1000 {
            count(&format!("web-{run}"), Kind::Add);
        }
        assert!(tallies.0.lock().unwrap().len() <= MOST);
        assert_eq!(take("web-999").added, 1);
    }
}
