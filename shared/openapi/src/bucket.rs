//! Token buckets: calls beyond a burst wait, first come, first served, until their API may be called again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clock::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::rates::Pace;
use crate::service::Service;

/// Whose calls are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) service: Service,
    /// The action, or the first of those that share its limit.
    pub(crate) api: &'static str,
    pub(crate) region: String,
    pub(crate) account: Account,
}

/// An account whose calls are counted: of the process's own key, or of a role in another account.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Account(Arc<str>);

impl Account {
    /// The account of a role, from its ARN (`acs:ram::<account>:role/<name>`); of one that is none, the text.
    pub(crate) fn of_role(arn: &str) -> Self {
        Self(arn.split(':').nth(3).filter(|account| !account.is_empty()).unwrap_or(arn).into())
    }
}

/// All buckets of a client and its clones.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    buckets: Mutex<BTreeMap<Key, Arc<Queue>>>,
}

/// The lock is fair, so the callers that wait for it are served in the order in which they came; one that is dropped leaves
/// the queue and has taken nothing.
type Queue = tokio::sync::Mutex<Bucket>;

/// When the bucket is full again: one interval later for each token that is missing.
#[derive(Debug)]
struct Bucket {
    full_at: Timestamp,
}

impl Buckets {
    /// Waits for a token and takes it. Returns how long that took.
    pub(crate) async fn take(&self, clock: &Clock, key: Key, pace: Pace) -> Duration {
        let queue = {
            let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Queue::new(Bucket { full_at: clock.now() }));
            Arc::clone(buckets.entry(key).or_insert_with(new))
        };
        let came = clock.now();
        let mut bucket = queue.lock().await;
        let wait = bucket.wait(clock.now(), pace);
        if !wait.is_zero() {
            // The others wait behind this one.
            clock.sleep(wait).await;
        }
        bucket.take(clock.now(), pace);
        Duration::try_from(clock.now().duration_since(came)).unwrap_or_default()
    }
}

impl Bucket {
    /// How long until there is a token.
    fn wait(&self, now: Timestamp, pace: Pace) -> Duration {
        let missing = Duration::try_from(self.full_at.duration_since(now)).unwrap_or_default();
        missing.saturating_sub(pace.interval * (pace.burst - 1))
    }

    fn take(&mut self, now: Timestamp, pace: Pace) {
        let interval = SignedDuration::try_from(pace.interval).unwrap_or(SignedDuration::MAX);
        self.full_at = self.full_at.max(now).saturating_add(interval).unwrap_or(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rates::Window;

    const PACE: Pace = Pace { burst: 2, interval: Duration::from_secs(1) };

    fn key(region: &str, account: Account) -> Key {
        Key { service: Service::Cbn, api: "ListTransitRouters", region: region.to_owned(), account }
    }

    fn own(region: &str) -> Key {
        key(region, Account::default())
    }

    fn start() -> Timestamp {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_the_rest_queues_at_the_refill() {
        let clock = Clock::seeded(start(), 1);
        let buckets = Buckets::default();
        let mut waited = Vec::new();
        for _ in 0..4 {
            waited.push(buckets.take(&clock, own("a"), PACE).await.as_millis());
        }
        assert_eq!(waited, [0, 0, 1000, 1000]);
        for other in [own("b"), key("a", Account::of_role("acs:ram::2:role/reader"))] {
            assert_eq!(buckets.take(&clock, other.clone(), PACE).await, Duration::ZERO, "{other:?} has its own");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_refills_up_to_the_burst_and_no_further() {
        let clock = Clock::seeded(start(), 1);
        let buckets = Buckets::default();
        for _ in 0..2 {
            buckets.take(&clock, own("a"), PACE).await;
        }
        clock.sleep(Duration::from_secs(100)).await;
        let before = clock.now();
        for _ in 0..3 {
            buckets.take(&clock, own("a"), PACE).await;
        }
        assert_eq!(clock.now().duration_since(before).as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_dropped_while_it_waits_has_taken_nothing() {
        let clock = Clock::seeded(start(), 1);
        let (buckets, pace) = (Buckets::default(), Pace { burst: 1, ..PACE });
        buckets.take(&clock, own("a"), pace).await;
        for _ in 0..50 {
            let dropped = clock.timeout(Duration::from_millis(1), buckets.take(&clock, own("a"), pace)).await;
            assert!(dropped.is_err(), "it had to wait a second");
        }
        let before = clock.now();
        buckets.take(&clock, own("a"), pace).await;
        assert!(clock.now().duration_since(before).as_secs_f64() < 1.0, "fifty who left are not waited for");
        // One that got its token spends it.
        let before = clock.now();
        buckets.take(&clock, own("a"), pace).await;
        assert_eq!(clock.now().duration_since(before).as_secs_f64().round(), 1.0);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_leave_do_not_bring_those_behind_them_together() {
        let clock = Clock::seeded(start(), 1);
        let (buckets, pace) = (Buckets::default(), Pace { burst: 1, ..PACE });
        let begun = clock.now();
        let call = |patience: u64| {
            let (clock, buckets) = (&clock, &buckets);
            async move {
                let taken = buckets.take(clock, own("a"), pace);
                clock.timeout(Duration::from_millis(patience), taken).await.ok()?;
                Some(clock.now().duration_since(begun).as_millis())
            }
        };
        // The second leaves while it is its turn, the third while it waits for it.
        let taken = tokio::join!(call(60_000), call(900), call(800), call(60_000), call(60_000));
        assert_eq!(taken, (Some(0), None, None, Some(1000), Some(2000)));
    }

    #[test]
    fn a_role_belongs_to_the_account_of_its_arn() {
        let of = Account::of_role;
        assert_eq!(of("acs:ram::1:role/reader"), of("acs:ram::1:role/writer"));
        assert_ne!(of("acs:ram::1:role/reader"), of("acs:ram::2:role/reader"));
        assert_ne!(of("reader"), Account::default());
    }

    /// When calls are sent that come at these times.
    fn sent(pace: Pace, mut came: Vec<u64>) -> Vec<Duration> {
        came.sort_unstable();
        let mut bucket = Bucket { full_at: start() };
        let mut now = start();
        let sent = came.into_iter().map(|millis| {
            now = now.max(start() + Duration::from_millis(millis));
            now += bucket.wait(now, pace);
            bucket.take(now, pace);
            Duration::try_from(now.duration_since(start())).unwrap()
        });
        sent.collect()
    }

    /// The most of these times that lie in one span of `length`, both ends included.
    fn most_within(mut times: Vec<Duration>, length: Duration) -> usize {
        times.sort_unstable();
        let within = |from: &Duration| times.iter().filter(|at| *at >= from && **at - *from <= length).count();
        times.iter().map(within).max().unwrap_or(0)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Calls that come in crowds and alone over several windows, each underway for up to the time that the pace reckons
        /// with: wherever a window begins at the service, it holds no more than the limit.
        #[test]
        fn no_window_sees_more_than_the_limit(
            (calls, seconds) in prop_oneof![Just((3, 1)), Just((10, 1)), Just((20, 1)), Just((30, 60)), Just((50, 60)), Just((200, 60))],
            crowds in prop::collection::vec((0..200_000_u64, 1..90_usize), 1..8),
            underway in prop::collection::vec(0..=1000_u64, 700),
        ) {
            let pace = Window(calls, seconds).pace();
            let span = if seconds == 1 { 20 } else { 1 };
            let came = crowds.into_iter().flat_map(|(at, many)| std::iter::repeat_n(at / span, many)).collect();
            let sent = sent(pace, came);
            let counted = sent.iter().zip(&underway).map(|(at, more)| *at + Duration::from_millis(*more)).collect();
            let most = most_within(counted, Duration::from_secs(seconds.into()));
            prop_assert!(most <= usize::try_from(calls).unwrap(), "{most} of {calls} in {seconds} s");
        }

        /// No call waits longer than it must: those that find a token go at once, and of a crowd one goes with each interval.
        #[test]
        fn a_crowd_is_sent_at_the_pace(burst in 1..40_u32, millis in 1..5_000_u64, many in 1..200_u32) {
            let pace = Pace { burst, interval: Duration::from_millis(millis) };
            let sent = sent(pace, std::iter::repeat_n(0, usize::try_from(many).unwrap()).collect());
            prop_assert_eq!(*sent.last().unwrap(), pace.interval * many.saturating_sub(burst));
        }
    }
}
