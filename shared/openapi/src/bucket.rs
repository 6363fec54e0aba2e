//! Token buckets: how fast the client may call, per service (or action) and region.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;

/// A bucket's size and refill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls that may be made at once after a pause.
    pub burst: u32,
    /// Tokens that are added each second.
    pub per_second: u32,
}

/// What a bucket belongs to: the service, the action when it has a rate of its own, and the region.
pub(crate) type Key = (&'static str, &'static str, String);

/// All buckets of a client and its clones.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    buckets: Mutex<BTreeMap<Key, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    /// Below zero: calls that are already waiting for tokens to come back.
    tokens: f64,
    at: Timestamp,
}

impl Buckets {
    /// Waits for a token, first come, first served. A call that is dropped while it waits returns its token.
    pub(crate) async fn take(&self, clock: &Clock, key: Key, rate: Rate) {
        let wait = self.reserve(clock.now(), &key, rate);
        if !wait.is_zero() {
            let held = Held { buckets: self, key: &key };
            clock.sleep(wait).await;
            // The call is made: the token is spent.
            std::mem::forget(held);
        }
    }

    fn reserve(&self, now: Timestamp, key: &Key, rate: Rate) -> Duration {
        let (burst, per_second) = (f64::from(rate.burst.max(1)), f64::from(rate.per_second.max(1)));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(key.clone()).or_insert(Bucket { tokens: burst, at: now });
        let elapsed = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.tokens = (bucket.tokens + elapsed * per_second).min(burst) - 1.0;
        bucket.at = now;
        if bucket.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-bucket.tokens / per_second) }
    }

    /// Returns an unused token. Calls that already wait keep their times; the next call waits less.
    fn give_back(&self, key: &Key) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(key) {
            bucket.tokens += 1.0;
        }
    }
}

/// A token that is waited for.
struct Held<'a> {
    buckets: &'a Buckets,
    key: &'a Key,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.buckets.give_back(self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(region: &str) -> Key {
        ("cbn", "", region.to_owned())
    }

    #[test]
    fn a_burst_passes_and_the_rest_queues_at_the_refill() {
        let buckets = Buckets::default();
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let rate = Rate { burst: 2, per_second: 4 };
        let waits: Vec<_> = (0..4).map(|_| buckets.reserve(now, &key("a"), rate).as_millis()).collect();
        assert_eq!(waits, [0, 0, 250, 500]);
        assert_eq!(buckets.reserve(now, &key("b"), rate), Duration::ZERO, "another region has its own bucket");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_refills_up_to_the_burst_and_no_further() {
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), 1);
        let (buckets, rate) = (Buckets::default(), Rate { burst: 2, per_second: 1 });
        buckets.take(&clock, key("a"), rate).await;
        buckets.take(&clock, key("a"), rate).await;
        clock.sleep(Duration::from_secs(100)).await;
        let before = clock.now();
        for _ in 0..3 {
            buckets.take(&clock, key("a"), rate).await;
        }
        assert_eq!(clock.now().duration_since(before).as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_dropped_while_it_waits_gives_its_token_back() {
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), 1);
        let (buckets, rate) = (Buckets::default(), Rate { burst: 1, per_second: 1 });
        buckets.take(&clock, key("a"), rate).await;
        for _ in 0..50 {
            let dropped = clock.timeout(Duration::from_millis(1), buckets.take(&clock, key("a"), rate)).await;
            assert!(dropped.is_err(), "it had to wait a second");
        }
        let before = clock.now();
        buckets.take(&clock, key("a"), rate).await;
        assert!(clock.now().duration_since(before).as_secs_f64() < 1.0, "fifty who left are not waited for");
        // One that got its token spends it.
        let before = clock.now();
        buckets.take(&clock, key("a"), rate).await;
        assert_eq!(clock.now().duration_since(before).as_secs_f64().round(), 1.0);
    }
}
