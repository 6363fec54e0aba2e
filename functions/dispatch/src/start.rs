//! Coalesces without stored state: the name of an execution contains the current time window, and for a name that is
//! already running CloudFlow returns the running execution.

use std::time::Duration;

use futures_util::future::join_all;
use onboarding::ids::BindingName;
use onboarding::{Code, Reason};
use openapi::fnf;
use stage::{Invocation, StageError, executions};

use crate::answer::{Dispatched, Started};

/// The most windows to try. A name may be taken by a run that may have read already, or that has ended.
const WINDOWS: i64 = 50;

/// Starts, or joins, an execution for each binding that turns out to be concerned, as soon as that is known. A failed start
/// does not affect the others; it is returned after all have finished, so that the platform retries the trigger. With the
/// kill switch on, nothing is started. That is a normal answer and not an error, because otherwise the platform would retry
/// the event again and again.
pub(crate) async fn where_concerned<Concerned>(
    invocation: &Invocation<'_>,
    bindings: Vec<(&BindingName, Concerned)>,
) -> Result<Dispatched, StageError>
where
    Concerned: Future<Output = bool>,
{
    let mut dispatched = Dispatched::default();
    if invocation.host.settings().read_only {
        let off = |binding: &BindingName| {
            Reason::new(
                Code::ReadOnly,
                binding,
                format!("Writes are switched off, so no run of {binding} was started."),
            )
        };
        dispatched.ignored = bindings.into_iter().map(|(binding, _)| off(binding)).collect();
        return Ok(dispatched);
    }
    let starts = bindings.into_iter().map(|(binding, concerned)| async move {
        (binding, if concerned.await { Some(one(invocation, binding).await) } else { None })
    });
    let mut failed = None;
    for (binding, started) in join_all(starts).await {
        match started {
            Some(Ok(execution)) => {
                dispatched.started.push(Started { binding: binding.clone(), execution, drift: Vec::new() });
            }
            Some(Err(failure)) => {
                tracing::warn!(%binding, error = %failure, "no run could be started");
                failed = Some(failure);
            }
            None => {}
        }
    }
    failed.map_or(Ok(dispatched), Err)
}

/// The name of an execution that will certainly read the cloud after this moment.
pub(crate) async fn one(invocation: &Invocation<'_>, binding: &BindingName) -> Result<String, StageError> {
    let settings = invocation.host.settings();
    let home = home(invocation)?;
    let client = invocation.client();
    let input = serde_json::json!({ "binding": binding }).to_string();
    let first = executions::window(invocation.host.clock().now(), settings.window_seconds);
    for window in first..first.saturating_add(WINDOWS) {
        let name = executions::name(binding, window);
        let start = fnf::StartExecution {
            flow_name: settings.flow.clone(),
            execution_name: Some(name.clone()),
            input: Some(input.clone()),
        };
        match client.call_dated(&home, &start).await {
            Ok((execution, date))
                if executions::has_not_read(date, &execution.started_time, settings.window_seconds) =>
            {
                tracing::info!(%binding, execution = name, "covered by an execution");
                return Ok(name);
            }
            Ok(_) => {}
            Err(error) if error.code == "ExecutionAlreadyExists" => {}
            Err(error) => return Err(StageError::cloud(&error)),
        }
    }
    Err(StageError::CloudFailing { what: format!("no execution of {binding} could be started in {WINDOWS} windows") })
}

pub(crate) fn home(invocation: &Invocation<'_>) -> Result<String, StageError> {
    let region = invocation.host.settings().home_region.as_ref().map(ToString::to_string);
    region.ok_or_else(|| StageError::CloudFailing { what: "ALBRIDGE_HOME_REGION is not set".to_owned() })
}

/// The wait of a run that is third or later before it lists the executions a second time.
pub(crate) const BETWEEN_LISTINGS: Duration = Duration::from_secs(3);
