//! An invocation in which one call goes wrong.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use emulator::call::ApiError;
use emulator::faults::{Effect, Rule};
use local::Local;
use onboarding::StageName;
use std::time::Duration;

use crate::process::{Ended, invoke};

/// What goes wrong at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is cut, and the call was not carried out.
    CutBefore,
    /// The call is carried out, and its answer is lost.
    CutAfter,
    /// Too many calls.
    Throttled,
    /// The service fails, and nothing was done.
    ServerError,
    /// The call is carried out, and half of its answer comes.
    Truncated,
    /// The process dies before the call is carried out.
    KilledBefore,
    /// The call is carried out, and the process dies.
    KilledAfter,
    /// This call and all later ones are carried out, but no answer comes until the function's time is up.
    OutOfTime,
    /// From this call on the credentials have expired.
    Expired,
}

impl Fault {
    pub(crate) const ALL: [Self; 9] = [
        Self::CutBefore,
        Self::CutAfter,
        Self::Throttled,
        Self::ServerError,
        Self::Truncated,
        Self::KilledBefore,
        Self::KilledAfter,
        Self::OutOfTime,
        Self::Expired,
    ];

    /// As a case's id has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::CutBefore => "cut-before",
            Self::CutAfter => "cut-after",
            Self::Throttled => "throttled",
            Self::ServerError => "5xx",
            Self::Truncated => "truncated",
            Self::KilledBefore => "killed-before",
            Self::KilledAfter => "killed-after",
            Self::OutOfTime => "function-timeout",
            Self::Expired => "credentials-expired",
        }
    }

    /// Whether it ends the run, so that only the next one goes on.
    pub(crate) const fn ends_run(self) -> bool {
        matches!(self, Self::KilledBefore | Self::KilledAfter | Self::OutOfTime | Self::Expired)
    }

    fn rule(self, call: u32) -> Rule {
        let once = |effect| Rule::new(effect).skip(call).times(1);
        match self {
            Self::CutBefore | Self::KilledBefore => once(Effect::CutBefore),
            Self::CutAfter | Self::KilledAfter => once(Effect::CutAfter),
            Self::Throttled => once(Effect::Throttle),
            Self::ServerError => once(Effect::InternalError),
            Self::Truncated => once(Effect::Truncate),
            Self::OutOfTime => Rule::new(Effect::Delay { seconds: Duration::from_secs(3600).into() }).skip(call),
            Self::Expired => {
                let message = "Specified SecurityToken is expired.";
                Rule::refuse(ApiError::bad("InvalidSecurityToken.Expired", message)).skip(call)
            }
        }
    }

    const fn kills(self) -> bool {
        matches!(self, Self::KilledBefore | Self::KilledAfter)
    }
}

/// Invokes a stage with a fault at its `call`th call, counted from 0. Gives whether it answered, and whether the fault struck.
pub(crate) async fn disturbed(
    local: &Local,
    binding: &str,
    stage: StageName,
    call: usize,
    fault: Fault,
) -> (bool, bool) {
    local.cloud().inject(fault.rule(u32::try_from(call).unwrap())).unwrap();
    let struck = || local.cloud().gateway().with(|world| world.faults().iter().any(|rule| rule.hits > 0));
    let host = local.operator_host();
    let answered = {
        let mut work = pin!(invoke(&host, binding, stage, None));
        poll_fn(|context| {
            // Looked at before the process gets to see that its connection was cut.
            if fault.kills() && struck() {
                return Poll::Ready(false);
            }
            work.as_mut().poll(context).map(|ended| matches!(ended, Ended::Done))
        })
        .await
    };
    let has_struck = struck();
    let now = local.cloud().now();
    local.cloud().with(|world| world.clear_faults(now));
    (answered, has_struck)
}
