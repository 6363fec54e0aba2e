//! How long the cloud takes, and values that change by themselves when that time has come.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The cloud's waiting times. Every one of them is divided by `speed`.
///
/// Sources: cloud-apis.md sections 4, 7, 8 and 9; where only "seconds" or "minutes" is known, the middle of it.
#[derive(Debug, Clone)]
pub struct Pace {
    /// By how much every waiting time is divided.
    pub speed: f64,
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
    /// From an active propagation to the learned routes' being listed and used.
    pub learn: Duration,
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
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            speed: 1.0,
            alb_write: seconds(3),
            alb_create: seconds(40),
            vpc_attach: seconds(95),
            vpc_detach: seconds(60),
            peer_attach: seconds(75),
            table_link: seconds(12),
            learn: seconds(6),
            route_entry: seconds(4),
            transit_route_entry: seconds(3),
            network_create: seconds(5),
            instance_start: seconds(25),
            instance_stop: seconds(15),
            event: seconds(2),
            token: Duration::ZERO,
        }
    }
}

impl Pace {
    /// When something that takes `duration` and starts at `now` is done.
    #[must_use]
    pub fn after(&self, now: Timestamp, duration: Duration) -> Timestamp {
        let scaled = if self.speed.is_finite() && self.speed > 0.0 { duration.div_f64(self.speed) } else { duration };
        SignedDuration::try_from(scaled).ok().and_then(|scaled| now.checked_add(scaled).ok()).unwrap_or(Timestamp::MAX)
    }
}

/// A value that becomes another one at a known time.
///
/// `get(now)` is pure, so nothing has to run for a state to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed<T> {
    current: T,
    then: Option<(Timestamp, T)>,
}

impl<T> Timed<T> {
    /// A value that stays.
    pub const fn settled(value: T) -> Self {
        Self { current: value, then: None }
    }

    /// `during` until `at`, `after` from then on.
    pub const fn changing(during: T, at: Timestamp, after: T) -> Self {
        Self { current: during, then: Some((at, after)) }
    }

    /// The value at `now`.
    pub fn get(&self, now: Timestamp) -> &T {
        match &self.then {
            Some((at, after)) if *at <= now => after,
            _ => &self.current,
        }
    }

    /// When the value changes next, if that is still ahead of `now`.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        self.then.as_ref().map(|(at, _)| *at).filter(|at| *at > now)
    }

    /// Whether a change is still ahead.
    pub fn is_changing(&self, now: Timestamp) -> bool {
        self.due(now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timed_value_changes_at_its_instant() {
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let pace = Pace { speed: 10.0, ..Pace::default() };
        let at = pace.after(start, Duration::from_secs(30));
        let value = Timed::changing("Attaching", at, "Attached");
        assert_eq!(at.duration_since(start), SignedDuration::from_secs(3));
        assert_eq!(*value.get(start), "Attaching");
        assert_eq!(value.due(start), Some(at));
        assert_eq!(*value.get(at), "Attached");
        assert_eq!(value.due(at), None);
    }
}
