//! Coalesces without stored state: the name of an execution contains the current time window, and for a name that is
//! already running CloudFlow returns the running execution. What a start has proven is kept for the events that meet it in
//! this process ([`Meeting`]).

use onboarding::ids::BindingName;
use onboarding::{Code, Reason};
use openapi::fnf;
use stage::executions::{self, Proof};
use stage::{Invocation, StageError};

use crate::answer::{Dispatched, Started};
use crate::meeting::{Meeting, Start};

/// The most windows to try. A name may be taken by a run that may have read already, or that has ended.
const WINDOWS: i64 = 50;

/// Starts, or joins, an execution for a binding. With the kill switch on, nothing is started. That is a normal answer and
/// not an error, because otherwise the platform would retry the trigger again and again.
pub(crate) async fn asked_for(invocation: &Invocation<'_>, binding: &BindingName) -> Result<Dispatched, StageError> {
    if invocation.host.settings().read_only {
        return Ok(Dispatched { ignored: vec![switched_off(binding)], ..Dispatched::default() });
    }
    let execution = one(invocation, binding, "manual").await?;
    let started = Started { binding: binding.clone(), execution, drift: Vec::new() };
    Ok(Dispatched { started: vec![started], ..Dispatched::default() })
}

/// Why no run of a binding is started while writes are switched off.
pub(crate) fn switched_off(binding: &BindingName) -> Reason {
    Reason::new(Code::ReadOnly, binding, format!("Writes are switched off, so no run of {binding} was started."))
}

/// The name of an execution that will certainly read the cloud after this moment. `trigger` says what asks for it, for whoever reads
/// the history ([`executions::trigger`]); an execution that is joined keeps its own.
pub(crate) async fn one(
    invocation: &Invocation<'_>,
    binding: &BindingName,
    trigger: &str,
) -> Result<String, StageError> {
    let settings = invocation.host.settings();
    let clock = invocation.host.clock();
    let home = home(invocation)?;
    let meeting = invocation.host.shared::<Meeting>();
    if let Some(name) = meeting.covering(binding, clock.now(), settings.window_seconds) {
        return Ok(name);
    }
    let client = invocation.client();
    let input = serde_json::json!({ "binding": binding, "trigger": trigger }).to_string();
    let first = executions::window(clock.now(), settings.window_seconds);
    for window in first..first.saturating_add(WINDOWS) {
        let name = executions::name(binding, window);
        let start = fnf::StartExecution {
            flow_name: settings.flow.clone(),
            execution_name: Some(name.clone()),
            input: Some(input.clone()),
        };
        let sent = clock.now();
        match client.call_dated(&home, &start).await {
            Ok((execution, date)) => {
                let proof = Proof { date, started: execution.started_time };
                if proof.holds(settings.window_seconds) {
                    tracing::info!(%binding, execution = name, "covered by an execution");
                    meeting.keep(binding, Start { name: name.clone(), proof, sent });
                    return Ok(name);
                }
            }
            Err(error) if error.code == "ExecutionAlreadyExists" => {}
            Err(error) => {
                let failure = StageError::cloud(&error);
                tracing::warn!(%binding, error = %failure, "no run could be started");
                return Err(failure);
            }
        }
    }
    Err(StageError::CloudFailing { what: format!("no execution of {binding} could be started in {WINDOWS} windows") })
}

pub(crate) fn home(invocation: &Invocation<'_>) -> Result<String, StageError> {
    let region = invocation.host.settings().home_region.as_ref().map(ToString::to_string);
    region.ok_or_else(|| StageError::CloudFailing { what: "ALBRIDGE_HOME_REGION is not set".to_owned() })
}
