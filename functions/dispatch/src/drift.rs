//! The timer: one read pass for each binding. An execution starts only if the plan holds a change that a run may make now,
//! and no run of the binding is on its way: that one makes the change, or the timer finds it again when the run has ended.
//! The rest is reported as drift.

use futures_util::future::join_all;
use onboarding::{Code, Reason};
use openapi::fnf;
use stage::{Failure, Invocation, executions, plan_whole, store};

use crate::{Dispatched, Drift, Started, start, turn};

/// Entries that a report names.
const NAMED: usize = 8;
/// Bindings that are read at the same time: enough to be done in time, few enough for the cloud's rate limits.
const SIDE_BY_SIDE: usize = 8;

pub(crate) async fn repair(invocation: &Invocation<'_>) -> Result<Dispatched, Failure> {
    let store = store::load(invocation.host, &invocation.client()).await?;
    let mut dispatched = Dispatched::default();
    let mut failed = None;
    // Read once, by the first binding that needs it.
    let mut unfinished = None;
    let mut plans = Vec::new();
    for bindings in store.bindings.chunks(SIDE_BY_SIDE) {
        plans.extend(join_all(bindings.iter().map(|binding| plan_whole(invocation, &binding.name, false))).await);
    }
    for (binding, plan) in store.bindings.iter().zip(plans) {
        // One binding that cannot be read must not keep the others from being repaired.
        let plan = match plan {
            Ok((_, plan)) => plan,
            Err(failure) => {
                failed = Some(failure);
                continue;
            }
        };
        let open: Vec<String> =
            plan.changes.iter().filter(|change| change.is_open()).map(|change| change.write.to_string()).collect();
        let read_only = store.paused || binding.paused || invocation.host.settings().read_only;
        if open.is_empty() || read_only {
            let blocked = plan.changes.into_iter().flat_map(|change| change.blocked);
            let mut reasons: Vec<_> = blocked.chain(plan.findings).collect();
            reasons.truncate(NAMED);
            if !reasons.is_empty() || !open.is_empty() {
                tracing::warn!(binding = %binding.name, reasons = reasons.len(), open = open.len(), "drift that no run may repair now");
                dispatched.drift.push(Drift { binding: binding.name.clone(), reasons });
            }
            continue;
        }
        if unfinished.is_none() {
            unfinished = Some(listed(invocation).await);
        }
        let runs = executions::runs_of(&binding.name, unfinished.as_deref().unwrap_or_default());
        if let Some(run) = runs.first() {
            tracing::info!(binding = %binding.name, run = run.name, changes = open.len(), "left to the run that is on its way");
            let message =
                format!("{} is at work since {}, and {} changes are left to it.", run.name, run.started, open.len());
            let reasons = vec![Reason::new(Code::Waits, &run.name, message)];
            dispatched.drift.push(Drift { binding: binding.name.clone(), reasons });
            continue;
        }
        let execution = start::one(invocation, &binding.name).await?;
        tracing::info!(binding = %binding.name, changes = open.len(), first = open[0], "drift, to be repaired");
        let drift = open.into_iter().take(NAMED).collect();
        dispatched.started.push(Started { binding: binding.name.clone(), execution, drift });
    }
    match failed {
        Some(failure) if dispatched.started.is_empty() => Err(failure),
        _ => Ok(dispatched),
    }
}

/// The executions that have not ended. A listing that fails holds up no repair: the Turn state lets runs take turns.
async fn listed(invocation: &Invocation<'_>) -> Vec<fnf::Execution> {
    turn::unfinished(invocation).await.unwrap_or_else(|failure| {
        tracing::warn!(error = %failure, "the executions could not be listed");
        Vec::new()
    })
}
