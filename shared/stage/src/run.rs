//! Run: observe, plan and apply in a loop, until the stage has nothing open or in progress, or its time is used up.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use onboarding::plan::Pending;
use onboarding::{Binding, Code, Plan, Reason, StageName, Topology};
use openapi::{Action, ErrorKind, cbn};

use crate::apply::{Progress, Sorted};
use crate::error::StageError;
use crate::facts;
use crate::host::Invocation;
use crate::needs::Needs;
use crate::observe::Observation;
use crate::pace::{self, Pace};
use crate::planning;
use crate::readings::{Look, Reading};
use crate::report::Report;
use crate::request::Request;
use crate::session::Session;
use crate::stage::Stage;
use crate::unread;
use crate::waits::is_create;

/// Consecutive failed readings after which the stage fails. The client has retried each call several times by then.
const READINGS: u32 = 3;

/// A stage is settled on readings that are at most this old: about what a look at a busy cloud takes.
const RECENT: SignedDuration = SignedDuration::from_secs(10);

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
    session.renew(&Look::Whole);
    let mut backoff = session.backoff();
    let mut pace = Pace::default();
    let mut progress = Progress::default();
    let mut failed_readings = 0;
    // Whether everything that is known was read after the last wait and the last write, and when the oldest of it was read.
    let (mut fresh, mut since) = (true, session.clock().now());
    // Whether the last wait was for what only other stages bring about.
    let mut waited_for_others = false;
    loop {
        let Some(Seen { observation, plan, sorted }) = look::<S>(&session, &progress, backoff.left(), fresh).await?
        else {
            session.renew(&Look::Whole);
            (fresh, since) = (true, session.clock().now());
            continue;
        };
        let topology = &observation.topology;
        let learns = S::NAME == StageName::BackendServers && is_learning(&sorted);
        let waits = !sorted.waiting.is_empty() || learns;
        let settled = sorted.lanes.is_empty() && !waits;
        if !fresh && settled && session.clock().now().duration_since(since) > RECENT {
            session.renew(&Look::Whole);
            (fresh, since) = (true, session.clock().now());
            continue;
        }
        if std::mem::take(&mut waited_for_others) && !fresh && !sorted.lanes.is_empty() {
            // Whoever made that change may have made its next one, which holds up the same lane.
            session.renew(&Look::only(facts::OF_OTHERS));
            continue;
        }
        if session.is_read_only() {
            return Ok(read_only::<S>(&session, &plan, sorted));
        }
        if request.accepted && !sorted.creating && !observation.failing {
            return Ok(report::<S>(&session, &plan, progress.made, sorted.blocked));
        }
        failed_readings = if observation.failing { failed_readings + 1 } else { 0 };
        if settled {
            if !observation.failing {
                return Ok(report::<S>(&session, &plan, progress.made, sorted.blocked));
            }
            if failed_readings >= READINGS {
                return Err(StageError::CloudFailing { what: unread(&plan) });
            }
        }
        let now = session.clock().now();
        // A change of another stage may hold up a lane of this one, too.
        let lanes: BTreeSet<_> = plan.of(S::NAME).map(|change| change.write.lane()).collect();
        let holds = |pending: &Pending| pending.lane.as_ref().is_some_and(|lane| lanes.contains(lane));
        let pending = plan.pending.iter().filter(|pending| pending.stage == S::NAME || holds(pending));
        let pending = pending.filter_map(|pending| Some((&*pending.what, pending.awaited.as_ref()?)));
        let pending: Vec<_> = pending.chain(sorted.awaited.iter().map(|(what, awaited)| (&**what, awaited))).collect();
        let mut wait = pace.next(now, pending.iter().map(|(what, awaited)| (*what, pace::usual(awaited))));
        waited_for_others = !pending.is_empty() && plan.pending_of(S::NAME).next().is_none();
        if waited_for_others {
            wait = wait.map(pace::of_others);
        }
        if !sorted.lanes.is_empty() {
            progress.last_error = None;
        }
        let limit = for_answers(backoff.left(), session.host().settings().margin);
        let writing = progress.write(stage, &session, topology, &sorted.lanes);
        let Ok(wrote) = session.clock().timeout(limit, writing).await else {
            return Err(StageError::StillPending { what: "a write is not answered yet".to_owned() });
        };
        if let Some(error) = progress.last_error.take_if(|error| error.is_expired()) {
            return Err(StageError::cloud(&error));
        }
        if !wrote.accepted.is_empty() {
            backoff.hurry();
            pace.wrote(session.clock().now());
        }
        let first_looks = wrote.accepted.iter().map(|write| {
            let usual = facts::leads_to(write).map_or(Duration::ZERO, |awaited| pace::usual(&awaited));
            if is_create(write) { pace::of_create(usual) } else { pace::of_age(Duration::ZERO, usual) }
        });
        wait = wait.into_iter().chain(first_looks).min();
        let more = sorted.waits_otherwise || wrote.failed || observation.failing || learns;
        let delay = if more {
            wait.unwrap_or(Duration::MAX).min(backoff.next())
        } else {
            wait.unwrap_or_else(|| backoff.next())
        };
        if !sorted.waiting.is_empty() {
            // `albridge apply` shows it on a terminal, line by line.
            tracing::debug!(target: "albridge::waiting", what = sorted.waiting.join("\n"), "waiting");
        }
        let in_time = backoff.wait(delay).await;
        if !in_time {
            if learns && sorted.waiting.is_empty() && sorted.lanes.is_empty() {
                return Ok(report::<S>(&session, &plan, progress.made, sorted.blocked));
            }
            return Err(used_up(&progress, &sorted, observation.failing.then(|| unread(&plan))));
        }
        // What is looked at next. A refusal, and a contradiction between two answers, may concern any of the readings.
        fresh = wrote.failed || observation.failing;
        session.renew(&if fresh {
            since = session.clock().now();
            Look::Whole
        } else {
            let binding = session.binding();
            let mut readings: Vec<_> = wrote.accepted.iter().flat_map(|write| facts::effects(binding, write)).collect();
            readings.extend(sorted.unseen.iter().flat_map(|write| facts::effects(binding, write)));
            readings.extend(pending.iter().flat_map(|(_, awaited)| facts::shown_by(binding, awaited)));
            if learns {
                // Whether a member may then be registered, a whole look decides.
                readings.push(Reading::everywhere(cbn::ListTransitRouterRouteEntries::NAME));
            }
            if sorted.waits_otherwise || readings.is_empty() {
                readings.extend(S::SHOWS.iter().map(|action| Reading::everywhere(action)));
            }
            Look::Only(readings)
        });
    }
}

/// What a look shows, and what follows for the stage.
struct Seen {
    observation: Observation,
    plan: Plan,
    sorted: Sorted,
}

/// Reads as much as decides what the stage does next; `None` if that would be decided on what has to be read again.
async fn look<S: Stage>(
    session: &Session<'_>,
    progress: &Progress,
    limit: Duration,
    fresh: bool,
) -> Result<Option<Seen>, StageError> {
    let end = session.clock().now().checked_add(limit).unwrap_or(Timestamp::MAX);
    let mut needs = facts::shows(S::NAME).within(S::NEEDS);
    loop {
        let observation = session.observe_noting(needs, session.clock().until(end)).await?;
        let topology = &observation.topology;
        // The workflow's Retry brings new credentials. With a report instead of an error, the run would continue without
        // this stage's changes.
        if let Some(what) = unread::expired(&topology.unread) {
            return Err(StageError::Expired { what });
        }
        // Prune reads other bindings here, so planning needs a time limit.
        let planning = planning::plan_of(session, S::NAME, topology, progress.removed());
        let late = |_| StageError::StillPending { what: "the other bindings are still being read".to_owned() };
        let plan = session.clock().timeout(session.clock().until(end), planning).await.map_err(late)?;
        let inputs = session.inputs(topology, progress.removed());
        let sorted = progress.sort(S::NAME, session.approved(), &inputs, &plan);
        if !fresh && sorted.next().any(facts::is_careful) {
            return Ok(None);
        }
        let wanted = needs.and(wanted::<S>(session.binding(), &plan, &sorted, topology).within(S::NEEDS));
        if wanted == needs {
            return Ok(Some(Seen { observation, plan, sorted }));
        }
        needs = wanted;
    }
}

/// The parts that decide what the stage does next, given what follows from fewer.
fn wanted<S: Stage>(binding: &Binding, plan: &Plan, sorted: &Sorted, topology: &Topology) -> Needs {
    if S::NAME == StageName::Preflight {
        return facts::of_plan(plan, topology);
    }
    let settles = facts::settles(S::NAME, binding, topology);
    if sorted.lanes.is_empty() && sorted.waiting.is_empty() {
        // What is blocked is reported with all of its reasons.
        return settles.and(facts::of_writes(plan.of(S::NAME).map(|change| &change.write), topology));
    }
    let decides = facts::of_writes(sorted.next(), topology);
    // Routes of the VPC and of the transit router are made side by side, so both are looked at from the beginning.
    if S::NAME == StageName::BackToOrigin { settles.and(decides) } else { decides }
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
