//! Which failures are tried again, how often, and after how long.
//!
//! Exponential back-off with full jitter. A refusal that happened before the service began (throttled, unavailable) is always
//! safe to repeat. A failure that leaves doubt is repeated only when repeating cannot do a thing twice: for reads, and for
//! writes with a ClientToken. Codes that say "another change is under way" get a few tries only: the caller must wait
//! and read again, for the world may no longer be the one that was planned for.

use std::time::Duration;

use clock::Clock;

use crate::error::{Error, ErrorKind};

/// What a policy needs to know of the call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeatable {
    /// A read, or a write with a ClientToken.
    pub(crate) safe: bool,
    /// The action's own retry codes.
    pub(crate) codes: &'static [&'static str],
}

/// One way of trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Policy {
    /// Tries in all, the first among them.
    tries: u32,
    first: Duration,
    most: Duration,
}

/// ECS refuses a throttled call until the next minute (cloud-apis.md, section 1), so these waits add up to about that. The first
/// is short: the client keeps within the published rates itself, so most refusals are single ones, caused by others.
const THROTTLED: Policy = Policy { tries: 12, first: Duration::from_millis(200), most: Duration::from_secs(20) };
/// The service or the way to it fails.
const FAILING: Policy = Policy { tries: 5, first: Duration::from_millis(200), most: Duration::from_secs(10) };
/// The first call with the same ClientToken still runs.
const PROCESSING: Policy = Policy { tries: 8, first: Duration::from_millis(500), most: Duration::from_secs(5) };
/// Another change is under way.
const BUSY: Policy = Policy { tries: 4, first: Duration::from_millis(500), most: Duration::from_secs(4) };

impl Policy {
    fn of(error: &Error, call: Repeatable) -> Option<Self> {
        if error.is_throttled() {
            return Some(THROTTLED);
        }
        match error.kind {
            ErrorKind::Local => None,
            // Nothing that a second try would change; a write that was malformed may have been done.
            ErrorKind::Malformed => None,
            ErrorKind::Transport => (call.safe || !error.may_have_happened()).then_some(FAILING),
            ErrorKind::Refused if error.is_unavailable() => Some(FAILING),
            ErrorKind::Refused if error.is_processing() => Some(PROCESSING),
            ErrorKind::Refused if call.codes.contains(&error.code.as_str()) => Some(BUSY),
            ErrorKind::Refused => (call.safe && error.status.is_some_and(|status| status >= 500)).then_some(FAILING),
        }
    }

    /// The longest wait after so many failures.
    fn ceiling(self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.most)
    }
}

/// How long to wait before the next try after `failures` failures, the last of them `error`; `None`: give up.
pub(crate) fn wait(error: &Error, failures: u32, call: Repeatable, clock: &Clock) -> Option<Duration> {
    let policy = Policy::of(error, call)?;
    if failures >= policy.tries {
        return None;
    }
    let jitter = clock.jitter(policy.ceiling(failures));
    // Asked to wait, wait that long at least; the jitter keeps callers apart that were asked together.
    Some(error.retry_after.map_or(jitter, |least| least.saturating_add(jitter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAFE: Repeatable = Repeatable { safe: true, codes: &["TaskConflict"] };
    const UNSAFE: Repeatable = Repeatable { safe: false, codes: &["TaskConflict"] };

    fn refused(status: u16, code: &str) -> Error {
        Error { kind: ErrorKind::Refused, status: Some(status), code: code.into(), ..Error::read_only("Test") }
    }

    #[test]
    fn what_leaves_doubt_is_repeated_only_where_that_is_safe() {
        let doubtful = [
            refused(500, "InternalError"),
            refused(502, "Http502"),
            Error::transport("Test", &crate::TransportError::Timeout),
        ];
        for error in doubtful {
            assert_eq!((Policy::of(&error, SAFE), Policy::of(&error, UNSAFE)), (Some(FAILING), None), "{error}");
        }
    }

    #[test]
    fn what_the_service_did_not_begin_is_always_repeated() {
        let unseen = Error::transport("Test", &crate::TransportError::Connect(String::new()));
        assert_eq!(Policy::of(&unseen, UNSAFE), Some(FAILING));
        assert_eq!(Policy::of(&refused(503, "ServiceUnavailable"), UNSAFE), Some(FAILING));
        assert_eq!(Policy::of(&refused(400, "Throttling.User"), UNSAFE), Some(THROTTLED));
        assert_eq!(Policy::of(&refused(400, "Rejected.Throttling"), UNSAFE), Some(THROTTLED));
        assert_eq!(Policy::of(&refused(400, "IdempotenceProcessing"), UNSAFE), Some(PROCESSING));
    }

    #[test]
    fn only_the_codes_of_the_action_are_repeated_of_the_others() {
        assert_eq!(Policy::of(&refused(400, "TaskConflict"), UNSAFE), Some(BUSY));
        assert_eq!(Policy::of(&refused(400, "Operation.Blocking"), SAFE), None);
        assert_eq!(Policy::of(&refused(400, "InvalidParameter"), SAFE), None);
        assert_eq!(Policy::of(&Error::read_only("Test"), SAFE), None);
    }

    #[tokio::test(start_paused = true)]
    async fn tries_end_and_waits_are_as_long_as_was_asked() {
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), 1);
        let busy = refused(400, "TaskConflict");
        for failures in 1..BUSY.tries {
            let waits = wait(&busy, failures, SAFE, &clock).unwrap();
            assert!(waits <= BUSY.ceiling(failures), "{failures}: {waits:?}");
        }
        assert_eq!(wait(&busy, BUSY.tries, SAFE, &clock), None);
        assert_eq!(wait(&refused(400, "InvalidParameter"), 1, SAFE, &clock), None);
        let least = Duration::from_secs(30);
        let asked = Error { retry_after: Some(least), ..refused(429, "Throttling") };
        let waits = wait(&asked, 1, UNSAFE, &clock).unwrap();
        assert!(waits >= least && waits <= least + THROTTLED.first, "{waits:?}");
        let waits: Vec<_> = (0..20).filter_map(|_| wait(&busy, 3, SAFE, &clock)).collect();
        assert!(waits.iter().any(|wait| *wait != waits[0]), "they differ: {waits:?}");
    }

    #[test]
    fn ceilings_double_up_to_the_most() {
        let ceilings: Vec<_> = (1..=9).map(|failures| THROTTLED.ceiling(failures).as_millis()).collect();
        assert_eq!(ceilings, [200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000]);
        let waits: Duration = (1..THROTTLED.tries).map(|failures| THROTTLED.ceiling(failures)).sum();
        assert!((50..60).contains(&(waits / 2).as_secs()), "about a minute, on average: {waits:?}");
        assert_eq!(THROTTLED.ceiling(u32::MAX), THROTTLED.most);
    }
}
