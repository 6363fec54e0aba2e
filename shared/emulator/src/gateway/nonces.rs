//! Replay protection: every signature nonce counts once.

use std::collections::{BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

/// A nonce is remembered for twice the 15 minutes that a timestamp may be off, both ways.
const KEPT: SignedDuration = SignedDuration::from_mins(30);
/// More than this is forgotten, oldest first: memory stays bounded whatever arrives.
const MOST: usize = 100_000;

#[derive(Debug, Clone, Default)]
pub(super) struct Nonces {
    seen: BTreeSet<String>,
    order: VecDeque<(Timestamp, String)>,
}

impl Nonces {
    /// Notes a nonce; false if it was used before.
    pub(super) fn first_use(&mut self, wall: Timestamp, access_key: &str, nonce: &str) -> bool {
        while let Some((at, oldest)) = self.order.front() {
            if self.order.len() < MOST && wall.duration_since(*at) <= KEPT {
                break;
            }
            self.seen.remove(oldest);
            self.order.pop_front();
        }
        let key = format!("{access_key}\n{nonce}");
        if !self.seen.insert(key.clone()) {
            return false;
        }
        self.order.push_back((wall, key));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_counts_once_until_it_expires() {
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let mut nonces = Nonces::default();
        assert!(nonces.first_use(now, "k", "1"));
        assert!(nonces.first_use(now, "other", "1"));
        assert!(!nonces.first_use(now, "k", "1"));
        assert!(nonces.first_use(now + SignedDuration::from_mins(31), "k", "1"));
    }

    #[test]
    fn memory_is_bounded() {
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let mut nonces = Nonces::default();
        for number in 0..MOST + 10 {
            assert!(nonces.first_use(now, "k", &number.to_string()));
        }
        assert!(nonces.order.len() <= MOST);
        assert_eq!(nonces.order.len(), nonces.seen.len());
    }
}
