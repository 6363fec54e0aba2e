//! What a person's approval of a plan covers: its changes, whenever they are made, and its follow-up changes.

use crate::change::{Change, Write};
use crate::mark::MemberState;
use crate::plan::Plan;
use crate::reason::{Code, Reason};

impl Write {
    /// Whether both have the same effect, whenever they are made. The state in a member's description contains the time at
    /// which it is written, which differs between two plans. Nothing else may differ.
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

    /// Whether this planned write does what a fault asks for.
    pub(crate) fn does(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::AllowIngress { group, .. }, Self::AllowIngress { group: of, .. }) => group == of,
            (Self::AddServer { instance, .. }, Self::AddServer { instance: of, .. })
            | (Self::UpdateServer { instance, .. }, Self::UpdateServer { instance: of, .. }) => instance == of,
            (Self::AttachVpc { vpc, .. }, Self::AttachVpc { vpc: of, .. }) => vpc == of,
            (Self::Connect { from, to, .. }, Self::Connect { from: a, to: b, .. }) => (from, to) == (a, b),
            (planned, wanted) => planned.same_intent(wanted),
        }
    }
}

impl Plan {
    /// The change of this plan that does what a fault asks for, open or blocked.
    #[must_use]
    pub fn mender(&self, wanted: &Write) -> Option<&Change> {
        self.changes.iter().find(|change| change.write.does(wanted))
    }

    /// Whether the approval of this plan covers `write`: it is one of the plan's changes, blocked at that time or not, or
    /// one of its follow-up changes.
    #[must_use]
    pub fn covers(&self, write: &Write) -> bool {
        self.changes.iter().any(|change| change.write.same_intent(write)) || self.names(write)
    }

    /// Whether `write` is a follow-up change of this plan.
    fn names(&self, write: &Write) -> bool {
        self.follow_ups.iter().any(|follow_up| follow_up.write.same_intent(write))
    }

    /// The differences between the writes of this plan and of a later plan `now`, in words; empty if `now` may be applied
    /// in its place. Differences that only result from the passing of time do not count.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let open = |plan: &Self| plan.changes.iter().filter(|change| change.is_open()).cloned().collect::<Vec<_>>();
        let (before, after) = (open(self), open(now));
        let gone = before.iter().filter(|change| !has(&after, &change.write) && !now.is_past(&change.write));
        let new = after.iter().filter(|change| !has(&before, &change.write) && !self.awaited(&change.write));
        let gone = gone.map(|change| format!("no longer: {}", change.write));
        gone.chain(new.map(|change| format!("new: {}", change.write))).collect()
    }

    /// Whether this plan shows that `write` has already been made: it removes the member, which was drained or marked
    /// before.
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

    /// Whether `write` is a change that only time blocked, or a follow-up change.
    fn awaited(&self, write: &Write) -> bool {
        let mut same = self.changes.iter().filter(|change| change.write.same_intent(write));
        same.any(|change| change.blocked.iter().all(lapses)) || self.names(write)
    }
}

fn has(changes: &[Change], write: &Write) -> bool {
    changes.iter().any(|change| change.write.same_intent(write))
}

/// Whether a reason ends with time alone: the hold of earlier leavers ends, either for the leaver itself or for the cap
/// that counts them.
fn lapses(reason: &Reason) -> bool {
    reason.until.is_some() || reason.code == Code::RemovalCapped
}
