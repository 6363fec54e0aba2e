//! Lanes that the cloud refuses, across the invocations of one process: a refusal that stays is reported after a dozen of them, and an
//! invocation has time for half a dozen.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use onboarding::ids::BindingName;
use onboarding::{Reason, StageName, Write};

use crate::waits::BusyLanes;

/// How soon the next invocation has to come, for its refusals to be ones in a row.
const FRESH: SignedDuration = SignedDuration::from_mins(1);
/// The most runs that are remembered.
const MOST: usize = 64;

/// Whose invocations they are: stage, binding and run.
type Whose = (StageName, BindingName, String);

/// What was refused because something else is being changed.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    /// The lanes that wait for it.
    pub(crate) busy: BusyLanes,
    /// The writes that were refused a dozen times, and the reasons to report. They are not tried again in this run: others of their lane have
    /// their turn.
    pub(crate) for_good: Vec<(Write, Reason)>,
}

/// What was refused when the time of an invocation was over.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<Whose, (Timestamp, Refused)>>);

impl Refusals {
    /// Notes what an invocation leaves that another one will go on from.
    pub(crate) fn put(&self, stage: StageName, binding: &BindingName, run: &str, now: Timestamp, refused: Refused) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (noted, _)| now.duration_since(*noted) <= FRESH);
        let is_something = !refused.busy.is_empty() || !refused.for_good.is_empty();
        if is_something && all.len() < MOST {
            all.insert((stage, binding.clone(), run.to_owned()), (now, refused));
        }
    }

    /// What the invocation before this one left, if it ended a moment ago.
    pub(crate) fn take(&self, stage: StageName, binding: &BindingName, run: &str, now: Timestamp) -> Refused {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = all.remove(&(stage, binding.clone(), run.to_owned()));
        left.filter(|(noted, _)| now.duration_since(*noted) <= FRESH).map(|(_, refused)| refused).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: StageName = StageName::VpcAttachments;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn busy(times: u32) -> Refused {
        let mut busy = BusyLanes::default();
        for _ in 0..times {
            busy.refused("cen", &write(), "Operation.Blocking", at(0));
        }
        Refused { busy, ..Refused::default() }
    }

    fn write() -> Write {
        Write::CreateListener { protocol: "HTTP".to_owned(), port: 80 }
    }

    fn refusals(mut left: Refused) -> u32 {
        left.busy.refused("cen", &write(), "Operation.Blocking", at(0)).0
    }

    #[test]
    fn refusals_go_on_in_the_next_invocation_of_the_same_run_and_in_no_other() {
        let all = Refusals::default();
        let web = "web".into();
        all.put(STAGE, &web, "web-1", at(0), busy(6));
        assert_eq!(refusals(all.take(STAGE, &web, "web-2", at(1))), 1);
        assert_eq!(refusals(all.take(StageName::PeerAttachment, &web, "web-1", at(1))), 1);
        assert_eq!(refusals(all.take(STAGE, &web, "web-1", at(1))), 7);
        assert_eq!(refusals(all.take(STAGE, &web, "web-1", at(1))), 1, "they are handed on once");
        all.put(STAGE, &web, "web-1", at(0), busy(6));
        assert_eq!(refusals(all.take(STAGE, &web, "web-1", at(61))), 1, "too long ago");
        for run in 0..1000 {
            all.put(STAGE, &web, &format!("web-{run}"), at(0), busy(1));
        }
        assert!(all.0.lock().unwrap().len() <= MOST);
    }
}
