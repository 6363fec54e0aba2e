//! What `albridge apply` does with a plan that a person saw: every stage in order, nothing outside of the plan; to the end,
//! or until the process dies.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use local::{Local, with_stage};
use onboarding::ids::BindingName;
use onboarding::{Plan, StageName};
use stage::{Host, Invocation, Report, Request, Stage, StageError};

/// How long one stage may take.
const LIMIT: Duration = Duration::from_secs(3600);

/// The plan of a binding as a person would approve it.
///
/// # Errors
/// [`StageError`] when it cannot be made.
pub async fn plan(local: &Local, binding: &str) -> Result<Plan, StageError> {
    let host = local.operator_host();
    let deadline = host.clock().now() + LIMIT;
    let invocation = Invocation { host: &host, credentials: None, deadline, approved: None };
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

/// The same, by a process that dies when the cloud has made `writes` changes: the last of them is done, and its answer is
/// never read. Gives whether it died.
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
        let invocation = Invocation { host: &self.host, credentials: None, deadline, approved: Some(self.plan) };
        // Boxed: ten stages' futures side by side are more than a test thread's stack holds.
        Box::pin(stage::run(stage, &invocation, &Request { binding: self.binding.clone(), run: String::new() })).await
    }
}
