//! What an invocation that ends while it waits leaves to the next one of the same process: how old the changes in progress
//! are, when it would have looked next, and which attachments showed it.
//!
//! ```text
//!   invocation 1  look, write, look ............ time over          leaves: due in 40 s, tr-attach-1 was Attaching
//!   invocation 2  waits until then, reads that attachment ─┬─ still Attaching: waits on, and has read nothing else
//!                                                          └─ anything else: looks, as every invocation does
//! ```
//!
//! It decides when to look, and that waiting goes on. A process that has none (the first, or another instance of the
//! function) looks at once.
//!
//! The readings are handed on too, under the rule for readings of one invocation ([`crate::readings`]): what is careful, or
//! settled, is decided on new ones; links, routes and rules of ours may rest on readings that are at most a minute old. That
//! an invocation ends in between changes nothing of that. Older ones, and those for another store, are dropped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use onboarding::ids::BindingName;
use onboarding::plan::Awaited;
use onboarding::store::Store;
use onboarding::topology::{AttachmentStatus, Topology};
use onboarding::{StageName, Write};

use crate::facts;
use crate::observe::Attaching;
use crate::pace::{self, Pace};
use crate::readings::{Look, Readings};
use crate::session::Session;

/// How soon the next invocation has to come: the workflow calls again after a second, or after ten if no instance was free.
const FRESH: SignedDuration = SignedDuration::from_secs(15);
/// How old readings may be that are handed on: as old as they can become within one invocation.
const MOST: SignedDuration = SignedDuration::from_mins(1);

/// What an invocation was waiting for when its time was over.
#[derive(Debug)]
pub(crate) struct Unfinished {
    /// Since when the changes were seen.
    pub(crate) pace: Pace,
    /// When it would have looked next.
    pub(crate) due: Timestamp,
    /// What it waited for, with the time that it usually takes.
    pub(crate) pending: Vec<(String, Duration)>,
    /// Whether only other stages bring it about.
    pub(crate) of_others: bool,
    /// Whether a link of an attachment was among it.
    pub(crate) links: bool,
    /// The attachments that showed it; empty if they do not show all of it.
    pub(crate) shown: Vec<Attaching>,
    /// What it had read.
    pub(crate) kept: Option<Kept>,
}

/// What an invocation had read.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) readings: Readings,
    /// When the oldest of it was read.
    pub(crate) since: Timestamp,
    /// For which bindings.
    pub(crate) store: Arc<Store>,
    /// What the next look was to read again.
    pub(crate) next: Look,
}

impl Kept {
    /// Hands the readings on to `session`, if they may still be relied on; those that it has made itself stay. Returns when
    /// the oldest of them was made.
    pub(crate) fn hand_on(self, session: &Session<'_>) -> Option<Timestamp> {
        if !is_recent(session.clock().now().duration_since(self.since)) || *self.store != *session.store() {
            return None;
        }
        self.readings.forget(&self.next);
        session.cloud().readings().adopt(&self.readings);
        Some(self.since)
    }
}

/// Whether readings of this age may be handed on. A clock that went back says nothing.
fn is_recent(age: SignedDuration) -> bool {
    !age.is_negative() && age <= MOST
}

impl Unfinished {
    /// `pending` is all that was waited for, over what `topology` shows.
    pub(crate) fn of(
        pace: Pace,
        due: Timestamp,
        pending: &[(&str, &Awaited)],
        of_others: bool,
        topology: &Topology,
    ) -> Self {
        let by_attachments =
            pending.iter().all(|(_, awaited)| matches!(awaited, Awaited::VpcAttachment { .. } | Awaited::Connection));
        Self {
            pace,
            due,
            pending: pending.iter().map(|(what, awaited)| ((*what).to_owned(), pace::usual(awaited))).collect(),
            of_others,
            links: pending.iter().any(|(_, awaited)| is_link(awaited)),
            shown: if by_attachments && !pending.is_empty() { attaching(topology) } else { Vec::new() },
            kept: None,
        }
    }

    /// The wait until the next look, counted from `now`.
    pub(crate) fn next(&mut self, now: Timestamp) -> Duration {
        let pending = self.pending.iter().map(|(what, usual)| (what.as_str(), *usual));
        let wait = match self.of_others {
            true => self.pace.next_of_others(now, pending),
            false => self.pace.next(now, pending),
        };
        let wait = wait.unwrap_or_default();
        self.due = now.saturating_add(SignedDuration::try_from(wait).unwrap_or_default()).unwrap_or(now);
        wait
    }

    /// The same with what was read for it.
    pub(crate) fn with(mut self, kept: Kept) -> Self {
        self.kept = Some(kept);
        self
    }

    /// Notes writes that were accepted just before the time was over.
    pub(crate) fn wrote(&mut self, accepted: &[Write]) {
        self.shown.clear();
        for write in accepted {
            if let Some(awaited) = facts::leads_to(write) {
                self.links |= is_link(&awaited);
                self.pending.push((write.to_string(), pace::usual(&awaited)));
            }
        }
    }

    /// In words, for the error of an invocation that ends before the next look.
    pub(crate) fn in_words(&self) -> String {
        self.pending.iter().map(|(what, _)| what.as_str()).collect::<Vec<_>>().join("; ")
    }
}

/// Whether it is an association or a propagation.
pub(crate) const fn is_link(awaited: &Awaited) -> bool {
    matches!(awaited, Awaited::Association { .. } | Awaited::Propagation { .. })
}

/// The attachments in progress, with the regions whose listings may show them.
fn attaching(topology: &Topology) -> Vec<Attaching> {
    let comes = |status: &AttachmentStatus| matches!(status, AttachmentStatus::Attaching | AttachmentStatus::Modifying);
    let vpcs = topology.vpc_attachments.get().into_iter().flatten().filter(|found| comes(&found.status));
    let vpcs = vpcs.map(|found| Attaching::Vpc { id: found.id.clone(), region: found.region.clone() });
    let peers = topology.peer_attachments.get().into_iter().flatten().filter(|found| comes(&found.status));
    let peers = peers.map(|found| Attaching::Peer { id: found.id.clone(), regions: found.regions.clone() });
    vpcs.chain(peers).collect()
}

/// What the invocations of a process left, by stage and binding.
#[derive(Debug, Default)]
pub(crate) struct Left(Mutex<BTreeMap<(StageName, BindingName), (Timestamp, Unfinished)>>);

impl Left {
    fn all(&self) -> MutexGuard<'_, BTreeMap<(StageName, BindingName), (Timestamp, Unfinished)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps it for the next invocation.
    pub(crate) fn put(&self, stage: StageName, binding: &BindingName, now: Timestamp, unfinished: Unfinished) {
        let mut all = self.all();
        // A binding that nobody asks for any more leaves nothing behind.
        all.retain(|_, (at, _)| now.duration_since(*at) <= FRESH);
        all.insert((stage, binding.clone()), (now, unfinished));
    }

    /// Takes what was left a moment ago. It is used once.
    pub(crate) fn take(&self, stage: StageName, binding: &BindingName, now: Timestamp) -> Option<Unfinished> {
        let (at, unfinished) = self.all().remove(&(stage, binding.clone()))?;
        let age = now.duration_since(at);
        (!age.is_negative() && age <= FRESH).then_some(unfinished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn region() -> onboarding::ids::Region {
        "cn-chengdu".into()
    }

    fn of(pending: &[(&str, &Awaited)]) -> Unfinished {
        let mut topology = Topology::default();
        let attachment = |id: &str, status: &str| onboarding::topology::VpcAttachment {
            id: id.into(),
            vpc: "vpc-a".into(),
            transit_router: "tr-a".into(),
            region: region(),
            status: status.into(),
            zones: BTreeMap::new(),
            auto_publish: false,
            mark: None,
            created: String::new(),
        };
        topology.vpc_attachments = onboarding::Known::Known(vec![
            attachment("tr-attach-1", "Attached"),
            attachment("tr-attach-2", "Attaching"),
        ]);
        Unfinished::of(Pace::default(), at(40), pending, false, &topology)
    }

    #[test]
    fn readings_of_a_minute_are_recent_and_older_or_later_ones_are_not() {
        let tick = SignedDuration::from_nanos(1);
        for (age, recent) in [(-tick, false), (SignedDuration::ZERO, true), (MOST, true), (MOST + tick, false)] {
            assert_eq!(is_recent(age), recent, "{age:?}");
        }
    }

    #[test]
    fn what_is_left_is_taken_once_by_its_own_stage_and_only_a_moment_later() {
        let (stage, web) = (StageName::VpcAttachments, BindingName::from("web"));
        let left = Left::default();
        let put = |second| left.put(stage, &web, at(second), of(&[]));
        put(100);
        assert!(left.take(StageName::PeerAttachment, &web, at(101)).is_none());
        assert!(left.take(stage, &BindingName::from("api"), at(101)).is_none());
        assert!(left.take(stage, &web, at(101)).is_some());
        assert!(left.take(stage, &web, at(101)).is_none(), "once");
        for (later, taken) in [(0, true), (15, true), (16, false), (-1, false)] {
            put(200);
            assert_eq!(left.take(stage, &web, at(200 + later)).is_some(), taken, "{later} s");
        }
    }

    #[test]
    fn an_attachment_alone_is_looked_at_only_if_nothing_else_is_waited_for() {
        let (attachment, link) =
            (Awaited::VpcAttachment { region: region() }, Awaited::Association { region: region() });
        let shown = [Attaching::Vpc { id: "tr-attach-2".into(), region: region() }];
        assert_eq!(of(&[("a", &attachment)]).shown, shown, "not one that is attached");
        assert!(of(&[("a", &attachment), ("b", &link)]).shown.is_empty());
        assert!(of(&[]).shown.is_empty());
        let mut written = of(&[("a", &attachment)]);
        let (table, attachment) = ("vtb-1".into(), onboarding::topology::AttachmentRef::Vpc { vpc: "vpc-a".into() });
        written.wrote(&[Write::Propagate { region: region(), table, attachment }]);
        assert!(written.shown.is_empty() && written.links, "what was just written has to be seen, too");
        assert_eq!(written.pending.len(), 2);
    }
}
