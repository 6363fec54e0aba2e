//! Turns: a binding has at most one run at work and one waiting, whatever their names.

use std::time::Duration;

use onboarding::ids::BindingName;
use openapi::fnf;
use stage::executions::{Turn, runs_of, turn};
use stage::{Invocation, StageError};

use crate::answer::Dispatched;
use crate::start::home;

/// The wait of a run that is third or later before it lists the executions a second time.
const BETWEEN_LISTINGS: Duration = Duration::from_secs(3);
/// The shortest wait between two looks, and how much longer it may be. A look takes two calls, and CloudFlow takes two a
/// second in a region (workflow-events-template.md, section 1.5): ten waiting runs fit into that.
const BETWEEN_LOOKS: Duration = Duration::from_secs(8);
const JITTER: Duration = Duration::from_secs(4);

/// Lets `run` continue, wait, or stop. It waits here, and not in the workflow, whose history has room for a few hundred
/// attempts only: up to the end of its time, also while the executions cannot be listed. The patience of the Turn state
/// counts on that (decision 0032).
pub(crate) async fn take(
    invocation: &Invocation<'_>,
    binding: &BindingName,
    run: &str,
) -> Result<Dispatched, StageError> {
    let clock = invocation.host.clock();
    loop {
        let failure = match attempt(invocation, binding, run).await {
            Ok(Attempt::Go) => return Ok(Dispatched { turn: Some(run.to_owned()), ..Dispatched::default() }),
            Ok(Attempt::Stopped(what)) => return Err(StageError::StillPending { what }),
            Ok(Attempt::Waits(what)) => StageError::StillPending { what },
            // The next invocation gets new credentials.
            Err(failure @ StageError::Expired { .. }) => return Err(failure),
            Err(failure) => failure,
        };
        let (wait, left) = (BETWEEN_LOOKS + clock.jitter(JITTER), clock.until(invocation.budget_end()));
        clock.sleep(wait.min(left)).await;
        if wait >= left {
            return Err(failure);
        }
    }
}

/// What a look at the executions leads to, in words where it is no turn.
enum Attempt {
    Go,
    Waits(String),
    /// It has stopped itself.
    Stopped(String),
}

async fn attempt(invocation: &Invocation<'_>, binding: &BindingName, run: &str) -> Result<Attempt, StageError> {
    match look(invocation, binding, run).await? {
        Turn::Go => Ok(Attempt::Go),
        Turn::Wait(before) => {
            let before = before.unwrap_or_else(|| "the listing of this run".to_owned());
            Ok(Attempt::Waits(format!("{run} waits for {before}")))
        }
        Turn::StandDown(older) => {
            invocation.host.clock().sleep(BETWEEN_LISTINGS).await;
            let what = format!("{run} waits behind {} and {}", older[0], older[1]);
            if look(invocation, binding, run).await? == Turn::StandDown(older.clone()) {
                stop(invocation, run, &older).await?;
                return Ok(Attempt::Stopped(what));
            }
            Ok(Attempt::Waits(what))
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
