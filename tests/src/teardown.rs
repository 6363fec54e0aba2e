//! What `albridge teardown NAME` does after a yes: the stage, again after each wait for members that drain, until nothing is
//! left that it may take away.

use std::time::Duration;

use jiff::Timestamp;
use local::{Local, PROCEDURE_BINDING};
use onboarding::Plan;
use onboarding::ids::BindingName;
use stage::{Invocation, Removal, Report, Request, StageError};

/// The time limit of one attempt.
const LIMIT: Duration = Duration::from_secs(3600);

/// The procedure's binding, paused.
#[must_use]
pub fn paused() -> String {
    PROCEDURE_BINDING.replacen("    provision: auto", "    paused: true\n    provision: auto", 1)
}

/// What a teardown would take away.
///
/// # Errors
/// [`StageError`] if it cannot be computed.
pub async fn plan(local: &Local, binding: &str, removal: &Removal) -> Result<Plan, StageError> {
    let host = local.operator_host();
    let invocation = Invocation { removal: Some(removal), ..Invocation::until(&host, host.clock().now() + LIMIT) };
    Ok(Box::pin(stage::plan_teardown(&invocation, &BindingName::from(binding))).await?.1)
}

/// Takes a binding away. Gives the last report.
///
/// # Errors
/// [`StageError`] of the first attempt that fails.
pub async fn teardown(local: &Local, binding: &str, removal: &Removal) -> Result<Report, StageError> {
    let request = Request { binding: BindingName::from(binding), run: String::new(), accepted: false };
    loop {
        let host = local.operator_host();
        let invocation = Invocation { removal: Some(removal), ..Invocation::until(&host, host.clock().now() + LIMIT) };
        let report = Box::pin(stage::run(&teardown::Teardown, &invocation, &request)).await?;
        let Some(until) = report.blocked.iter().filter_map(|reason| reason.until).min() else { return Ok(report) };
        host.clock().sleep(from(host.clock().now(), until)).await;
    }
}

fn from(now: Timestamp, until: Timestamp) -> Duration {
    until.duration_since(now).try_into().unwrap_or_default()
}
