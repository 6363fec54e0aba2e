//! The plan of each stage, and the plan of a whole binding.

use futures_util::future::join_all;
use onboarding::ids::BindingName;
use onboarding::inputs::{Departures, Inputs};
use onboarding::plan::{self};
use onboarding::{Binding, Change, Code, Plan, StageName, Topology, Verdict, Verdicts, desired};

use crate::error::StageError;
use crate::host::Invocation;
use crate::needs::Needs;
use crate::observe::observe;
use crate::request::Request;
use crate::session::Session;

/// The verdicts of the reachability analysis on the selected instances, over `topology`.
#[must_use]
pub fn verdicts(binding: &Binding, topology: &Topology) -> Verdicts {
    let instances = desired::selected(binding, topology).map(|(_, instance)| instance);
    let known = desired::load_balancer(binding, topology)
        .and_then(|load_balancer| Ok((&load_balancer.vpc, desired::sources(binding, topology)?)));
    match known {
        Ok((vpc, sources)) => reachability::verdicts(topology, vpc, &sources, &binding.server_group.ports(), instances),
        // Without source addresses there is no path to analyse.
        Err(reason) => instances.map(|instance| (instance.id.clone(), Verdict::Undetermined(reason.clone()))).collect(),
    }
}

/// The plan with the changes of `stage`, over what that stage observed.
pub(crate) async fn plan_of(
    session: &Session<'_>,
    stage: StageName,
    topology: &Topology,
    departures: &Departures,
) -> Plan {
    let inputs = session.inputs(topology, departures);
    match stage {
        StageName::Dispatch => Plan::default(),
        StageName::ServerGroup
        | StageName::Listener
        | StageName::VpcRoutes
        | StageName::BackToOrigin
        | StageName::SecurityRules => plan::network(&inputs),
        StageName::VpcAttachments | StageName::PeerAttachment => ways(session, &inputs).0,
        // Judged over the fresh topology: a planned change that was not made yet opens no path.
        StageName::BackendServers => plan::members(&inputs, &verdicts(session.binding(), topology)),
        StageName::Verify => plan_current(session, topology),
        StageName::Prune => prune(session, &inputs).await,
        StageName::Preflight => projected(session, &inputs),
    }
}

/// The network changes, and the member changes over the projected topology, in which they are made.
fn projected(session: &Session<'_>, inputs: &Inputs<'_>) -> Plan {
    let (network, verdicts) = ways(session, inputs);
    let members = plan::members(inputs, &verdicts);
    network.and(members)
}

/// The network changes, with the billed ones withheld unless they complete a path; and the verdicts on the projected paths.
fn ways(session: &Session<'_>, inputs: &Inputs<'_>) -> (Plan, Verdicts) {
    let mut network = plan::network(inputs);
    let later = plan::project(inputs, &network.changes);
    let mut found = verdicts(session.binding(), &later);
    plan::withhold(inputs, &found, &mut network);
    // An instance may depend on changes that wait. Its verdict then names what its path would still lack after them.
    if network.changes.iter().any(|change| change.blocked.iter().any(|reason| reason.code == Code::Waits)) {
        let unwaiting = plan::project_unwaiting(inputs, &network.changes);
        for (instance, verdict) in verdicts(session.binding(), &unwaiting) {
            if verdict != Verdict::Reachable {
                found.insert(instance, verdict);
            }
        }
    }
    (network, found)
}

/// The plan for resources that no binding wants any more.
async fn prune(session: &Session<'_>, inputs: &Inputs<'_>) -> Plan {
    let seen = neighbours(session).await;
    plan::prune(inputs, &others(&seen, inputs), &session.binding_names())
}

/// All bindings that may share a table or a security group, with their observed state. What one of them wants is kept. A
/// binding that cannot be read, or not within half of the remaining time, counts as wanting everything.
async fn neighbours<'s>(session: &'s Session<'_>) -> Vec<(&'s Binding, Topology)> {
    let own = session.binding();
    // A shared VPC or transit router is in a shared region, so this filter misses no binding.
    let shares = |other: &&Binding| {
        other.name != own.name && other.regions().iter().any(|region| own.regions().contains(region))
    };
    let others: Vec<&Binding> = session.store().bindings.iter().filter(shares).collect();
    let limit = session.backoff().left() / 2;
    join_all(others.into_iter().map(|other| async move {
        let cloud = session.cloud().of(other, session.run());
        let reading = observe(&cloud, other, session.deployment(), Needs::WANTS);
        let read = session.clock().timeout(limit, reading).await;
        let seen = read.unwrap_or_else(|_| {
            tracing::warn!(binding = %own.name, other = %other.name, "not read in time, so nothing is pruned");
            Topology::default()
        });
        (other, seen)
    }))
    .await
}

fn others<'t>(seen: &'t [(&'t Binding, Topology)], inputs: &Inputs<'t>) -> Vec<Inputs<'t>> {
    seen.iter().map(|(binding, topology)| Inputs { binding, topology, ..*inputs }).collect()
}

/// The whole plan of a binding: what `albridge plan` shows, what the drift check uses, and what a person approves, in that
/// case with its follow-up changes.
///
/// # Errors
/// [`StageError`], when the store or the cloud cannot be read in time.
pub async fn plan_whole(
    invocation: &Invocation<'_>,
    binding: &BindingName,
    approved: bool,
) -> Result<(Topology, Plan), StageError> {
    let request = Request { binding: binding.clone(), run: String::new(), accepted: false };
    let session = Session::open(invocation, &request).await?;
    let topology = session.observe(Needs::ALL).await?;
    let seen = neighbours(&session).await;
    let inputs = Inputs { approved, ..session.inputs(&topology, Departures::NONE) };
    let (others, names) = (others(&seen, &inputs), session.binding_names());
    let mut plan = projected(&session, &inputs).and(plan::prune(&inputs, &others, &names));
    if approved {
        plan.follow_ups = plan::follow_ups(&inputs, &plan, &others, &names);
    }
    Ok((topology, plan))
}

/// The plan for the drift check on the timer: the whole plan, or only the part without pruning if that has open changes.
/// Pruning has to read other bindings, and a run prunes at its end anyway.
///
/// # Errors
/// [`StageError`], when the store or the cloud cannot be read in time.
pub async fn plan_due(invocation: &Invocation<'_>, binding: &BindingName) -> Result<Plan, StageError> {
    let request = Request { binding: binding.clone(), run: String::new(), accepted: false };
    let session = Session::open(invocation, &request).await?;
    let topology = session.observe(Needs::ALL).await?;
    let inputs = session.inputs(&topology, Departures::NONE);
    let plan = projected(&session, &inputs);
    if plan.changes.iter().any(Change::is_open) {
        return Ok(plan);
    }
    Ok(plan.and(prune(&session, &inputs).await))
}

/// The plan of a binding over what `topology` shows, with paths judged as they are now. Verify uses it.
#[must_use]
pub fn plan_current(session: &Session<'_>, topology: &Topology) -> Plan {
    let inputs = session.inputs(topology, Departures::NONE);
    ways(session, &inputs).0.and(plan::members(&inputs, &verdicts(session.binding(), topology)))
}
