//! What fails early is tried again inside of the invocation.
//!
//! The workflow calls a stage again one second after it failed, always with the same interval (its language knows no other).
//! So an invocation that would fail at once (the store cannot be read, the service throttles) waits with back-off itself, and
//! fails only at the end of its time: the retries of an outage are as many as the invocations that fit into it, not one a
//! second.

use crate::backoff::Backoff;
use crate::error::StageError;
use crate::host::Invocation;

/// The outcome of `attempt`, which is made again after a while if that may help, as long as the invocation's time lasts.
///
/// # Errors
/// That of the last attempt.
pub async fn hold<T, A, F>(invocation: &Invocation<'_>, mut attempt: A) -> Result<T, StageError>
where
    A: FnMut() -> F,
    F: Future<Output = Result<T, StageError>>,
{
    let mut backoff = Backoff::until(invocation.host.clock(), invocation.budget_end());
    loop {
        let outcome = attempt().await;
        match &outcome {
            Err(failure) if failure.may_pass() => {
                let delay = backoff.next();
                if !backoff.wait(delay).await {
                    return outcome;
                }
                tracing::info!(error = %failure, "tried again in the same invocation");
            }
            _ => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use clock::Clock;
    use onboarding::{Code, Reason};
    use openapi::{Credentials, TransportError};

    use super::*;
    use crate::host::Host;
    use crate::settings::Settings;

    fn host() -> Host {
        let variables = [("ALBRIDGE_BINDINGS".to_owned(), "bindings.yml".to_owned())].into();
        let transport = |_| async { Err(TransportError::Connect("nobody is there".to_owned())) };
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), 1);
        Host::new(Settings::parse(&variables).unwrap(), Arc::new(transport), clock, Credentials::new("id", "secret"))
    }

    /// How often it is attempted, and for how many seconds, if each attempt fails.
    async fn held(failure: StageError) -> (u32, i64) {
        let host = host();
        let begun = host.clock().now();
        let deadline = begun + Duration::from_secs(60);
        let invocation = Invocation::until(&host, deadline);
        let mut attempts = 0;
        let outcome: Result<(), _> = hold(&invocation, || {
            attempts += 1;
            std::future::ready(Err(failure.clone()))
        })
        .await;
        assert_eq!(outcome, Err(failure));
        (attempts, host.clock().now().duration_since(begun).as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_early_is_tried_again_until_the_time_is_used_up() {
        let what = || "the call".to_owned();
        let reason = |code| Reason::new(code, "bindings.yml", "It cannot be read.");
        for failure in [StageError::CloudFailing { what: what() }, StageError::Store(reason(Code::Store))] {
            let (attempts, seconds) = held(failure).await;
            assert!((8..=20).contains(&attempts) && (45..=55).contains(&seconds), "{attempts} in {seconds} s");
        }
        for failure in [
            StageError::StillPending { what: what() },
            StageError::Expired { what: what() },
            StageError::NoBinding(reason(Code::NoBinding)),
        ] {
            assert_eq!(held(failure).await, (1, 0));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_succeeds_in_the_end_has_succeeded() {
        let host = host();
        let deadline = host.clock().now() + Duration::from_secs(60);
        let invocation = Invocation::until(&host, deadline);
        let mut attempts = 0;
        let outcome = hold(&invocation, || {
            attempts += 1;
            let failing = || StageError::CloudFailing { what: "the call".to_owned() };
            std::future::ready(if attempts < 4 { Err(failing()) } else { Ok(attempts) })
        })
        .await;
        assert_eq!(outcome, Ok(4));
    }
}
