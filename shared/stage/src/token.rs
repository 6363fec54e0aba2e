//! ClientTokens (idempotency tokens) of creates that could produce a duplicate, and the attempt of each create in an
//! invocation.
//!
//! A token is a hash of owner, action, parameters and attempt, without the run. Two runs that see the same state send the
//! same token, and the cloud creates one resource. For about a day the cloud answers a known token with the old id and
//! creates nothing (decision 0022). So a deleted resource is recreated only with the token of the next attempt. The module
//! `create` decides when to move to it. Every invocation starts at attempt 0 and passes each attempt whose resource is
//! gone, so runs that see the same state end at the same token.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The most attempts of one create in one invocation. If a resource was deleted more often than this while the cloud still
/// knows the tokens, a run should not go on repairing it.
const ATTEMPTS: u32 = 64;

/// A token: 64 lower-case hexadecimal digits, which is the most that the APIs take (cloud-apis.md section 1).
///
/// `owner` is the binding, or the deployment for attachments, which bindings share; `params` is the request without its
/// token.
#[must_use]
pub fn token(owner: &str, action: &str, params: &impl Serialize, attempt: u32) -> String {
    // A request always serializes; if it did not, action and owner alone would still make a usable token.
    let params = serde_json::to_string(params).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [owner, action, &params, &attempt.to_string()] {
        // The length prefixes keep ("ab", "c") and ("a", "bc") apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

/// The attempt of each create in this invocation, and the id in the last answer to it. The key of a create is its token of
/// attempt 0.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<BTreeMap<String, Attempt>>);

/// The attempt that one create is at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// Its number, from 0.
    pub(crate) number: u32,
    /// The id in the answer to this attempt, if there was one.
    pub(crate) made: Option<String>,
}

impl Attempts {
    /// The present attempt of a create.
    pub(crate) fn of(&self, create: &str) -> Attempt {
        self.lock().get(create).cloned().unwrap_or_default()
    }

    /// Records the id in the answer to the present attempt.
    pub(crate) fn answered(&self, create: &str, id: &str) {
        self.lock().entry(create.to_owned()).or_default().made = Some(id.to_owned());
    }

    /// Moves to the next attempt, because the resource of the present one is gone. Returns `false`, and changes nothing,
    /// after the last attempt.
    pub(crate) fn move_on(&self, create: &str) -> bool {
        let mut attempts = self.lock();
        let attempt = attempts.entry(create.to_owned()).or_default();
        let number = attempt.number + 1;
        if number < ATTEMPTS {
            *attempt = Attempt { number, made: None };
        }
        number < ATTEMPTS
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn an_attempt_forgets_the_answer_of_the_one_before() {
        let attempts = Attempts::default();
        assert_eq!(attempts.of("a"), Attempt { number: 0, made: None });
        attempts.answered("a", "sgp-1");
        assert_eq!(attempts.of("a"), Attempt { number: 0, made: Some("sgp-1".to_owned()) });
        assert!(attempts.move_on("a"));
        assert_eq!(attempts.of("a"), Attempt { number: 1, made: None });
        assert_eq!(attempts.of("b"), Attempt::default(), "each create for itself");
    }

    #[test]
    fn attempts_are_bounded() {
        let attempts = Attempts::default();
        for number in 1..ATTEMPTS {
            assert!(attempts.move_on("a"), "{number}");
        }
        assert!(!attempts.move_on("a"));
        assert_eq!(attempts.of("a").number, ATTEMPTS - 1);
    }
}
