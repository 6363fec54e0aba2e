//! Run: observe, plan and apply in a loop, until the stage has nothing open or in progress, or its time is used up.

use std::time::Duration;

use onboarding::{Code, Plan, Reason, StageName};
use openapi::ErrorKind;

use crate::apply::{Progress, Sorted};
use crate::error::StageError;
use crate::host::Invocation;
use crate::planning;
use crate::readings::{Look, Looks};
use crate::report::Report;
use crate::request::Request;
use crate::session::Session;
use crate::stage::Stage;
use crate::unread;

/// Consecutive failed readings after which the stage fails. The client has retried each call several times by then.
const READINGS: u32 = 3;

/// Runs a stage for the binding that `request` names.
///
/// # Errors
/// [`StageError`]: the time is used up, the cloud is failing, or the desired state is not known.
pub async fn run<S: Stage>(stage: &S, invocation: &Invocation<'_>, request: &Request) -> Result<Report, StageError> {
    let outcome = ensure(stage, invocation, request).await;
    let (name, binding, run) = (S::NAME, &request.binding, request.run.as_str());
    match &outcome {
        Ok(report) => {
            let blocked: Vec<_> = report.blocked.iter().map(|reason| reason.code.as_str()).collect();
            let blocked = blocked.join(" ");
            tracing::info!(stage = %name, %binding, run, ok = report.ok, changes = report.changes, blocked, "done");
        }
        Err(failure) => {
            tracing::warn!(stage = %name, %binding, run, code = %failure.code(), error = %failure, "not done");
        }
    }
    outcome
}

async fn ensure<S: Stage>(stage: &S, invocation: &Invocation<'_>, request: &Request) -> Result<Report, StageError> {
    let session = Session::open(invocation, request).await?;
    let mut backoff = session.backoff();
    let mut progress = Progress::default();
    let mut failed_readings = 0;
    let mut looks = Looks::of(S::SHOWS);
    loop {
        let look = looks.next();
        let observation = session.observe_noting(S::NEEDS, look, backoff.left()).await?;
        let topology = &observation.topology;
        // The workflow's Retry brings new credentials. With a report instead of an error, the run would continue without
        // this stage's changes.
        if let Some(what) = unread::expired(&topology.unread) {
            return Err(StageError::Expired { what });
        }
        // Prune reads other bindings here, so planning needs a time limit.
        let planning = planning::plan_of(&session, S::NAME, topology, progress.removed());
        let late = |_| StageError::StillPending { what: "the other bindings are still being read".to_owned() };
        let plan = session.clock().timeout(backoff.left(), planning).await.map_err(late)?;
        let inputs = session.inputs(topology, progress.removed());
        let sorted = progress.sort(S::NAME, session.approved(), &inputs, &plan);
        let waits = !sorted.waiting.is_empty() || (S::NAME == StageName::BackendServers && is_learning(&sorted));
        if look != Look::Whole && (!waits || !sorted.lanes.is_empty()) {
            // There is more to do than to wait, and that is decided only on a whole look.
            looks.again();
            continue;
        }
        if session.is_read_only() {
            return Ok(read_only::<S>(&session, &plan, sorted));
        }
        if request.accepted && !sorted.creating && !observation.failing {
            return Ok(report::<S>(&session, &plan, progress.made, sorted.blocked));
        }
        failed_readings = if observation.failing { failed_readings + 1 } else { 0 };
        if sorted.lanes.is_empty() && sorted.waiting.is_empty() {
            if waits && backoff.wait().await {
                continue;
            }
            if !observation.failing {
                return Ok(report::<S>(&session, &plan, progress.made, sorted.blocked));
            }
            if failed_readings >= READINGS {
                return Err(StageError::CloudFailing { what: unread(&plan) });
            }
        }
        if !sorted.lanes.is_empty() {
            progress.last_error = None;
        }
        let limit = for_answers(backoff.left(), session.host().settings().margin);
        let writing = progress.write(stage, &session, topology, &sorted.lanes);
        match session.clock().timeout(limit, writing).await {
            Ok(true) => backoff.hurry(),
            Ok(false) => {}
            Err(_) => return Err(StageError::StillPending { what: "a write is not answered yet".to_owned() }),
        }
        if let Some(error) = progress.last_error.take_if(|error| error.is_expired()) {
            return Err(StageError::cloud(&error));
        }
        if !sorted.waiting.is_empty() {
            // `albridge apply` shows it on a terminal, line by line.
            tracing::debug!(target: "albridge::waiting", what = sorted.waiting.join("\n"), "waiting");
        }
        if !backoff.wait().await {
            return Err(used_up(&progress, &sorted, observation.failing.then(|| unread(&plan))));
        }
    }
}

/// The time limit for the answers to writes: the remaining time plus half of the margin. The outcome of a write that is
/// dropped then is unknown; the reading of the next invocation shows it.
fn for_answers(left: Duration, margin: Duration) -> Duration {
    left + margin / 2
}

/// Whether a path lacks only routes that are not propagated yet: they appear some seconds after their propagation is active
/// (cloud-apis.md, section 13). The stage waits for them while it has time, then reports them like any other block.
fn is_learning(sorted: &Sorted) -> bool {
    sorted.blocked.iter().any(|reason| reason.code == Code::NotLearned)
}

/// The error when the time is used up; `unread` says what could not be read at the last look.
fn used_up(progress: &Progress, sorted: &Sorted, unread: Option<String>) -> StageError {
    match (&progress.last_error, unread) {
        (_, Some(what)) => StageError::CloudFailing { what },
        (Some(error), None) if error.kind != ErrorKind::Refused => StageError::cloud(error),
        (Some(error), None) => StageError::StillPending { what: error.to_string() },
        (None, None) => {
            let open = sorted.lanes.values().flatten().map(|change| progress.in_words(&change.write));
            let mut what: Vec<_> = sorted.waiting.iter().cloned().chain(open).collect();
            what.dedup();
            let more = what.len().saturating_sub(3);
            what.truncate(3);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            StageError::StillPending { what: what.join("; ") + &more }
        }
    }
}

fn unread(plan: &Plan) -> String {
    unread::first(&plan.unread).unwrap_or_else(|| "calls to the cloud fail".to_owned())
}

fn report<S: Stage>(session: &Session<'_>, plan: &Plan, made: Vec<String>, mut blocked: Vec<Reason>) -> Report {
    // These two stages report on the whole binding.
    if matches!(S::NAME, StageName::Preflight | StageName::Verify) {
        blocked.extend(plan.changes.iter().flat_map(|change| change.blocked.iter().cloned()));
    }
    Report::new(S::NAME, &session.binding().name, session.run(), made, blocked, plan.findings.clone())
        .with_unread(&plan.unread)
}

fn read_only<S: Stage>(session: &Session<'_>, plan: &Plan, sorted: Sorted) -> Report {
    let withheld = sorted.lanes.values().flatten().map(|change| {
        let message = format!("Writes are switched off, so this was not made: {}.", change.write);
        Reason::new(Code::ReadOnly, &session.binding().name, message)
    });
    let blocked = withheld.chain(sorted.blocked).collect();
    report::<S>(session, plan, Vec::new(), blocked).read_only()
}
