//! Replay protection: every signature nonce is accepted once.
//!
//! What is kept of a nonce is a digest of fixed size, in two generations: when the younger one is full, or as old as a nonce
//! may get, it becomes the older one, and that one is forgotten.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// A nonce is remembered for twice the 15 minutes that a timestamp may be off, both ways.
const KEPT_SECONDS: i64 = 30 * 60;
/// At least so many of the latest nonces are remembered, and at most twice as many: under a flood the oldest are forgotten
/// before their time. A hash table of 2^19 places holds seven eighths of that.
const GENERATION: usize = 7 * (1 << 16);

/// Enough bits of SHA-256 to exclude collisions.
type Print = [u8; 16];

/// A generation: when each nonce was used, in seconds. Never walked through, so its order cannot be seen.
type Generation = HashMap<Print, i64, BuildHasherDefault<DefaultHasher>>;

#[derive(Debug, Clone, Default)]
pub(super) struct Nonces {
    young: Generation,
    old: Generation,
    /// When the younger generation began.
    since: i64,
}

impl Nonces {
    /// Notes a nonce; false if it was used before.
    pub(super) fn first_use(&mut self, wall: Timestamp, access_key: &str, nonce: &str) -> bool {
        let now = wall.as_second();
        let print = print(access_key, nonce);
        let used = |generation: &Generation| generation.get(&print).is_some_and(|at| now - at <= KEPT_SECONDS);
        if used(&self.young) || used(&self.old) {
            return false;
        }
        if self.young.len() >= GENERATION || now - self.since > KEPT_SECONDS {
            self.old = std::mem::take(&mut self.young);
            self.since = now;
        }
        self.young.insert(print, now);
        true
    }
}

/// Access keys hold no line feed, so that no key and nonce read like another pair.
fn print(access_key: &str, nonce: &str) -> Print {
    let digest = Sha256::new().chain_update(access_key).chain_update("\n").chain_update(nonce).finalize();
    let mut print = Print::default();
    print.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    print
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn start() -> Timestamp {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_nonce_counts_once_until_it_expires() {
        let mut nonces = Nonces::default();
        assert!(nonces.first_use(start(), "k", "1"));
        assert!(nonces.first_use(start(), "other", "1"));
        let late = |minutes| start() + SignedDuration::from_mins(minutes);
        for minutes in [0, 1, 29, 30] {
            assert!(!nonces.first_use(late(minutes), "k", "1"), "{minutes}");
        }
        assert!(nonces.first_use(late(31), "k", "1"));
        assert!(!nonces.first_use(late(61), "k", "1"), "used again at minute 31");
    }

    #[test]
    fn what_was_used_before_a_new_generation_is_still_known() {
        let mut nonces = Nonces::default();
        let late = |minutes| start() + SignedDuration::from_mins(minutes);
        assert!(nonces.first_use(start(), "k", "first"));
        assert!(nonces.first_use(late(20), "k", "second"));
        assert!(nonces.first_use(late(31), "k", "third"), "begins a generation");
        assert!(!nonces.first_use(late(49), "k", "second"));
    }

    #[test]
    fn memory_is_bounded_under_a_flood_and_the_latest_are_known() {
        let mut nonces = Nonces::default();
        for number in 0..2 * GENERATION + 10 {
            assert!(nonces.first_use(start(), "k", &number.to_string()));
        }
        assert!(nonces.young.len() + nonces.old.len() <= 2 * GENERATION);
        assert!(nonces.young.capacity() <= GENERATION && nonces.old.capacity() <= GENERATION);
        assert!(!nonces.first_use(start(), "k", &(GENERATION + 10).to_string()));
        assert!(nonces.first_use(start(), "k", "0"), "forgotten first");
    }
}
