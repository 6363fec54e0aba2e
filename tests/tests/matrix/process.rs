//! One invocation of a stage as Function Compute makes it: a new process with a time limit of one minute.

use std::time::Duration;

use onboarding::ids::BindingName;
use onboarding::{Plan, StageName};
use stage::{Host, Invocation, Removal, Request, StageError};

/// The time limit of the template's functions.
const LIMIT: Duration = Duration::from_secs(60);

/// The stages of a run in the order of the flow, with its parallel branches one after the other.
pub(crate) fn stages() -> impl Iterator<Item = StageName> {
    StageName::ALL.into_iter().filter(|stage| *stage != StageName::Dispatch)
}

/// The result of an invocation.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It answered.
    Done,
    /// It failed with an error.
    Failed,
    /// It was killed at its time limit.
    OutOfTime,
}

/// What a teardown in a story takes away: everything. The store still has the binding.
const EVERYTHING: Removal = Removal { former: None, attachments: true };

/// Invokes a stage; with `approved` as `albridge apply` does. A teardown is one of everything.
pub(crate) async fn invoke(host: &Host, binding: &str, stage: StageName, approved: Option<&Plan>) -> Ended {
    let removal = (stage == StageName::Teardown).then_some(&EVERYTHING);
    let invocation = Invocation { approved, removal, ..Invocation::until(host, host.clock().now() + LIMIT) };
    let request = Request { binding: BindingName::from(binding), run: "matrix".to_owned(), accepted: false };
    match host.clock().timeout(LIMIT, run(stage, &invocation, &request)).await {
        Ok(Ok(())) => Ended::Done,
        Ok(Err(_)) => Ended::Failed,
        Err(_) => Ended::OutOfTime,
    }
}

async fn run(stage: StageName, invocation: &Invocation<'_>, request: &Request) -> Result<(), StageError> {
    // Boxed, because the futures of eleven stages together are too large for a test thread's stack.
    local::with_stage!(stage, stage => Box::pin(stage::run(&stage, invocation, request)).await.map(drop),
        StageName::Dispatch => panic!("dispatch is no stage of a run"),
        StageName::Verify => Box::pin(verify::verify(invocation, request)).await.map(drop),
    )
}
