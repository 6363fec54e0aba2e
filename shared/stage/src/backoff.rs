//! The polling interval of a stage, and the end of its time budget.

use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;

const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(10);
const GROWTH: f64 = 1.5;
/// Timers end up to a millisecond late.
const ROUNDING: Duration = Duration::from_millis(2);

/// Polling that starts fast, slows down, and never sleeps past the end of the time budget.
#[derive(Debug)]
pub struct Backoff<'a> {
    clock: &'a Clock,
    end: Timestamp,
    delay: Duration,
}

impl<'a> Backoff<'a> {
    /// Polling until `end`.
    #[must_use]
    pub const fn until(clock: &'a Clock, end: Timestamp) -> Self {
        Self { clock, end, delay: FIRST }
    }

    /// Resets the interval to the shortest, after progress.
    pub(crate) const fn hurry(&mut self) {
        self.delay = FIRST;
    }

    /// The rest of the time budget.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.clock.until(self.end)
    }

    /// The next interval. Half of it is jitter, so that stages that started together do not poll together.
    pub(crate) fn next(&mut self) -> Duration {
        let half = self.delay / 2;
        let delay = half + self.clock.jitter(half);
        self.delay = self.delay.mul_f64(GROWTH).min(MOST);
        delay
    }

    /// Waits for the next poll, after `delay`. Returns `false` if that would come after the end; the rest of the time is
    /// waited out then, because whoever is called again at once would only look again.
    pub async fn wait(&self, delay: Duration) -> bool {
        let left = self.left();
        self.clock.sleep(delay.min(left.saturating_sub(ROUNDING))).await;
        delay < left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn polling_slows_down_and_the_last_wait_ends_with_the_budget() {
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), 1);
        let end = clock.now() + Duration::from_secs(120);
        let mut backoff = Backoff::until(&clock, end);
        let mut gaps = Vec::new();
        loop {
            let delay = backoff.next();
            if !backoff.wait(delay).await {
                break;
            }
            gaps.push(delay);
        }
        assert!(gaps.first().unwrap() <= &FIRST);
        assert!(gaps.iter().all(|gap| *gap <= MOST + Duration::from_millis(2)));
        assert!(gaps.last().unwrap() >= &(MOST / 2));
        assert!(clock.now().duration_since(end).abs() < jiff::SignedDuration::from_millis(4));
        assert!(backoff.left() <= ROUNDING);
    }

    #[tokio::test(start_paused = true)]
    async fn progress_makes_it_fast_again() {
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), 1);
        let mut backoff = Backoff::until(&clock, clock.now() + Duration::from_secs(600));
        for _ in 0..12 {
            backoff.next();
        }
        backoff.hurry();
        assert!(backoff.next() <= FIRST);
    }
}
