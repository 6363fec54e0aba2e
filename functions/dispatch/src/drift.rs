//! The timer: one reading for each binding. An execution is started only if the plan contains a change that a run may make
//! now, and if no run of the binding is in progress. A run in progress makes the change itself, or the timer finds it again
//! later. Everything else is reported as drift. At the end a line sums the look up, and who asked for it is told what is new.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use futures_util::stream;
use onboarding::news::Sight;
use onboarding::ordered::sort_few;
use onboarding::store::Store;
use onboarding::words::{are, counted};
use onboarding::{Binding, Code, Plan, Reason};
use openapi::fnf;
use stage::{Invocation, Look, StageError, executions, plan_due, store};
use tokio::sync::OnceCell;

use crate::answer::{Dispatched, Drift, Started};
use crate::{start, telling, turn};

/// The most entries in a report.
const NAMED: usize = 8;
/// The number of bindings read in parallel: enough to finish in time, few enough for the cloud's rate limits.
const SIDE_BY_SIDE: usize = 8;

/// The result for one binding.
enum Outcome {
    InPlace,
    Started(Started),
    Drift(Drift),
}

/// Checks all bindings. Each repair starts as soon as its own plan is ready; a binding that cannot be read or repaired does
/// not delay the others.
pub(crate) async fn repair(invocation: &Invocation<'_>) -> Result<Dispatched, StageError> {
    let begun = invocation.host.clock().now();
    // An attempt after one that failed looks anew.
    invocation.readings.forget(&Look::Whole);
    let store = store::of(invocation).await?;
    // Listed once, for the first binding that needs it.
    let unfinished = OnceCell::new();
    let (unfinished, all) = (&unfinished, &store);
    let looks = store.bindings.iter().enumerate().map(|(place, binding)| async move {
        match plan_due(invocation, &binding.name).await {
            Ok((topology, plan)) => {
                // Only where somebody is told.
                let sight =
                    (!all.notify.is_empty()).then(|| telling::sight(invocation, all, binding, &topology, &plan));
                drop(topology);
                (place, one(invocation, all, binding, plan, unfinished).await, sight.unwrap_or(Sight::Unknown))
            }
            Err(failure) => (place, Err(failure), Sight::Unknown),
        }
    });
    // Collected, because a stream that contains the closure is not `Send`.
    let looks: Vec<_> = looks.collect();
    let mut looked: Vec<_> = stream::iter(looks).buffer_unordered(SIDE_BY_SIDE).collect().await;
    sort_few(&mut looked, |one, other| one.0 < other.0);

    let mut dispatched = Dispatched::default();
    let mut failed = None;
    let mut sights = BTreeMap::new();
    let mut failures = 0;
    for (binding, (_, outcome, sight)) in store.bindings.iter().zip(looked) {
        sights.insert(binding.name.clone(), sight);
        match outcome {
            Ok(Outcome::InPlace) => {}
            Ok(Outcome::Started(started)) => dispatched.started.push(started),
            Ok(Outcome::Drift(drift)) => dispatched.drift.push(drift),
            Err(failure) => {
                tracing::warn!(binding = %binding.name, error = %failure, "not looked after");
                let reason = Reason::new(failure.code(), &binding.name, failure.to_string());
                dispatched.drift.push(Drift { binding: binding.name.clone(), reasons: vec![reason] });
                failures += 1;
                failed = Some(failure);
            }
        }
    }
    // What is started is started: nobody waits for those who are told.
    telling::tell(invocation, &store, &sights).await;
    // Its fields are those of docs/operations.md, "Alerts".
    tracing::info!(
        event = "look",
        schema = 1,
        bindings = store.bindings.len(),
        started = dispatched.started.len(),
        drift = dispatched.drift.len() - failures,
        failed = failures,
        seconds = invocation.host.clock().now().duration_since(begun).as_secs(),
        "look summary"
    );
    match failed {
        // Nothing was started, so the platform may retry.
        Some(failure) if dispatched.started.is_empty() => Err(failure),
        _ => Ok(dispatched),
    }
}

/// Starts a run for a binding with a plan that a run can carry out now, unless a run is in progress.
async fn one(
    invocation: &Invocation<'_>,
    store: &Store,
    binding: &Binding,
    plan: Plan,
    unfinished: &OnceCell<Vec<fnf::Execution>>,
) -> Result<Outcome, StageError> {
    let drift = |reasons| Outcome::Drift(Drift { binding: binding.name.clone(), reasons });
    let open: Vec<String> =
        plan.changes.iter().filter(|change| change.is_open()).map(|change| change.write.to_string()).collect();
    let read_only = store.paused || binding.paused || invocation.host.settings().read_only;
    let Some(first) = open.first().filter(|_| !read_only) else {
        let blocked = plan.changes.into_iter().flat_map(|change| change.blocked);
        let mut reasons: Vec<_> = blocked.chain(plan.findings).collect();
        reasons.truncate(NAMED);
        if reasons.is_empty() && open.is_empty() {
            return Ok(Outcome::InPlace);
        }
        tracing::warn!(binding = %binding.name, reasons = reasons.len(), open = open.len(), "drift that no run may repair now");
        return Ok(drift(reasons));
    };
    let unfinished = unfinished.get_or_init(|| listed(invocation)).await;
    if let Some(run) = executions::runs_of(&binding.name, unfinished).first() {
        tracing::info!(binding = %binding.name, run = run.name, changes = open.len(), "left to the run that is on its way");
        let message = format!(
            "{} is at work since {}, and {} {} left to it.",
            run.name,
            run.started,
            counted(open.len(), "change"),
            are(open.len())
        );
        return Ok(drift(vec![Reason::new(Code::Waits, &run.name, message)]));
    }
    let execution = start::one(invocation, &binding.name, "timer").await?;
    tracing::info!(binding = %binding.name, changes = open.len(), first, "drift, to be repaired");
    let drift = open.into_iter().take(NAMED).collect();
    Ok(Outcome::Started(Started { binding: binding.name.clone(), execution, drift }))
}

/// The unfinished executions. A failed listing does not prevent a repair, because the Turn state serialises the runs.
async fn listed(invocation: &Invocation<'_>) -> Vec<fnf::Execution> {
    turn::unfinished(invocation).await.unwrap_or_else(|failure| {
        tracing::warn!(error = %failure, "the executions could not be listed");
        Vec::new()
    })
}
