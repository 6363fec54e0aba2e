//! What was done, for whoever runs the test: `target/dataplane-summary.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use crate::outcome::{Answers, Outcome};

/// The counts. `byHop` counts requests by where they died, as the kernel says.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub(crate) topologies: usize,
    /// Topologies in which every request was answered.
    pub(crate) reachable: usize,
    pub(crate) requests: usize,
    pub(crate) answered: usize,
    pub(crate) by_hop: BTreeMap<String, usize>,
    #[serde(skip)]
    pub(crate) kinds: BTreeSet<String>,
    /// Topologies about which the judges did not agree.
    pub(crate) disagreements: usize,
    pub(crate) skipped: bool,
    /// Why it was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl Summary {
    pub(crate) fn skipped(why: &str) -> Self {
        Self { skipped: true, reason: Some(why.to_owned()), ..Self::default() }
    }

    pub(crate) fn count(&mut self, kernel: &Answers, agreed: bool) {
        self.topologies += 1;
        self.disagreements += usize::from(!agreed);
        self.reachable += usize::from(kernel.values().all(Outcome::is_open));
        self.requests += kernel.len();
        for outcome in kernel.values() {
            self.kinds.insert(outcome.kind());
            match outcome {
                Outcome::Answered => self.answered += 1,
                other => *self.by_hop.entry(other.to_string()).or_default() += 1,
            }
        }
    }

    /// Writes it beside the build's other results.
    pub(crate) fn write(&self) {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        std::fs::write(target.join("dataplane-summary.json"), serde_json::to_string_pretty(self).unwrap() + "\n")
            .unwrap();
    }
}
