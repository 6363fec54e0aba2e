//! Latencies of the cloud's operations, and values that change when an operation is complete.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How long the cloud's operations take, on the cloud's own clock.
///
/// Sources: cloud-apis.md sections 4, 7, 8 and 9; where only "seconds" or "minutes" is known, the middle of it.
#[derive(Debug, Clone)]
pub struct Latencies {
    /// A server group, listener, or member change.
    pub alb_write: Duration,
    /// A load balancer's creation.
    pub alb_create: Duration,
    /// A VPC attachment's `Attaching`.
    pub vpc_attach: Duration,
    /// A VPC attachment's `Detaching`.
    pub vpc_detach: Duration,
    /// An inter-region connection's `Attaching`.
    pub peer_attach: Duration,
    /// Association and propagation.
    pub table_link: Duration,
    /// From an active propagation until the propagated routes are listed and used.
    pub propagate: Duration,
    /// A VPC route entry's `Pending`, and its deletion.
    pub route_entry: Duration,
    /// A transit-router route entry's `Creating`.
    pub transit_route_entry: Duration,
    /// A transit router's, VPC's or vSwitch's creation.
    pub network_create: Duration,
    /// An instance's `Pending` and `Starting` together.
    pub instance_start: Duration,
    /// An instance's `Stopping`.
    pub instance_stop: Duration,
    /// From a state change to its event's delivery.
    pub event: Duration,
    /// For how long after a call its ClientToken is answered as still being processed.
    pub token: Duration,
    /// Holds the transitions that start now; set by a fault.
    pub(crate) hold: Option<Hold>,
}

/// How long a transition is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Delayed by this much.
    Longer(Duration),
    /// Until the rule of this number is removed.
    Released(u64),
}

/// The date that marks what the rule of this number holds: later than every real date, and different for every rule.
pub(crate) fn held_until(number: u64) -> Timestamp {
    let before_last = i64::try_from(number).unwrap_or(i64::MAX).min(HELD_SECONDS);
    Timestamp::MAX.checked_sub(SignedDuration::from_secs(before_last)).unwrap_or(Timestamp::MAX)
}

/// Dates this close to the end of time are marks of rules: there is room for a hundred thousand.
const HELD_SECONDS: i64 = 100_000;

/// Whether a date is a real one, not the mark of a rule.
pub(crate) fn comes(at: Timestamp) -> bool {
    Timestamp::MAX.duration_since(at).as_secs() > HELD_SECONDS
}

impl Default for Latencies {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            alb_write: seconds(3),
            alb_create: seconds(40),
            vpc_attach: seconds(95),
            vpc_detach: seconds(60),
            peer_attach: seconds(75),
            table_link: seconds(12),
            propagate: seconds(6),
            route_entry: seconds(4),
            transit_route_entry: seconds(3),
            network_create: seconds(5),
            instance_start: seconds(25),
            instance_stop: seconds(15),
            event: seconds(2),
            token: Duration::ZERO,
            hold: None,
        }
    }
}

impl Latencies {
    /// When an operation that takes `duration` and starts at `now` is complete, unless a fault holds it.
    #[must_use]
    pub fn after(&self, now: Timestamp, duration: Duration) -> Timestamp {
        match self.hold {
            None => moment(now, duration),
            Some(Hold::Longer(longer)) => moment(now, duration.saturating_add(longer)),
            Some(Hold::Released(number)) => held_until(number),
        }
    }
}

/// When `duration` is over.
pub(crate) fn moment(now: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).ok();
    duration.and_then(|duration| now.checked_add(duration).ok()).unwrap_or(Timestamp::MAX)
}

/// A value that changes to another one at a known time.
///
/// `get(now)` is pure, so nothing has to run for a state to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timed<T> {
    current: T,
    then: Option<(Timestamp, T)>,
}

impl<T> Timed<T> {
    /// A value that stays.
    pub(crate) const fn settled(value: T) -> Self {
        Self { current: value, then: None }
    }

    /// `during` until `at`, `after` from then on.
    pub(crate) const fn changing(during: T, at: Timestamp, after: T) -> Self {
        Self { current: during, then: Some((at, after)) }
    }

    /// The value at `now`.
    pub(crate) fn get(&self, now: Timestamp) -> &T {
        match &self.then {
            Some((at, after)) if *at <= now => after,
            _ => &self.current,
        }
    }

    /// When the value changes next, if that is still ahead of `now`.
    pub(crate) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        self.then.as_ref().map(|(at, _)| *at).filter(|at| *at > now)
    }

    /// Moves a change that was due at `mark` to `now`.
    pub(crate) fn hasten(&mut self, mark: Timestamp, now: Timestamp) {
        if let Some((at, _)) = &mut self.then
            && *at == mark
        {
            *at = now;
        }
    }

    /// Whether a change is pending.
    pub(crate) fn is_changing(&self, now: Timestamp) -> bool {
        self.due(now).is_some()
    }
}

/// Transitions that a rule holds, and the time at which they are released.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) mark: Timestamp,
    pub(crate) now: Timestamp,
}

impl Held {
    /// Releases a held status.
    pub(crate) fn release<T>(self, status: &mut Timed<T>) {
        status.hasten(self.mark, self.now);
    }

    /// Releases a held date.
    pub(crate) fn date(self, at: &mut Timestamp) {
        if *at == self.mark {
            *at = self.now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timed_value_changes_at_its_instant() {
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let at = Latencies::default().after(start, Duration::from_secs(30));
        let value = Timed::changing("Attaching", at, "Attached");
        assert_eq!(at.duration_since(start), SignedDuration::from_secs(30));
        assert_eq!(*value.get(start), "Attaching");
        assert_eq!(value.due(start), Some(at));
        assert_eq!(*value.get(at), "Attached");
        assert_eq!(value.due(at), None);
    }
}
