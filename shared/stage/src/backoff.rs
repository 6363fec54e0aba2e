//! The polling interval of a stage, and the end of its time budget.

use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;

const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(10);
const GROWTH: f64 = 1.5;

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

    /// Waits for the next poll. Returns `false`, without waiting, if that poll would come after the end.
    ///
    /// Half of the delay is jitter, so that stages that started together do not poll together.
    pub async fn wait(&mut self) -> bool {
        let half = self.delay / 2;
        let delay = half + self.clock.jitter(half);
        self.delay = self.delay.mul_f64(GROWTH).min(MOST);
        if delay >= self.left() {
            return false;
        }
        self.clock.sleep(delay).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn polling_slows_down_and_stops_before_the_end() {
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), 1);
        let end = clock.now() + Duration::from_secs(120);
        let mut backoff = Backoff::until(&clock, end);
        let mut gaps = Vec::new();
        loop {
            let before = clock.now();
            if !backoff.wait().await {
                break;
            }
            gaps.push(Duration::try_from(clock.now().duration_since(before)).unwrap());
        }
        assert!(gaps.first().unwrap() <= &FIRST);
        assert!(gaps.iter().all(|gap| *gap <= MOST + Duration::from_millis(2)));
        assert!(gaps.last().unwrap() >= &(MOST / 2));
        assert!(clock.now() < end);
        assert!(backoff.left() <= MOST);
    }

    #[tokio::test(start_paused = true)]
    async fn progress_makes_it_fast_again() {
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), 1);
        let mut backoff = Backoff::until(&clock, clock.now() + Duration::from_secs(600));
        for _ in 0..12 {
            assert!(backoff.wait().await);
        }
        backoff.hurry();
        let before = clock.now();
        assert!(backoff.wait().await);
        assert!(clock.now().duration_since(before) <= FIRST.try_into().unwrap());
    }
}
