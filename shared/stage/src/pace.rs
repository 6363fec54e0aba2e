//! When to look next at a change in progress: once about half way, then when it usually ends, then often, and less and less
//! often if it takes much longer. Every wait follows from the age of the change, so nothing restarts it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
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
        Awaited::TransitRouter => 5,
        Awaited::VpcRoute { .. } => 4,
        Awaited::TransitRoute { .. }
        | Awaited::LoadBalancer
        | Awaited::ServerGroup
        | Awaited::Listener
        | Awaited::Member => 3,
    })
}

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

/// When the changes in progress were first seen.
#[derive(Debug, Default)]
pub struct Pace {
    seen: BTreeMap<String, Since>,
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
            if since.began { of_age(age, usual) } else { of_unknown_age(age, usual) }
        });
        let wait = waits.min();
        self.last = Some(now);
        wait
    }

    /// Notes a write at `now`: a change that a later look shows first began then.
    pub(crate) const fn wrote(&mut self, now: Timestamp) {
        self.last = Some(now);
    }
}

/// The wait until the next look at a change of this age that usually takes `usual`.
pub(crate) fn of_age(age: Duration, usual: Duration) -> Duration {
    let early = usual.mul_f64(0.6);
    if usual >= LONG && age < early {
        early.saturating_sub(age)
    } else if age < usual {
        usual.saturating_sub(age) + AFTER
    } else {
        (age.saturating_sub(usual) / 4).clamp(LEAST, MOST)
    }
}

/// The wait until the next look at what only other stages bring about, where they would look after `own`. Whoever made a
/// change looks first and makes its next one: the connection's links come before routes that nobody can use without them.
pub(crate) fn of_others(own: Duration) -> Duration {
    own.min(MOST / 2) + YIELD
}

/// The wait until the first look after an accepted create. What the answer names may be gone, if it is the answer to an
/// earlier create with the same token; a long wait would leave no time to find out.
pub(crate) fn of_create(usual: Duration) -> Duration {
    of_age(Duration::ZERO, usual.min(LEAST))
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
            age += of_age(age, usual);
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
}
