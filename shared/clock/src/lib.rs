//! The only source of time and randomness.
//!
//! Every other crate gets a [`Clock`]; clippy bans the standard ways to read the time, sleep, or draw a random number. The
//! clock is based on tokio's clock, so a test that pauses tokio pauses everything at once. With a scaled clock, a demo
//! shows many minutes of the cloud in seconds.

mod random;
mod reading;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use random::Random;
pub use reading::{Reading, ReadingError};

/// Time, sleeping, and seeded randomness. Cheap to clone; clones share the random state.
#[derive(Clone)]
pub struct Clock {
    inner: Arc<Inner>,
}

struct Inner {
    /// The time of this clock when it was created.
    started: Timestamp,
    /// The real time at that moment.
    wall: Timestamp,
    instant: tokio::time::Instant,
    /// The seconds of this clock per second of tokio's clock.
    speed: f64,
    random: Mutex<Random>,
}

/// The deadline passed before the work was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed;

impl std::fmt::Display for Elapsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the deadline passed")
    }
}

impl std::error::Error for Elapsed {}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).field("speed", &self.inner.speed).finish()
    }
}

impl Clock {
    /// The real time, with randomness from the system.
    #[must_use]
    pub fn system() -> Self {
        Self::scaled(1.0)
    }

    /// Starts at the real time and runs `speed` times as fast. Speeds that are not finite and positive count as 1.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the module that may read the clock")]
    pub fn scaled(speed: f64) -> Self {
        let now = Timestamp::now();
        Self::build(now, now, speed, Random::from_system())
    }

    /// Follows the clock of another process, from a reading of it and at its speed. Both show the same time if their
    /// machines' clocks do.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the module that may read the clock")]
    pub fn following(reading: &Reading) -> Self {
        let now = Timestamp::now();
        Self::build(reading.at(now), now, reading.speed(), Random::from_system())
    }

    /// Starts at the real time and skips every wait: time stands still while there is work, and jumps to the next deadline
    /// when every task waits. So no deadline passes because the machine is slow.
    ///
    /// It pauses tokio's own clock, so it needs a current-thread runtime and a process that contains all of its peers.
    /// Create it only once; clones share it.
    #[cfg(feature = "eager")]
    #[must_use]
    pub fn eager() -> Self {
        tokio::time::pause();
        Self::system()
    }

    /// Starts at `started` and follows tokio's clock, with a fixed seed: two runs with the same seed draw the same numbers.
    #[must_use]
    pub fn seeded(started: Timestamp, seed: u64) -> Self {
        Self::build(started, started, 1.0, Random::seeded(seed))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the module that may read the clock")]
    fn build(started: Timestamp, wall: Timestamp, speed: f64, random: Random) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        let instant = tokio::time::Instant::now();
        Self { inner: Arc::new(Inner { started, wall, instant, speed, random: Mutex::new(random) }) }
    }

    /// The time of this clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        later(self.inner.started, self.inner.instant.elapsed().mul_f64(self.inner.speed))
    }

    /// The time of an unscaled clock. Requests are signed with it, because their receivers compare it with their own clock.
    /// It equals [`Clock::now`] if the speed is 1 and no other clock is followed.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        later(self.inner.wall, self.inner.instant.elapsed())
    }

    /// A reading for another process, which can then show the same time.
    #[must_use]
    pub fn reading(&self) -> Reading {
        Reading::new(self.wall(), self.now(), self.speed())
    }

    /// The seconds of this clock per real second.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.inner.speed
    }

    /// Sleeps for `duration` in this clock's time.
    #[expect(clippy::disallowed_methods, reason = "this is the module that may sleep")]
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.div_f64(self.inner.speed)).await;
    }

    /// Sleeps until this clock shows `deadline`; returns at once if that has passed.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        self.sleep(self.until(deadline)).await;
    }

    /// The time until `deadline`; zero if it has passed.
    #[must_use]
    pub fn until(&self, deadline: Timestamp) -> Duration {
        Duration::try_from(deadline.duration_since(self.now())).unwrap_or(Duration::ZERO)
    }

    /// Runs `work` for at most `limit` in this clock's time.
    ///
    /// # Errors
    /// [`Elapsed`] if `work` was not done in time; it is dropped.
    #[expect(clippy::disallowed_methods, reason = "this is the module that may time out")]
    pub async fn timeout<F: Future>(&self, limit: Duration, work: F) -> Result<F::Output, Elapsed> {
        tokio::time::timeout(limit.div_f64(self.inner.speed), work).await.map_err(|_| Elapsed)
    }

    /// A random duration from zero up to `most`, uniformly distributed (full jitter).
    #[must_use]
    pub fn jitter(&self, most: Duration) -> Duration {
        most.mul_f64(self.random(Random::fraction))
    }

    /// A random number.
    #[must_use]
    pub fn draw(&self) -> u64 {
        self.random(Random::number)
    }

    /// A random identifier in the usual 8-4-4-4-12 form, lower-case hexadecimal (version 4, variant 1).
    #[must_use]
    pub fn uuid(&self) -> String {
        self.random(Random::uuid)
    }

    fn random<T>(&self, draw: impl FnOnce(&mut Random) -> T) -> T {
        draw(&mut self.inner.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn later(from: Timestamp, elapsed: Duration) -> Timestamp {
    let elapsed = SignedDuration::try_from(elapsed).ok();
    elapsed.and_then(|elapsed| from.checked_add(elapsed).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_moves_the_wall_time_by_its_length() {
        let clock = Clock::seeded(start(), 1);
        clock.sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.now().duration_since(start()), SignedDuration::from_secs(90));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_in_the_past_is_no_wait() {
        let clock = Clock::seeded(start(), 1);
        clock.sleep_until(start() - SignedDuration::from_secs(5)).await;
        assert_eq!(clock.now(), start());
        assert_eq!(clock.until(start()), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn work_over_its_limit_is_given_up() {
        let clock = Clock::seeded(start(), 1);
        let slow = clock.sleep(Duration::from_secs(3));
        assert_eq!(clock.timeout(Duration::from_secs(2), slow).await, Err(Elapsed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_scaled_clock_runs_ahead_of_the_wall_and_is_followed_from_another_process() {
        let clock = Clock::scaled(20.0);
        let begun = (clock.now(), clock.wall());
        clock.sleep(Duration::from_secs(600)).await;
        assert_eq!(clock.now().duration_since(begun.0), SignedDuration::from_secs(600));
        assert_eq!(clock.wall().duration_since(begun.1), SignedDuration::from_secs(30));
        // A reading that was taken one minute of real time before the follower started.
        let told: Reading = clock.reading().to_string().parse().unwrap();
        let follower = Clock::following(&told);
        let drift = follower.now().duration_since(told.at(follower.wall()));
        assert!(drift.abs() < SignedDuration::from_millis(1), "{drift}");
        let before = follower.now();
        follower.sleep(Duration::from_secs(100)).await;
        assert_eq!(follower.now().duration_since(before), SignedDuration::from_secs(100));
        assert_eq!(follower.speed().total_cmp(&20.0), std::cmp::Ordering::Equal);
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let draw = |seed| {
            let clock = Clock::seeded(start(), seed);
            (clock.uuid(), clock.draw(), clock.jitter(Duration::from_secs(10)))
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn a_uuid_has_the_usual_form() {
        let id = Clock::seeded(start(), 3).uuid();
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(id.as_bytes()[14], b'4');
    }
}
