//! Turns: a binding has at most one run at work and one waiting, whatever their names.

use onboarding::ids::BindingName;
use openapi::fnf;
use stage::executions::{Turn, runs_of, turn};
use stage::{Invocation, StageError};

use crate::answer::Dispatched;
use crate::start::{BETWEEN_LISTINGS, home};

/// Lets `run` continue, wait, or stop.
pub(crate) async fn take(
    invocation: &Invocation<'_>,
    binding: &BindingName,
    run: &str,
) -> Result<Dispatched, StageError> {
    match look(invocation, binding, run).await? {
        Turn::Go => Ok(Dispatched { turn: Some(run.to_owned()), ..Dispatched::default() }),
        Turn::Wait(before) => {
            let before = before.unwrap_or_else(|| "the listing of this run".to_owned());
            Err(StageError::StillPending { what: format!("{run} waits for {before}") })
        }
        Turn::StandDown(older) => {
            invocation.host.clock().sleep(BETWEEN_LISTINGS).await;
            if look(invocation, binding, run).await? == Turn::StandDown(older.clone()) {
                stop(invocation, run, &older).await?;
            }
            Err(StageError::StillPending { what: format!("{run} waits behind {} and {}", older[0], older[1]) })
        }
    }
}

async fn look(invocation: &Invocation<'_>, binding: &BindingName, run: &str) -> Result<Turn, StageError> {
    Ok(turn(&runs_of(binding, &unfinished(invocation).await?), run))
}

/// The unfinished executions of the workflow, of all bindings.
pub(crate) async fn unfinished(invocation: &Invocation<'_>) -> Result<Vec<fnf::Execution>, StageError> {
    let home = home(invocation)?;
    let client = invocation.client();
    let mut executions = Vec::new();
    for status in ["Starting", "Running"] {
        let list = fnf::ListExecutions {
            flow_name: invocation.host.settings().flow.clone(),
            status: Some(status.to_owned()),
            ..Default::default()
        };
        let listed = client.list(&home, list).await;
        executions.extend(listed.map_err(|error| StageError::cloud(&error))?);
    }
    Ok(executions)
}

async fn stop(invocation: &Invocation<'_>, run: &str, older: &[String; 2]) -> Result<(), StageError> {
    let stop = fnf::StopExecution {
        flow_name: invocation.host.settings().flow.clone(),
        execution_name: run.to_owned(),
        error: Some("StoodDown".to_owned()),
        cause: Some(format!("{} is at work and {} will see what this run would have seen", older[0], older[1])),
    };
    let stopped = invocation.client().call(&home(invocation)?, &stop).await;
    stopped.map(drop).map_err(|error| StageError::cloud(&error))
}
