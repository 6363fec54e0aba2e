//! What a plan that a person approved covers: its changes whenever they are made, and what it says follows from them.

use crate::change::{Change, Write};
use crate::mark::MemberState;
use crate::plan::Plan;
use crate::reason::{Code, Reason};

impl Write {
    /// Whether both do the same, whenever they are done: a member's note carries the time at which it is written, which
    /// no two plans share. Nothing else may differ.
    #[must_use]
    pub fn same_intent(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::UpdateServer { instance, address, port, weight, state },
                Self::UpdateServer { instance: whom, address: at, port: on, weight: to, state: noted },
            ) => (instance, address, port, weight) == (whom, at, on, to) && state.same_kind(*noted),
            _ => self == other,
        }
    }
}

impl Plan {
    /// Whether a person who approved this plan approved `write`: it is one of its changes, blocked at that time or not, or
    /// follows from them and was named.
    #[must_use]
    pub fn covers(&self, write: &Write) -> bool {
        self.changes.iter().any(|change| change.write.same_intent(write)) || self.names(write)
    }

    /// Whether `write` is said to follow from this plan.
    fn names(&self, write: &Write) -> bool {
        self.follow_ups.iter().any(|follow_up| follow_up.write.same_intent(write))
    }

    /// What a plan made later, `now`, would write that this one does not, and the other way round, in words; empty if it
    /// may be applied in this one's place. That time has passed is no difference.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let open = |plan: &Self| plan.changes.iter().filter(|change| change.is_open()).cloned().collect::<Vec<_>>();
        let (before, after) = (open(self), open(now));
        let gone = before.iter().filter(|change| !has(&after, &change.write) && !now.is_past(&change.write));
        let new = after.iter().filter(|change| !has(&before, &change.write) && !self.awaited(&change.write));
        let gone = gone.map(|change| format!("no longer: {}", change.write));
        gone.chain(new.map(|change| format!("new: {}", change.write))).collect()
    }

    /// Whether this plan shows that `write` has been made: whoever is to be removed was sent away, or marked, before.
    fn is_past(&self, write: &Write) -> bool {
        let Write::UpdateServer { instance, address, port, state, .. } = write else { return false };
        if !matches!(state, MemberState::Draining(_) | MemberState::Released(_)) {
            return false;
        }
        self.changes.iter().any(|change| {
            matches!(&change.write, Write::RemoveServer { instance: leaver, address: at, port: on, .. }
                if leaver == instance && at == address && on == port)
        })
    }

    /// Whether `write` is a change that only time stood against, or that was said to follow.
    fn awaited(&self, write: &Write) -> bool {
        let mut same = self.changes.iter().filter(|change| change.write.same_intent(write));
        same.any(|change| change.blocked.iter().all(lapses)) || self.names(write)
    }
}

fn has(changes: &[Change], write: &Write) -> bool {
    changes.iter().any(|change| change.write.same_intent(write))
}

/// Whether time alone takes a reason away: the hold of those who left before is over, for the leaver itself or for the cap
/// that counts them.
fn lapses(reason: &Reason) -> bool {
    reason.until.is_some() || reason.code == Code::RemovalCapped
}
