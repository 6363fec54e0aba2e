//! How much the attempts of a stage have written, across the invocations of one process: an attempt that fails has no report, and what it wrote is
//! reported by the one that does not.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use onboarding::change::Tally;
use onboarding::ids::BindingName;
use onboarding::{Plan, StageName, Write};

/// The most runs that are remembered: a stage that never reports is not counted for ever.
const MOST: usize = 64;

/// Whose attempts they are: stage, binding and run.
type Attempts = (StageName, BindingName, String);

/// The writes that no report has told yet.
#[derive(Debug, Default)]
pub(crate) struct Tallies(Mutex<BTreeMap<Attempts, Written>>);

/// What the attempts of a stage have written, each write once, however often it was sent.
#[derive(Debug, Default)]
pub(crate) struct Written(Vec<Write>);

impl Written {
    fn note(&mut self, write: &Write) {
        if !self.has(write) {
            self.0.push(write.clone());
        }
    }

    fn has(&self, write: &Write) -> bool {
        self.0.iter().any(|written| written.same_intent(write))
    }

    /// How many of each kind there are.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.0.iter().for_each(|write| tally.count(write.kind()));
        tally
    }

    /// How many changes of a stage somebody approved that `plan` does not have any more, although they were not written here: others made them
    /// meanwhile, or nobody needs them now. Where not everything could be read, a plan may lack what is still to be made.
    pub(crate) fn found(&self, stage: StageName, approved: &Plan, plan: &Plan) -> usize {
        if !plan.is_whole() {
            return 0;
        }
        let is_planned = |write: &Write| plan.of(stage).any(|change| change.write.same_intent(write));
        let open = approved.of(stage).filter(|change| change.is_open()).map(|change| &change.write);
        open.filter(|write| !self.has(write) && !is_planned(write)).count()
    }
}

impl Tallies {
    /// Notes a write.
    pub(crate) fn note(&self, stage: StageName, binding: &BindingName, run: &str, write: &Write) {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let whose = (stage, binding.clone(), run.to_owned());
        if tallies.len() >= MOST && !tallies.contains_key(&whose) {
            tallies.clear();
        }
        tallies.entry(whose).or_default().note(write);
    }

    /// What was written since this was asked the last time.
    pub(crate) fn take(&self, stage: StageName, binding: &BindingName, run: &str) -> Written {
        let whose = (stage, binding.clone(), run.to_owned());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&whose).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use onboarding::Change;

    use super::*;

    const STAGE: StageName = StageName::VpcRoutes;

    fn remove(entry: &str) -> Write {
        Write::RemoveVpcRoute {
            region: "cn-hangzhou".into(),
            vpc: "vpc-b".into(),
            table: "vtb-1".into(),
            route: entry.into(),
            destination: "10.1.0.0/16".parse().unwrap(),
        }
    }

    #[test]
    fn what_attempts_wrote_is_told_once_to_their_own_run() {
        let tallies = Tallies::default();
        let note = |run: &str, entry: &str| tallies.note(STAGE, &"web".into(), run, &remove(entry));
        let take = |run: &str| tallies.take(STAGE, &"web".into(), run).tally();
        note("web-1", "rte-1");
        note("web-1", "rte-2");
        note("web-1", "rte-1");
        note("web-2", "rte-1");
        assert_eq!(take("web-1"), Tally { added: 0, changed: 0, removed: 2 }, "what is sent again is one write");
        assert!(take("web-1").is_empty());
        assert_eq!(take("web-2").total(), 1);
        for run in 0..1000 {
            note(&format!("web-{run}"), "rte-1");
        }
        assert!(tallies.0.lock().unwrap().len() <= MOST);
        assert_eq!(take("web-999").removed, 1);
    }

    #[test]
    fn what_is_neither_planned_any_more_nor_written_here_was_found() {
        let plan = |entries: &[&str]| {
            let changes = entries.iter().map(|entry| Change::new(STAGE, remove(entry))).collect();
            Plan { changes, ..Plan::default() }
        };
        let approved = plan(&["rte-1", "rte-2", "rte-3"]);
        let mut written = Written::default();
        written.note(&remove("rte-1"));
        assert_eq!(written.found(STAGE, &approved, &plan(&["rte-2"])), 1, "one is written, one still to be made");
        assert_eq!(written.found(STAGE, &approved, &plan(&[])), 2);
        assert_eq!(written.found(StageName::Prune, &approved, &plan(&[])), 0, "another stage's");
        let mut torn = plan(&[]);
        let failed =
            serde_json::json!([{"cause": "network", "code": "Timeout", "action": "DescribeVpcs", "message": ""}]);
        torn.unread = serde_json::from_value(failed).unwrap();
        assert_eq!(written.found(STAGE, &approved, &torn), 0, "it may be there, and not be seen");
    }
}
