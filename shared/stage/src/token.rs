//! ClientTokens of creates that could make a second thing, and which attempt each create of an invocation is at.
//!
//! A token is a hash of who creates what, without the run: two runs that see the same world send the same token, and the
//! cloud creates once. A token that was used before is answered with the old id and changes nothing, so a thing that was
//! deleted since can come back only under another token: that of the next attempt. `create` decides when an attempt moves
//! on. Every invocation begins at attempt 0 and passes the attempts whose things are gone one after the other, so that
//! runs which see the same world end at the same token.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use sha2::{Digest, Sha256};

/// Attempts of one create in one invocation. More deletions of one thing than these, within the day for which the cloud
/// keeps tokens, are no accident that a run should repair.
const ATTEMPTS: u32 = 64;

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

/// Which attempt each create of this invocation is at, and which id the last answer to it named. A create is known by its
/// token of attempt 0.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<BTreeMap<String, Attempt>>);

/// Where one create is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// Its number, from 0.
    pub(crate) number: u32,
    /// What the answer to this attempt named, if there was an answer.
    pub(crate) made: Option<String>,
}

impl Attempts {
    /// Where a create is.
    pub(crate) fn of(&self, create: &str) -> Attempt {
        self.lock().get(create).cloned().unwrap_or_default()
    }

    /// The present attempt was answered with this id.
    pub(crate) fn answered(&self, create: &str, id: &str) {
        self.lock().entry(create.to_owned()).or_default().made = Some(id.to_owned());
    }

    /// What the present attempt made is gone: the next one. `false`, and nothing moves, when there were too many.
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
