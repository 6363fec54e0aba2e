//! An invocation with a fault at one call.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use emulator::call::ApiError;
use emulator::faults::{Effect, Rule};
use local::Local;
use onboarding::StageName;
use std::time::Duration;

use crate::process::{Ended, invoke};

/// The fault at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is cut before the call is carried out.
    CutBefore,
    /// The call is carried out, but its answer is lost.
    CutAfter,
    /// Throttling.
    Throttled,
    /// The service fails without carrying out the call.
    ServerError,
    /// The call is carried out, but its answer is truncated.
    Truncated,
    /// The process dies before the call is carried out.
    KilledBefore,
    /// The call is carried out, then the process dies.
    KilledAfter,
    /// This call and all later ones are carried out, but their answers come only after the function's time limit.
    OutOfTime,
    /// The credentials are expired from this call on.
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

    /// The name in a case's id.
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

    /// Whether it ends the run, so that the work continues only in the next run.
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

/// Invokes a stage with a fault at its `call`th call, counted from 0. Returns whether it answered, and whether the fault
/// took effect.
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
            // Checked before the process can see that its connection was cut.
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
