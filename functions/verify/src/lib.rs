//! Step 8 of the procedure: the ALB sees every selected backend as healthy, every path is analysed, and a real HTTP request
//! is answered, if a function runs in the ALB's VPC.
//!
//! It fails with `StillPending` only while changes or health checks are in progress. What is blocked or unhealthy is
//! reported with `ok: false` and its codes, because a retry by the workflow would not change it. A way that a transit router is still
//! learning is waited for, and then a member whose way has no fault any more is given the time that its health check takes to see that, once.

mod health;
mod probe;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fc_runtime::Context;
use handler::Handler;
use onboarding::causes::{Cause, InstanceFault, Mend, Root};
use onboarding::ids::BindingName;
use onboarding::plan::Pending;
use onboarding::topology::Topology;
use onboarding::{Code, Plan, Reason, StageName};
use openapi::{Action, alb, cbn, vpc};
use serde::{Deserialize, Serialize};
use stage::{Invocation, Look, Needs, Pace, Report, Request, Session, StageError, causes, current_as_needed, hold};

use health::Ill;

pub use probe::{Answer, Probe};

/// The action whose answers show that members become healthy.
const HEALTH: &[&str] = &[alb::GetListenerHealthStatus::NAME];
/// The actions whose answers show that changes in progress are complete.
const SHOWS: &[&str] = &[
    alb::GetListenerHealthStatus::NAME,
    alb::ListServerGroupServers::NAME,
    alb::ListServerGroups::NAME,
    alb::ListListeners::NAME,
    cbn::ListTransitRouters::NAME,
    cbn::ListTransitRouterVpcAttachments::NAME,
    cbn::ListTransitRouterPeerAttachments::NAME,
    cbn::ListTransitRouterRouteTableAssociations::NAME,
    cbn::ListTransitRouterRouteTablePropagations::NAME,
    cbn::ListTransitRouterRouteEntries::NAME,
    vpc::DescribeRouteEntryList::NAME,
];
/// The actions whose answers show that a way is learned, and that members become healthy on it.
const LEARNT: &[&str] = &[alb::GetListenerHealthStatus::NAME, cbn::ListTransitRouterRouteEntries::NAME];
/// How long it is waited for that members' ways are learned, which takes some seconds (`stage::Pace`).
const LEARNING: Duration = Duration::from_secs(30);
/// How long a new member usually takes to be found healthy: three checks, two seconds apart.
const HEALTHY: Duration = Duration::from_secs(6);
/// The first look at that: who comes here has just been registered.
const FIRST: Duration = Duration::from_millis(6200);
/// What is kept of the budget for the last look, where nothing has to be waited for.
const LAST: Duration = Duration::from_secs(1);

/// The request to verify: check a binding or, inside the ALB's VPC, send one request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Question {
    /// Send this HTTP request, and return its answer.
    Probe {
        /// The request.
        probe: Probe,
    },
    /// Check a binding.
    Binding(Request),
}

/// The answer of verify.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Verdict {
    /// About a binding.
    Binding(Box<Verification>),
    /// About a request.
    Probe(Answer),
}

/// The report, and the answer to the test request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verification {
    /// The report, as of any stage.
    #[serde(flatten)]
    pub report: Report,
    /// The answer to the test request, if one could be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Answer>,
}

/// The function of the last step.
#[derive(Debug, Clone, Copy)]
pub struct Verify;

impl Handler for Verify {
    const NAME: StageName = StageName::Verify;
    const NEEDS: Needs = Needs::ALL;
    const ACTIONS: &'static [&'static str] = &["fc:InvokeFunction"];
    type Event = Question;
    type Answer = Verdict;

    async fn answer(&self, invocation: &Invocation<'_>, _: &Context, event: Question) -> Result<Verdict, StageError> {
        match event {
            Question::Probe { probe } => Ok(Verdict::Probe(probe::send(invocation.host, &probe).await)),
            Question::Binding(request) => {
                Ok(Verdict::Binding(Box::new(hold(invocation, || verify(invocation, &request)).await?)))
            }
        }
    }
}

/// Checks a binding, after everything in progress has completed.
///
/// # Errors
/// [`StageError::StillPending`] if the time is used up before that.
pub async fn verify(invocation: &Invocation<'_>, request: &Request) -> Result<Verification, StageError> {
    let session = Session::open(invocation, request).await?;
    session.renew(&Look::Whole);
    let backoff = session.backoff();
    let mut pace = Pace::default();
    let mut looks = 0;
    let began = session.clock().now();
    // When members' ways were last seen to lack what is being learned.
    let mut mended = began;
    loop {
        let (topology, plan) = current_as_needed(&session).await?;
        let health = health::of(&session, &topology);
        let mut converging: Vec<String> = plan.pending.iter().map(|pending| pending.what.clone()).collect();
        converging.extend(health.converging);
        let faults = if converging.is_empty() { causes::faults(&session, &topology) } else { Vec::new() };
        let is_late = session.clock().until(began.checked_add(LEARNING).unwrap_or(began)).is_zero();
        let learning = if is_late { BTreeSet::new() } else { health::learning(&health.unhealthy, &faults) };
        if !learning.is_empty() {
            mended = session.clock().now();
        }
        converging.extend(learning.iter().map(|text| (*text).to_owned()));
        // The time that is left for members whose way may have been mended a moment ago, within the budget.
        let recovery = health::recovery(&session, &topology);
        let left = session.clock().until(mended.checked_add(recovery).unwrap_or(mended));
        let left = left.min(backoff.left().saturating_sub(LAST));
        let recovering = if left.is_zero() { Vec::new() } else { health::recovering(&health.unhealthy, &faults) };
        if converging.is_empty() && recovering.is_empty() {
            let binding = &session.binding().name;
            let (mut blocked, mut causes) = judged(&session, &topology, &plan, &health.unhealthy, &faults);
            let (answer, fault) = probe::of_binding(&session, &topology, health.members).await;
            // What comes back tells of something new only where nothing is known to be wrong.
            let is_new = |fault: &&Reason| fault.code == Code::ProbeFailed && causes.is_empty();
            let failed = fault.as_ref().filter(is_new).map(|fault| Root::new(binding, fault.clone()));
            causes.extend(failed);
            blocked.extend(fault);
            return Ok(Verification { report: report(binding, request, blocked, causes, plan), request: answer });
        }
        let usual = |pending: &Pending| pending.awaited.as_ref().map_or(HEALTHY, stage::usual);
        let mut expected: BTreeMap<&str, Duration> = converging.iter().map(|what| (&**what, HEALTHY)).collect();
        expected.extend(plan.pending.iter().map(|pending| (&*pending.what, usual(pending))));
        expected.extend(recovering.iter().map(|ill| (ill.instance.as_str(), recovery)));
        let wait = pace.next(session.clock().now(), expected.into_iter()).unwrap_or(HEALTHY);
        let wait = if looks == 0 && plan.pending.is_empty() { FIRST.min(backoff.left() / 2) } else { wait };
        let wait = if converging.is_empty() { wait.min(left) } else { wait };
        looks += 1;
        if !backoff.wait(wait).await {
            converging.truncate(3);
            return Err(StageError::StillPending { what: converging.join("; ") });
        }
        // It writes nothing: what was not waited for is as it was found when this invocation began.
        session.renew(&Look::only(match (plan.pending.is_empty(), learning.is_empty()) {
            (false, _) => SHOWS,
            (true, false) => LEARNT,
            (true, true) => HEALTH,
        }));
    }
}

/// What is not in place or does not work, and the causes of it. What keeps members from being served comes first, and a member's health only
/// where its way has no fault.
fn judged(
    session: &Session<'_>,
    topology: &Topology,
    plan: &Plan,
    unhealthy: &[Ill],
    faults: &[InstanceFault],
) -> (Vec<Reason>, Vec<Root>) {
    let binding = &session.binding().name;
    let found = causes::of(session, topology, plan);
    let mut causes: Vec<Root> = found.lasting().collect();
    let lasting = found.causes.iter().filter(|cause| !cause.by_run);
    let mut blocked: Vec<Reason> = lasting.filter_map(Cause::about_instances).collect();
    blocked.extend(plan.changes.iter().flat_map(|change| change.blocked.iter().cloned()));
    // What should have passed by itself, and was waited for.
    let is_ill = |fault: &InstanceFault| unhealthy.iter().any(|ill| ill.is_of(fault));
    for fault in faults.iter().filter(|fault| health::is_of_a_way(fault) && is_ill(fault)) {
        if let Mend::Time { what } = &fault.mend
            && !blocked.contains(&fault.reason)
        {
            causes.push(Root { reason: fault.reason.clone(), remedy: what.clone() });
            blocked.push(fault.reason.clone());
        }
    }
    let of_ways: Vec<&InstanceFault> = faults.iter().filter(|fault| health::is_of_a_way(fault)).collect();
    let told = |ill: &&Ill| {
        of_ways.iter().any(|fault| ill.is_of(fault))
            || blocked.iter().any(|reason| reason.message.starts_with(&format!("{} ", ill.instance)))
    };
    let untold: Vec<Reason> = unhealthy.iter().filter(|ill| !told(ill)).map(|ill| ill.reason.clone()).collect();
    let kept = found.causes.iter().flat_map(|cause| &cause.instances);
    let kept: BTreeSet<&str> = kept.map(|kept| kept.id.as_str()).collect();
    let ill = untold.iter().filter(|unhealthy| !kept.contains(unhealthy.resource.as_str()));
    causes.extend(ill.map(|reason| Root::new(binding, reason.clone())));
    blocked.extend(untold);
    // A change that is still open is drift: this run did not make it, or someone reverted it meanwhile.
    let open = plan.changes.iter().filter(|change| change.is_open());
    let drift: Vec<Reason> =
        open.map(|change| Reason::new(Code::Drift, binding, format!("Not in place: {}.", change.write))).collect();
    if let Some(first) = drift.first() {
        // What waits for such a change follows from it.
        causes.retain(|root| !matches!(root.reason.code, Code::Waits | Code::PathNotOpen));
        causes.push(Root::new(binding, first.clone()));
    }
    blocked.extend(drift);
    (blocked, causes)
}

fn report(binding: &BindingName, request: &Request, blocked: Vec<Reason>, causes: Vec<Root>, plan: Plan) -> Report {
    let report = Report::new(StageName::Verify, binding, &request.run, Vec::new(), blocked, plan.findings)
        .with_causes(causes)
        .with_unread(&plan.unread);
    tracing::info!(stage = %StageName::Verify, %binding, run = request.run, ok = report.ok, "done");
    report
}
