//! ClientTokens of creates that could make a second thing.
//!
//! A token is a hash of who creates what, without the run: two runs that see the same world send the same token, and the
//! cloud creates once. A replayed token answers with the old result and changes nothing, so a thing that was deleted
//! since could never come back under it: after a grace in which reading shows no effect, the attempt moves on. The
//! attempts are kept for one invocation only, so that runs stay in step; an invocation's budget is longer than the grace.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// How long an accepted create may stay invisible before another attempt is made.
pub const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// A token: 64 lower-case hexadecimal digits, which is the most that the APIs take (cloud-apis.md section 1).
///
/// `owner` is the binding, or the deployment for shared attachments; `params` is the request without its token.
#[must_use]
pub fn token(owner: &str, action: &str, params: &impl Serialize, attempt: u32) -> String {
    // A request is plain data; should it ever not serialize, the action and owner still make a usable token.
    let params = serde_json::to_string(params).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [owner, action, &params, &attempt.to_string()] {
        // The lengths keep ("ab", "c") and ("a", "bc") apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// Which attempt each create of this invocation is at.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    /// By the token of attempt 0.
    by_create: Mutex<BTreeMap<String, Attempt>>,
}

#[derive(Debug)]
struct Attempt {
    number: u32,
    /// When it was first sent: the grace runs from here.
    first: Timestamp,
    /// When it was last sent.
    last: Timestamp,
}

impl Attempts {
    /// The token to send now. Asked again after the grace, the create has had no effect: the attempt moves on.
    pub(crate) fn token(&self, owner: &str, action: &str, params: &impl Serialize, now: Timestamp) -> String {
        let mut attempts = self.by_create.lock().unwrap_or_else(PoisonError::into_inner);
        let new = Attempt { number: 0, first: now, last: now };
        let attempt = attempts.entry(token(owner, action, params, 0)).or_insert(new);
        attempt.last = now;
        if now.duration_since(attempt.first) >= GRACE {
            attempt.number = attempt.number.saturating_add(1);
            attempt.first = now;
        }
        token(owner, action, params, attempt.number)
    }

    /// A create sent since `since` was turned away before it began: nothing is there to become visible, so the grace of
    /// what was sent since then begins anew.
    pub(crate) fn turned_away(&self, since: Timestamp, now: Timestamp) {
        let mut attempts = self.by_create.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.values_mut().filter(|attempt| attempt.last >= since).for_each(|attempt| attempt.first = now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_stable_and_fits() {
        let one = token("web", "CreateListener", &("alb-1", 80), 0);
        assert_eq!(one, token("web", "CreateListener", &("alb-1", 80), 0));
        assert_eq!(one.len(), 64);
        assert!(one.is_ascii());
    }

    #[test]
    fn every_part_counts() {
        let base = token("web", "CreateListener", &80, 0);
        assert_ne!(base, token("we", "bCreateListener", &80, 0));
        assert_ne!(base, token("web", "CreateListener", &81, 0));
        assert_ne!(base, token("web", "CreateListener", &80, 1));
    }

    #[test]
    fn the_attempt_moves_on_only_after_the_grace() {
        let attempts = Attempts::default();
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let ask = |seconds| attempts.token("web", "Create", &1, start + SignedDuration::from_secs(seconds));
        let first = ask(0);
        assert_eq!(first, token("web", "Create", &1, 0));
        assert_eq!(ask(59), first);
        assert_eq!(ask(60), token("web", "Create", &1, 1));
        assert_eq!(ask(119), token("web", "Create", &1, 1));
        assert_eq!(ask(120), token("web", "Create", &1, 2));
    }

    #[test]
    fn a_create_that_was_turned_away_keeps_its_attempt() {
        let attempts = Attempts::default();
        let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        let first = attempts.token("web", "Create", &1, at(0));
        attempts.token("web", "Other", &1, at(0));
        assert_eq!(attempts.token("web", "Create", &1, at(50)), first);
        attempts.turned_away(at(50), at(51));
        assert_eq!(attempts.token("web", "Create", &1, at(100)), first);
        assert_eq!(attempts.token("web", "Other", &1, at(100)), token("web", "Other", &1, 1), "sent before");
    }
}
