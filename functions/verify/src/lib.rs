//! Step 8 of the procedure: the ALB sees every selected backend as healthy, every path is analysed, and a real HTTP request
//! is answered, if a function runs in the ALB's VPC.
//!
//! It fails with `StillPending` only while changes or health checks are in progress. What is blocked or unhealthy is
//! reported with `ok: false` and its codes, because a retry by the workflow would not change it. A member whose way has no fault
//! any more is given the time that its health check takes to see that, once.

mod health;
mod probe;

use std::collections::BTreeMap;
use std::time::Duration;

use fc_runtime::Context;
use handler::Handler;
use onboarding::causes::{InstanceFault, Mend};
use onboarding::ids::BindingName;
use onboarding::plan::Pending;
use onboarding::topology::Topology;
use onboarding::{Causes, Code, Plan, Reason, StageName};
use openapi::{Action, alb, cbn, vpc};
use reachability::Wish;
use serde::{Deserialize, Serialize};
use stage::{Invocation, Look, Needs, Pace, Report, Request, Session, StageError, current_as_needed, hold};

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
    Binding(Verification),
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
                Ok(Verdict::Binding(hold(invocation, || verify(invocation, &request)).await?))
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
    loop {
        let (topology, plan) = current_as_needed(&session).await?;
        let health = health::of(&session, &topology);
        let mut converging: Vec<String> = plan.pending.iter().map(|pending| pending.what.clone()).collect();
        converging.extend(health.converging);
        let faults = if converging.is_empty() { faults(&session, &topology) } else { Vec::new() };
        // The time that is left for members whose way may have been mended a moment ago, within the budget.
        let recovery = health::recovery(&session, &topology);
        let left = session.clock().until(began.checked_add(recovery).unwrap_or(began));
        let left = left.min(backoff.left().saturating_sub(LAST));
        let recovering = if left.is_zero() { Vec::new() } else { health::recovering(&health.unhealthy, &faults) };
        if converging.is_empty() && recovering.is_empty() {
            let mut blocked = blocked(&session, &plan, &health.unhealthy, &faults);
            let (answer, fault) = probe::of_binding(&session, &topology, health.members).await;
            blocked.extend(fault);
            return Ok(Verification {
                report: report(&session.binding().name, request, blocked, plan),
                request: answer,
            });
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
        session.renew(&Look::only(if plan.pending.is_empty() { HEALTH } else { SHOWS }));
    }
}

/// The faults of instances that serve or should.
fn faults(session: &Session<'_>, topology: &Topology) -> Vec<InstanceFault> {
    reachability::faults(topology, Wish { deployment: session.deployment(), binding: session.binding() })
}

/// What is not in place or does not work. What keeps members from being served comes first, and a member's health only where its way
/// has no fault.
fn blocked(session: &Session<'_>, plan: &Plan, unhealthy: &[Ill], faults: &[InstanceFault]) -> Vec<Reason> {
    let binding = &session.binding().name;
    // What passes by itself hides nothing.
    let lasting = |fault: &&InstanceFault| !matches!(fault.mend, Mend::Time { .. });
    let of_ways: Vec<InstanceFault> =
        faults.iter().filter(|fault| health::is_of_a_way(fault)).filter(lasting).cloned().collect();
    let mut blocked = ways(binding, plan, &of_ways);
    blocked.extend(plan.changes.iter().flat_map(|change| change.blocked.iter().cloned()));
    let told = |ill: &&Ill| {
        of_ways.iter().any(|fault| ill.is_of(fault))
            || blocked.iter().any(|reason| reason.message.starts_with(&format!("{} ", ill.instance)))
    };
    let untold: Vec<Reason> = unhealthy.iter().filter(|ill| !told(ill)).map(|ill| ill.reason.clone()).collect();
    blocked.extend(untold);
    // A change that is still open is drift: this run did not make it, or someone reverted it meanwhile.
    let open = plan.changes.iter().filter(|change| change.is_open());
    blocked.extend(open.map(|change| Reason::new(Code::Drift, binding, format!("Not in place: {}.", change.write))));
    blocked
}

/// The faults of ways, as far as no change of the plan mends them, each with the instances.
fn ways(binding: &BindingName, plan: &Plan, faults: &[InstanceFault]) -> Vec<Reason> {
    let causes = Causes::of(binding, plan, faults, None).causes;
    let of_ways = causes.into_iter().filter(|cause| !cause.by_run);
    of_ways.filter_map(|cause| cause.about_instances()).collect()
}

fn report(binding: &BindingName, request: &Request, blocked: Vec<Reason>, plan: Plan) -> Report {
    let report = Report::new(StageName::Verify, binding, &request.run, Vec::new(), blocked, plan.findings)
        .with_unread(&plan.unread);
    tracing::info!(stage = %StageName::Verify, %binding, run = request.run, ok = report.ok, "done");
    report
}
