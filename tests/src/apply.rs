//! What `albridge apply` does with an approved plan: runs every stage in order, with no write outside of the plan; to the
//! end, or until the process dies.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use local::{Local, with_stage};
use onboarding::ids::BindingName;
use onboarding::{Plan, StageName};
use stage::{Host, Invocation, Report, Request, Stage, StageError};

/// The time limit of one stage.
const LIMIT: Duration = Duration::from_secs(3600);

/// The plan of a binding, as a person would approve it.
///
/// # Errors
/// [`StageError`] if it cannot be computed.
pub async fn plan(local: &Local, binding: &str) -> Result<Plan, StageError> {
    let host = local.operator_host();
    let deadline = host.clock().now() + LIMIT;
    let invocation = Invocation::until(&host, deadline);
    Ok(Box::pin(stage::plan_whole(&invocation, &BindingName::from(binding), true)).await?.1)
}

/// Applies an approved plan.
///
/// # Errors
/// [`StageError`] of the first stage that fails.
pub async fn apply(local: &Local, binding: &str, plan: &Plan) -> Result<Vec<Report>, StageError> {
    let applying = Applying { host: local.operator_host(), binding: BindingName::from(binding), plan };
    let mut reports = Vec::new();
    for stage in StageName::ALL {
        with_stage!(stage, stage => reports.push(applying.stage(&stage).await?),
            StageName::Dispatch | StageName::Verify => (), // they write nothing
        );
    }
    Ok(reports)
}

/// The same, in a process that dies after the cloud has made `writes` changes: the last change is made, but its answer is
/// not read. Returns whether the process died.
pub async fn die_after(local: &Local, binding: &str, plan: &Plan, writes: usize) -> bool {
    let mut work = pin!(apply(local, binding, plan));
    std::future::poll_fn(|context| {
        if local.cloud().gateway().writes() >= writes {
            Poll::Ready(true)
        } else {
            work.as_mut().poll(context).map(|_| false)
        }
    })
    .await
}

struct Applying<'a> {
    host: Host,
    binding: BindingName,
    plan: &'a Plan,
}

impl Applying<'_> {
    async fn stage<S: Stage>(&self, stage: &S) -> Result<Report, StageError> {
        let deadline = self.host.clock().now() + LIMIT;
        let invocation = Invocation { approved: Some(self.plan), ..Invocation::until(&self.host, deadline) };
        // Boxed, because the futures of ten stages together are too large for a test thread's stack.
        Box::pin(stage::run(
            stage,
            &invocation,
            &Request { binding: self.binding.clone(), run: String::new(), accepted: false },
        ))
        .await
    }
}
