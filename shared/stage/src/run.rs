//! Run: observe, plan and apply in a loop, until the stage has nothing open or in progress, or its time is used up.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use jiff::{SignedDuration, Timestamp};
use onboarding::causes::Root;
use onboarding::ordered::Ordered;
use onboarding::plan::{Awaited, Pending};
use onboarding::{Binding, Code, Plan, Reason, StageName, Topology, Write};
use openapi::{Action, ErrorKind, cbn};

use crate::apply::{Progress, Sorted};
use crate::backoff::Backoff;
use crate::causes;
use crate::error::StageError;
use crate::facts;
use crate::host::Invocation;
use crate::interface::Stage;
use crate::needs::Needs;
use crate::observe::{Observation, is_attaching};
use crate::pace::{self, Pace};
use crate::planning;
use crate::readings::{Look, Reading};
use crate::refusals::Refusals;
use crate::report::Report;
use crate::request::Request;
use crate::session::Session;
use crate::store;
use crate::tallies::Tallies;
use crate::unfinished::{self, Kept, Left, Unfinished};
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
    let (name, binding, run) = (S::NAME, &request.binding, request.run.as_str());
    let (refusals, clock) = (invocation.host.shared::<Refusals>(), invocation.host.clock());
    let mut progress = Progress::from(refusals.take(name, binding, run, clock.now()));
    let outcome = ensure(stage, invocation, request, &mut progress).await;
    if outcome.is_err() {
        refusals.put(name, binding, run, clock.now(), progress.into_refused());
    }
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

async fn ensure<S: Stage>(
    stage: &S,
    invocation: &Invocation<'_>,
    request: &Request,
    progress: &mut Progress,
) -> Result<Report, StageError> {
    let left = invocation.host.shared::<Left>();
    let Begun { session, before, mut seen, at } = begin::<S>(invocation, request, &left, progress).await?;
    let mut backoff = session.backoff();
    let mut failed_readings = 0;
    // Whether everything that is known was read after the last wait and the last write, and when the oldest of it was read.
    let (mut fresh, mut since) = (true, at);
    // Whether the last wait was for what only other stages bring about.
    let mut waited_for_others = false;
    // What it has just read again in all regions for that.
    let mut looked: &[&str] = &[];
    // Whether links of an attachment were in progress at the last look.
    let mut links = false;
    let mut pace = Pace::default();
    if let Some(before) = before {
        (pace, links) = (before.pace, before.links);
        if let Some(oldest) = before.kept.and_then(|kept| kept.hand_on(&session)) {
            (fresh, since, waited_for_others) = (false, oldest, before.of_others);
        }
    }
    loop {
        let first = match seen.take() {
            Some(seen) => Some(seen),
            None => look::<S>(&session, progress, backoff.left(), fresh, request.accepted).await?,
        };
        let Some(Seen { observation, plan, sorted }) = first else {
            session.renew(&Look::Whole);
            (fresh, since) = (true, session.clock().now());
            continue;
        };
        let topology = &observation.topology;
        let learns = S::NAME == StageName::BackendServers && is_learning(&sorted);
        let waits = !sorted.waiting.is_empty() || learns;
        let settled = sorted.lanes.is_empty() && !waits;
        let linked = settled && !observation.failing && S::NAME == StageName::PeerAttachment;
        if linked && std::mem::take(&mut links) && !session.is_read_only() {
            // What the links carry is learned a little later, so whoever comes next would look too early.
            session.clock().sleep(Pace::until_learned().min(backoff.left())).await;
            fresh = false;
        }
        if !fresh && settled && session.clock().now().duration_since(since) > RECENT {
            session.renew(&Look::Whole);
            (fresh, since) = (true, session.clock().now());
            continue;
        }
        if std::mem::take(&mut waited_for_others) && !fresh && !sorted.lanes.is_empty() {
            // Whoever made that change may have made its next one, which holds up the same lane.
            let others = facts::OF_OTHERS.iter().filter(|action| !looked.contains(*action));
            session.renew(&Look::Only(others.map(|action| Reading::everywhere(action)).collect()));
            continue;
        }
        if session.is_read_only() {
            return Ok(read_only::<S>(&session, topology, &plan, sorted));
        }
        let is_accepted = request.accepted && !sorted.creating && !observation.failing;
        failed_readings = if observation.failing { failed_readings + 1 } else { 0 };
        if settled && !is_accepted {
            if !observation.failing {
                return Ok(report::<S>(&session, topology, &plan, std::mem::take(&mut progress.made), sorted));
            }
            if failed_readings >= READINGS {
                return Err(StageError::CloudFailing { what: unread(&plan) });
            }
        }
        let now = session.clock().now();
        // A change of another stage may hold up a lane of this one, too.
        let lanes: BTreeSet<_> = plan.of(S::NAME).map(|change| change.write.lane()).ordered();
        let holds = |pending: &Pending| pending.lane.as_ref().is_some_and(|lane| lanes.contains(lane));
        let pending = plan.pending.iter().filter(|pending| pending.stage == S::NAME || holds(pending));
        let pending = pending.filter_map(|pending| Some((&*pending.what, pending.awaited.as_ref()?)));
        let mut pending: Vec<_> =
            pending.chain(sorted.awaited.iter().map(|(what, awaited)| (&**what, awaited))).collect();
        // What is learned is nobody's change. While others make what it is learned from, it is not looked for.
        let is_learned = |awaited: &Awaited| matches!(awaited, Awaited::Learned { .. });
        waited_for_others =
            plan.pending_of(S::NAME).next().is_none() && !pending.iter().all(|(_, awaited)| is_learned(awaited));
        if waited_for_others {
            pending.retain(|(_, awaited)| !is_learned(awaited));
        }
        let expected = pending.iter().map(|(what, awaited)| (*what, pace::usual(awaited)));
        let mut wait = match waited_for_others {
            true => pace.next_of_others(now, expected),
            false => pace.next(now, expected),
        };
        links = pending.iter().any(|(_, awaited)| unfinished::is_link(awaited));
        if is_accepted {
            // The same function goes on where this ends.
            let due = after(now, wait.unwrap_or_default());
            let next = Look::Only(
                pending.iter().flat_map(|(_, awaited)| facts::shown_by(session.binding(), awaited)).collect(),
            );
            let kept =
                Kept { readings: session.cloud().readings().clone(), since, store: session.shared_store(), next };
            let rest = Unfinished::of(pace, due, &pending, waited_for_others, topology).with(kept);
            left.put(S::NAME, &request.binding, now, rest);
            return Ok(report::<S>(&session, topology, &plan, std::mem::take(&mut progress.made), sorted));
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
            if is_create(write) { pace::of_create(usual) } else { pace.first(usual) }
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
        let due = after(session.clock().now(), delay);
        let in_time = backoff.wait(delay).await;
        // What is looked at next. A refusal, and a contradiction between two answers, may concern any of the readings.
        let next = if wrote.failed || observation.failing {
            Look::Whole
        } else {
            let binding = session.binding();
            let mut readings: Vec<_> = wrote.accepted.iter().flat_map(|write| facts::effects(binding, write)).collect();
            readings.extend(sorted.unseen.iter().flat_map(|write| facts::effects(binding, write)));
            readings.extend(pending.iter().flat_map(|(_, awaited)| facts::shown_by(binding, awaited)));
            let is_transit_route = |write: &Write| matches!(write, Write::AddTransitRoute { .. });
            let open = sorted.lanes.values().flatten().filter(|change| is_transit_route(&change.write)).count();
            if open > 0 && open == wrote.accepted.iter().filter(|write| is_transit_route(write)).count() {
                // The other side learns all of them, and this is the last.
                readings.push(Reading::everywhere(cbn::ListTransitRouterRouteEntries::NAME));
            }
            if waited_for_others && links {
                // When one link is complete, the next one is on its way.
                readings.extend(facts::LINKS.iter().map(|action| Reading::everywhere(action)));
            }
            if learns {
                // Whether a member may then be registered, a whole look decides.
                readings.push(Reading::everywhere(cbn::ListTransitRouterRouteEntries::NAME));
            }
            if sorted.waits_otherwise || readings.is_empty() {
                readings.extend(S::SHOWS.iter().map(|action| Reading::everywhere(action)));
            }
            Look::Only(readings)
        };
        if !in_time {
            if !more && (!pending.is_empty() || !wrote.accepted.is_empty()) {
                let kept =
                    Kept { readings: session.cloud().readings().clone(), since, store: session.shared_store(), next };
                let mut rest = Unfinished::of(pace, due, &pending, waited_for_others, topology).with(kept);
                if !wrote.accepted.is_empty() {
                    rest.wrote(&wrote.accepted);
                }
                left.put(S::NAME, &request.binding, session.clock().now(), rest);
            }
            if learns && sorted.waiting.is_empty() && sorted.lanes.is_empty() {
                return Ok(report::<S>(&session, topology, &plan, std::mem::take(&mut progress.made), sorted));
            }
            return Err(used_up(progress, &sorted, observation.failing.then(|| unread(&plan))));
        }
        looked = if waited_for_others && links { facts::LINKS } else { &[] };
        fresh = matches!(next, Look::Whole);
        if fresh {
            since = session.clock().now();
        }
        session.renew(&next);
    }
}

/// How an invocation begins.
struct Begun<'a> {
    session: Session<'a>,
    /// What the invocation before it in this process waited for when its time was over.
    before: Option<Unfinished>,
    /// The first look, if it was made already.
    seen: Option<Seen>,
    /// When the first of its readings was made, at the earliest.
    at: Timestamp,
}

/// Opens the session. If the invocation before it, in this process, ended while it waited, the waiting goes on first, for as
/// long as nothing but the attachment itself has to be read for it.
async fn begin<'a, S: Stage>(
    invocation: &Invocation<'a>,
    request: &Request,
    left: &Left,
    progress: &Progress,
) -> Result<Begun<'a>, StageError> {
    let clock = invocation.host.clock();
    let before = if request.accepted { None } else { left.take(S::NAME, &request.binding, clock.now()) };
    let Some(mut before) = before else { return afresh::<S>(invocation, request, progress).await };
    let backoff = Backoff::until(clock, invocation.budget_end());
    let (mut opened, mut wait) = (None, clock.until(before.due));
    loop {
        tracing::debug!(target: "albridge::waiting", what = before.in_words(), "waiting");
        if !backoff.wait(wait).await {
            let what = before.in_words();
            left.put(S::NAME, &request.binding, clock.now(), before);
            return Err(StageError::StillPending { what });
        }
        let session = match opened.take() {
            Some(session) => session,
            None => Session::open(invocation, request).await?,
        };
        session.renew(&Look::Whole);
        let at = clock.now();
        let shown = before.shown.iter().map(|which| is_attaching(session.cloud(), session.binding(), which));
        let shown = clock.timeout(backoff.left(), join_all(shown)).await;
        if session.is_read_only() || !shown.is_ok_and(|shown| shown.contains(&true)) {
            return Ok(Begun { session, before: Some(before), seen: None, at });
        }
        wait = before.next(clock.now());
        opened = Some(session);
    }
}

/// Opens the session while the first look is made over the store as this process read it last. The look counts if the store is
/// still the same; its readings, which are those of the account and of this invocation, count in any case.
async fn afresh<'a, S: Stage>(
    invocation: &Invocation<'a>,
    request: &Request,
    progress: &Progress,
) -> Result<Begun<'a>, StageError> {
    let at = invocation.host.clock().now();
    invocation.readings.forget(&Look::Whole);
    // Whoever tries again because the store cannot be read does not look again each time.
    let last = store::last(invocation).filter(|last| invocation.removal.is_none() && invocation.readings.assume(last));
    let assumed = last.clone().and_then(|last| Session::over(invocation, request, last, at).ok());
    let (Some(last), Some(session)) = (last, assumed) else {
        let session = Session::open(invocation, request).await?;
        return Ok(Begun { session, before: None, seen: None, at });
    };
    let seen = {
        // Boxed for the same reason as in `Session::observe_noting`.
        let looking = Box::pin(look::<S>(&session, progress, session.backoff().left(), true, request.accepted));
        let reading = std::pin::pin!(store::of(invocation));
        match select(reading, looking).await {
            Either::Left((store, looking)) => {
                if *store? == *last {
                    Some(looking.await)
                } else {
                    None
                }
            }
            Either::Right((seen, reading)) => (*reading.await? == *last).then_some(seen),
        }
    };
    match seen {
        Some(seen) => Ok(Begun { session, before: None, seen: seen?, at }),
        None => {
            invocation.readings.forget(&Look::Only(Vec::new()));
            let session = Session::open(invocation, request).await?;
            Ok(Begun { session, before: None, seen: None, at })
        }
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)).unwrap_or(Timestamp::MAX)
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
    accepted: bool,
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
        let wanted = needs.and(wanted::<S>(session.binding(), accepted, &plan, &sorted, topology).within(S::NEEDS));
        if wanted == needs {
            return Ok(Some(Seen { observation, plan, sorted }));
        }
        needs = wanted;
    }
}

/// The parts that decide what the stage does next, given what follows from fewer.
fn wanted<S: Stage>(binding: &Binding, accepted: bool, plan: &Plan, sorted: &Sorted, topology: &Topology) -> Needs {
    if S::NAME == StageName::Preflight {
        return facts::of_plan(plan, topology);
    }
    if accepted && !plan.of(S::NAME).any(|change| is_create(&change.write)) {
        // There is nothing to create, and the links are left to who comes next.
        return Needs::NONE;
    }
    let settles = facts::settles(S::NAME, binding, topology);
    if sorted.lanes.is_empty() && sorted.waiting.is_empty() {
        // What is blocked is reported with all of its reasons.
        return settles.and(facts::of_writes(plan.of(S::NAME).map(|change| &change.write), topology));
    }
    let decides = facts::of_writes(sorted.next(), topology);
    // Routes of the VPC and of the transit router are made side by side, so both are looked at. But while an attachment is
    // made, no transit router takes a route.
    let waits = sorted.lanes.is_empty() && !sorted.awaited.is_empty() && plan.pending_of(S::NAME).next().is_none();
    let is_attachment = |awaited: &Awaited| matches!(awaited, Awaited::VpcAttachment { .. } | Awaited::Connection);
    let attaches = waits && sorted.awaited.iter().all(|(_, awaited)| is_attachment(awaited));
    let learns = sorted.awaited.iter().any(|(_, awaited)| matches!(awaited, Awaited::Learned { .. }));
    let decides = if learns { decides.and(Needs::CEN) } else { decides };
    if S::NAME == StageName::BackToOrigin && !attaches { settles.and(decides) } else { decides }
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

fn report<S: Stage>(
    session: &Session<'_>,
    topology: &Topology,
    plan: &Plan,
    made: Vec<String>,
    sorted: Sorted,
) -> Report {
    let (binding, run, mut blocked) = (&session.binding().name, session.run(), sorted.blocked);
    let causes: Vec<Root> = match S::NAME {
        // These two stages report on the whole binding.
        StageName::Preflight | StageName::Verify => {
            blocked.extend(plan.changes.iter().flat_map(|change| change.blocked.iter().cloned()));
            let is_stuck = plan.errors().next().is_some() || blocked.iter().any(|reason| reason.until.is_none());
            if is_stuck { causes::of(session, topology, plan).lasting().collect() } else { Vec::new() }
        }
        // It shows what is left of its plan itself.
        StageName::Teardown => Vec::new(),
        _ => sorted.met.into_iter().map(|reason| Root::new(binding, reason)).collect(),
    };
    let written = session.host().shared::<Tallies>().take(S::NAME, binding, run);
    let found = session.approved().map_or(0, |approved| written.found(S::NAME, approved, plan));
    Report::new(S::NAME, binding, run, made, blocked, plan.findings.clone())
        .with_causes(causes)
        .counting(written.tally(), found)
        .with_unread(&plan.unread)
}

fn read_only<S: Stage>(session: &Session<'_>, topology: &Topology, plan: &Plan, mut sorted: Sorted) -> Report {
    let withheld = sorted.lanes.values().flatten().map(|change| {
        let message = format!("Writes are switched off, so this was not made: {}.", change.write);
        Reason::new(Code::ReadOnly, &session.binding().name, message)
    });
    let withheld: Vec<Reason> = withheld.collect();
    sorted.met.extend(withheld.iter().cloned());
    sorted.blocked.splice(0..0, withheld);
    report::<S>(session, topology, plan, Vec::new(), sorted).read_only()
}
