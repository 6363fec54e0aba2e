//! When to look next at a change in progress: once about half way, then when it usually ends, then often, and less and less
//! often if it takes much longer. Every wait follows from the age of the change, so nothing restarts it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use onboarding::ordered::Ordered;
use onboarding::plan::Awaited;

/// How long a change usually takes. The emulator's `Latencies` are the same figures, from the same sources (cloud-apis.md
/// sections 4, 7, 8 and 9); where those say only "seconds" or "minutes", the middle of it.
#[must_use]
pub const fn usual(awaited: &Awaited) -> Duration {
    Duration::from_secs(match awaited {
        // One to three minutes, up to 42.
        Awaited::VpcAttachment { .. } => 95,
        Awaited::Connection => 75,
        Awaited::Association { .. } | Awaited::Propagation { .. } => 12,
        Awaited::Learned { .. } => 6,
        Awaited::TransitRouter => 5,
        Awaited::VpcRoute { .. } => 4,
        Awaited::TransitRoute { .. }
        | Awaited::LoadBalancer
        | Awaited::ServerGroup
        | Awaited::Listener
        | Awaited::Member => 3,
    })
}

/// From an active propagation to the learned routes: "later than Active", without a figure (cloud-apis.md section 13).
const LEARNED: Duration = Duration::from_secs(6);

/// The longest wait between two looks.
const MOST: Duration = Duration::from_secs(10);
/// The shortest one.
const LEAST: Duration = Duration::from_secs(1);
/// After the usual end of a change, so that a look then finds it complete.
const AFTER: Duration = Duration::from_millis(200);
/// How much later the others look at a change than the stage that made it.
const YIELD: Duration = Duration::from_millis(1500);
/// A change that takes at least this long is looked at once before its usual end, in case that it is faster.
const LONG: Duration = Duration::from_secs(10);
/// Attachments and connections take at least this long.
const ATTACHMENT: Duration = Duration::from_secs(60);

/// When the changes in progress were first seen.
#[derive(Debug, Default)]
pub struct Pace {
    seen: BTreeMap<String, Since>,
    /// The same of what only other stages bring about, with the time that it usually takes.
    others: BTreeMap<String, (Since, Duration)>,
    /// Usual times whose changes were still in progress at the look before: the next ones are not looked at so early.
    slow: BTreeSet<Duration>,
    /// The last write or look; `None` before the first look.
    last: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Since {
    at: Timestamp,
    /// Whether it began then. Otherwise it was in progress when this invocation began.
    began: bool,
}

impl Pace {
    /// Notes the changes in progress that a look at `now` shows, by their descriptions. Returns the wait until the next look
    /// at them.
    pub fn next<'a>(&mut self, now: Timestamp, pending: impl Iterator<Item = (&'a str, Duration)>) -> Option<Duration> {
        let new = self.last.map_or(Since { at: now, began: false }, |at| Since { at, began: true });
        let waits = pending.map(|(what, usual)| {
            let since = self.seen.entry(what.to_owned()).or_insert(new);
            let age = Duration::try_from(now.duration_since(since.at)).unwrap_or_default();
            if since.began && early(usual).is_some_and(|early| early <= age && age < usual) {
                self.slow.insert(usual);
            }
            if since.began { of_age(age, usual, self.slow.contains(&usual)) } else { of_unknown_age(age, usual) }
        });
        let wait = waits.min();
        self.last = Some(now);
        wait
    }

    /// The same for what only other stages bring about. Whoever made a change looks first and makes its next one (the
    /// connection's links come before routes that nobody can use without them), so a look comes a little after the end of a
    /// change. The next one then began at that end, as far as that is known. And nobody waits for an attachment alone: its
    /// links take longer than a look may be late.
    pub(crate) fn next_of_others<'a>(
        &mut self,
        now: Timestamp,
        pending: impl Iterator<Item = (&'a str, Duration)>,
    ) -> Option<Duration> {
        let pending: BTreeMap<&str, Duration> = pending.ordered();
        let last = self.last.unwrap_or(now);
        let ended = self.others.iter().filter(|(what, _)| !pending.contains_key(what.as_str()));
        let ended = ended.filter_map(|(_, (since, usual))| since.at.checked_add(*usual + AFTER).ok()).max();
        let at = ended.map_or(last, |ended| ended.clamp(last, now.max(last)));
        let new = Since { at, began: self.last.is_some() };
        let of = |(what, usual): (&str, Duration)| {
            let since = self.others.get(what).map_or(new, |(since, _)| *since);
            (what.to_owned(), (since, usual))
        };
        self.others = pending.into_iter().map(of).collect();
        let waits = self.others.values().map(|(since, usual)| {
            let age = Duration::try_from(now.duration_since(since.at)).unwrap_or_default();
            let own = if since.began { of_age(age, *usual, true) } else { of_unknown_age(age, *usual) };
            if *usual >= ATTACHMENT { own.max(MOST) + YIELD } else { own + YIELD }
        });
        let wait = waits.min();
        self.last = Some(now);
        wait
    }

    /// The wait until the first look at a change that begins now and usually takes `usual`.
    pub(crate) fn first(&self, usual: Duration) -> Duration {
        of_age(Duration::ZERO, usual, self.slow.contains(&usual))
    }

    /// The wait after which what the links of an attachment carry is usually learned.
    pub(crate) fn until_learned() -> Duration {
        of_age(Duration::ZERO, LEARNED, true)
    }

    /// Notes a write at `now`: a change that a later look shows first began then.
    pub(crate) const fn wrote(&mut self, now: Timestamp) {
        self.last = Some(now);
    }
}

/// When a change that usually takes `usual` is looked at once before that, in case that it is faster.
fn early(usual: Duration) -> Option<Duration> {
    (usual >= LONG).then(|| usual.mul_f64(0.6))
}

/// The wait until the next look at a change of this age that usually takes `usual`, and not less if it is `slow`.
fn of_age(age: Duration, usual: Duration, slow: bool) -> Duration {
    match early(usual) {
        Some(early) if age < early && !slow => early.saturating_sub(age),
        _ if age < usual => usual.saturating_sub(age) + AFTER,
        _ => (age.saturating_sub(usual) / 4).clamp(LEAST, MOST),
    }
}

/// The wait until the first look after an accepted create. What the answer names may be gone, if it is the answer to an
/// earlier create with the same token; a long wait would leave no time to find out.
pub(crate) fn of_create(usual: Duration) -> Duration {
    of_age(Duration::ZERO, usual.min(LEAST), false)
}

/// The same for a change that was in progress when it was first seen, `age` ago: it may end at any time.
fn of_unknown_age(age: Duration, usual: Duration) -> Duration {
    (usual / 24).max(age / 4).clamp(LEAST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(usual: u64, until: u64) -> Vec<f64> {
        let (usual, until) = (Duration::from_secs(usual), Duration::from_secs(until));
        let mut age = Duration::ZERO;
        let mut looks = Vec::new();
        while age < until {
            age += of_age(age, usual, false);
            looks.push((age.as_secs_f64() * 10.0).round() / 10.0);
        }
        looks
    }

    #[test]
    fn looks_are_few_before_the_usual_end_close_after_it_and_rare_much_later() {
        assert_eq!(looks(95, 100)[..5], [57.0, 95.2, 96.2, 97.2, 98.2]);
        assert_eq!(looks(3, 5), [3.2, 4.2, 5.2]);
        let late = looks(95, 400);
        assert!(late.windows(2).all(|pair| pair[1] - pair[0] <= 38.3), "{late:?}");
        assert!(late.len() < 50, "{} looks", late.len());
    }

    #[test]
    fn a_change_that_was_there_before_is_looked_at_steadily() {
        let mut pace = Pace::default();
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let usual = Duration::from_secs(95);
        let wait = pace.next(start, [("attachment", usual)].into_iter()).unwrap();
        assert!(wait < Duration::from_secs(7), "{wait:?}");
    }

    #[test]
    fn neither_a_write_nor_another_change_restarts_a_wait() {
        let mut pace = Pace::default();
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let at = |seconds| start + jiff::SignedDuration::from_secs(seconds);
        let usual = Duration::from_secs(95);
        assert_eq!(pace.next(at(0), std::iter::empty()), None);
        pace.wrote(at(1));
        assert_eq!(pace.next(at(58), [("a", usual)].into_iter()), Some(Duration::from_millis(38_200)));
        pace.wrote(at(60));
        let wait = pace.next(at(61), [("a", usual), ("b", usual)].into_iter());
        assert_eq!(wait, Some(Duration::from_millis(35_200)), "a began at 1, b at 60");
    }

    #[test]
    fn a_kind_of_change_that_is_not_early_once_is_not_looked_at_early_again() {
        let mut pace = Pace::default();
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let at = |millis| start + jiff::SignedDuration::from_millis(millis);
        let usual = Duration::from_secs(12);
        assert_eq!(pace.first(usual), Duration::from_millis(7_200));
        pace.wrote(at(0));
        let wait = pace.next(at(7_200), [("a", usual)].into_iter());
        assert_eq!(wait, Some(Duration::from_millis(5_000)));
        assert_eq!(pace.first(usual), Duration::from_millis(12_200));
        assert_eq!(pace.first(Duration::from_secs(95)), Duration::from_secs(57), "each kind for itself");
    }

    #[test]
    fn what_others_do_one_after_the_other_is_seen_a_little_after_each_end() {
        let mut pace = Pace::default();
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let usual = Duration::from_secs(12);
        // Four links, each begun when the one before is complete; the first look comes 6 s into the first.
        let link = |second: f64| ["a", "b", "c", "d"].get((second / 12.2) as usize).copied();
        let (mut now, mut looks) = (6.0, Vec::new());
        pace.wrote(start - jiff::SignedDuration::from_secs(5));
        while let Some(what) = link(now) {
            looks.push(now);
            let at = start + jiff::SignedDuration::from_millis((now * 1000.0) as i64);
            now += pace.next_of_others(at, [(what, usual)].into_iter()).unwrap().as_secs_f64();
        }
        assert!(looks.len() <= 7, "{looks:?}");
        assert!((48.8..=51.0).contains(&now), "the last end is seen at {now} s: {looks:?}");
    }

    #[test]
    fn nobody_waits_closely_for_an_attachment_of_others() {
        let mut pace = Pace::default();
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let wait = pace.next_of_others(start, [("connection", Duration::from_secs(75))].into_iter());
        assert_eq!(wait, Some(Duration::from_millis(11_500)));
    }
}
