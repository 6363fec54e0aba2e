//! One invocation of a stage, as Function Compute makes it: a new process, a minute of time, and then it is over.

use std::time::Duration;

use onboarding::ids::BindingName;
use onboarding::{Plan, StageName};
use stage::{Host, Invocation, Request, StageError};

/// The time limit of the template's functions.
const LIMIT: Duration = Duration::from_secs(60);

/// The stages of a run, in the order of the flow, its parallel branches one after the other.
pub(crate) fn stages() -> impl Iterator<Item = StageName> {
    StageName::ALL.into_iter().filter(|stage| *stage != StageName::Dispatch)
}

/// What came of an invocation.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It answered.
    Done,
    /// It failed, and said why.
    Failed,
    /// It was killed when its time was up.
    OutOfTime,
}

/// Invokes a stage. With `approved` it is `albridge apply` that does.
pub(crate) async fn invoke(host: &Host, binding: &str, stage: StageName, approved: Option<&Plan>) -> Ended {
    let invocation = Invocation { host, credentials: None, deadline: host.clock().now() + LIMIT, approved };
    let request = Request { binding: BindingName::from(binding), run: "matrix".to_owned() };
    match host.clock().timeout(LIMIT, run(stage, &invocation, &request)).await {
        Ok(Ok(())) => Ended::Done,
        Ok(Err(_)) => Ended::Failed,
        Err(_) => Ended::OutOfTime,
    }
}

async fn run(stage: StageName, invocation: &Invocation<'_>, request: &Request) -> Result<(), StageError> {
    // Boxed: eleven stages' futures side by side are more than a test thread's stack holds.
    local::with_stage!(stage, stage => Box::pin(stage::run(&stage, invocation, request)).await.map(drop),
        StageName::Dispatch => panic!("dispatch is no stage of a run"),
        StageName::Verify => Box::pin(verify::verify(invocation, request)).await.map(drop),
    )
}
