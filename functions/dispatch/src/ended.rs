//! A run is about to end: the flow's last state asks for the line about it, on the way to its end and on the way to its failure. A run that
//! somebody stops, or that stands down, has none.

use onboarding::ids::BindingName;
use openapi::fnf;
use stage::{Invocation, StageError};

use crate::answer::Dispatched;
use crate::start::home;
use crate::summary::{Begun, Summary};

/// Sums a run up, and writes the line.
pub(crate) async fn sum_up(
    invocation: &Invocation<'_>,
    binding: &BindingName,
    run: &str,
) -> Result<Dispatched, StageError> {
    let (home, client) = (home(invocation)?, invocation.client());
    let (flow_name, execution_name) = (invocation.host.settings().flow.clone(), run.to_owned());
    let history = fnf::GetExecutionHistory {
        flow_name: flow_name.clone(),
        execution_name: execution_name.clone(),
        ..Default::default()
    };
    let failed = |error: openapi::Error| StageError::cloud(&error);
    let events = client.list(&home, history).await.map_err(failed)?;
    let begun = match Begun::told_by(&events) {
        Some(begun) => begun,
        None => {
            let describe = fnf::DescribeExecution { flow_name, execution_name, wait_time_seconds: None };
            Begun::of(&client.call(&home, &describe).await.map_err(failed)?)
        }
    };
    let summary = Summary::of(binding, run, &begun, &events, invocation.host.clock().now());
    summary.log();
    Ok(Dispatched { summary: Some(summary), ..Dispatched::default() })
}
