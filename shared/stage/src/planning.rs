//! The plan of each stage, and the plan of a whole binding.

use std::sync::Arc;

use futures_util::future::join_all;
use onboarding::ids::{BindingName, VpcId};
use onboarding::inputs::{Departures, Inputs};
use onboarding::plan::{self, FollowUp};
use onboarding::topology::Instance;
use onboarding::{Binding, Change, Code, Known, Plan, StageName, Topology, Verdict, Verdicts, desired};

use crate::error::StageError;
use crate::facts;
use crate::host::Invocation;
use crate::needs::Needs;
use crate::observe::{self, observe_selected};
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
        StageName::Teardown => teardown(session, &inputs).await,
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

/// The plan for resources that no binding wants any more. What other bindings want can only be kept, so they are observed
/// only if there would be something to remove without them.
async fn prune(session: &Session<'_>, inputs: &Inputs<'_>) -> Plan {
    let names = session.binding_names();
    let alone = plan::prune(inputs, &[], &names);
    if alone.changes.is_empty() && alone.pending.is_empty() {
        return alone;
    }
    let (seen, topology) = Box::pin(beside(session, inputs)).await;
    let mut with = *inputs;
    with.topology = &topology;
    plan::prune(&with, &others(&seen, &with), &names)
}

/// The removals for a binding that is torn down; nothing for one that nobody asked to tear down.
async fn teardown(session: &Session<'_>, inputs: &Inputs<'_>) -> Plan {
    let Some(removal) = session.removal() else { return Plan::default() };
    let (seen, topology) = Box::pin(beside(session, inputs)).await;
    let mut with = *inputs;
    with.topology = &topology;
    plan::teardown(&with, &others(&seen, &with), removal.attachments)
}

/// All whose packets may take the ways of the binding: the other bindings of the store, and, in the topology, the members of other server
/// groups.
async fn beside<'s>(session: &'s Session<'_>, inputs: &Inputs<'_>) -> (Vec<(&'s Binding, Arc<Topology>)>, Topology) {
    let mut topology = inputs.topology.clone();
    let binding = session.binding();
    let is_backend = |vpc: &&VpcId| binding.backends.iter().any(|backend| backend.vpc == **vpc);
    // Without a load balancer its server group may tell its VPC.
    let home = topology.alb().map(|alb| &alb.vpc).or_else(|| topology.vpcs.keys().find(|vpc| !is_backend(vpc)));
    let Some(home) = home.cloned() else { return (neighbours(session).await, topology) };
    let served = observe::served(session.cloud(), binding, &session.store().bindings, session.deployment(), &home);
    let (seen, (served, unread)) = tokio::join!(biased; neighbours(session), served);
    topology.context.served = served;
    topology.unread.extend(&unread);
    (seen, topology)
}

/// All bindings that may share a table or a security group, with their observed state. What one of them wants is kept. A
/// binding that cannot be read, or not within half of the remaining time, counts as wanting everything.
async fn neighbours<'s>(session: &'s Session<'_>) -> Vec<(&'s Binding, Arc<Topology>)> {
    let own = session.binding();
    // A shared VPC or transit router is in a shared region, so this filter misses no binding.
    let shares = |other: &&Binding| {
        other.name != own.name && other.regions().iter().any(|region| own.regions().contains(region))
    };
    let others: Vec<&Binding> = session.store().bindings.iter().filter(shares).collect();
    let limit = session.backoff().left() / 2;
    join_all(others.into_iter().map(|other| async move {
        let read = session.clock().timeout(limit, wants(session, other)).await;
        let seen = read.unwrap_or_else(|_| {
            tracing::warn!(binding = %own.name, other = %other.name, "not read in time, so nothing is pruned");
            Arc::default()
        });
        (other, seen)
    }))
    .await
}

/// What decides which routes and rules another binding wants, observed once for all bindings of this invocation that ask.
async fn wants(session: &Session<'_>, other: &Binding) -> Arc<Topology> {
    let cloud = session.cloud().of(other, session.run());
    let reading = async {
        // Boxed for the same reason as in `Session::observe_noting`.
        let mut seen = Box::pin(observe_selected(&cloud, other, session.deployment(), Needs::WANTS)).await;
        // The instances that it does not select are many, and nothing is wanted for them.
        for backend in &other.backends {
            let instances = seen.instances.get_mut(&backend.vpc).and_then(Known::get_mut);
            instances.into_iter().for_each(|all| all.retain(|instance| selects(other, instance)));
        }
        seen
    };
    session.cloud().readings().observed(&other.name, reading).await
}

fn selects(binding: &Binding, instance: &Instance) -> bool {
    binding.backends.iter().any(|backend| backend.vpc == instance.vpc && backend.select.matches(&instance.tags))
}

fn others<'t>(seen: &'t [(&'t Binding, Arc<Topology>)], inputs: &Inputs<'t>) -> Vec<Inputs<'t>> {
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
    let topology = session.view(Needs::ALL).await?;
    let inputs = Inputs { approved, ..session.inputs(&topology, Departures::NONE) };
    let mut plan = projected(&session, &inputs).and(prune(&session, &inputs).await);
    if approved {
        plan.follow_ups = follow_ups(&session, &inputs, &plan).await;
    }
    Ok((topology, plan))
}

/// What follows from a plan. As for prune, what others want is left out of it, and adds nothing: they are read only where something
/// follows.
async fn follow_ups(session: &Session<'_>, inputs: &Inputs<'_>, plan: &Plan) -> Vec<FollowUp> {
    let names = session.binding_names();
    let at_most = plan::follow_ups(inputs, plan, &[], &names);
    if at_most.is_empty() {
        return at_most;
    }
    let (seen, topology) = Box::pin(beside(session, inputs)).await;
    let mut with = *inputs;
    with.topology = &topology;
    plan::follow_ups(&with, plan, &others(&seen, &with), &names)
}

/// What a teardown of a binding would take away, and what it is based on.
///
/// # Errors
/// [`StageError`]: the store or the cloud cannot be read in time, or the binding may not be torn down.
pub async fn plan_teardown(invocation: &Invocation<'_>, binding: &BindingName) -> Result<(Topology, Plan), StageError> {
    let request = Request { binding: binding.clone(), run: String::new(), accepted: false };
    let session = Session::open(invocation, &request).await?;
    let topology = session.view(Needs::LEFT).await?;
    let plan = teardown(&session, &session.inputs(&topology, Departures::NONE)).await;
    Ok((topology, plan))
}

/// The plan for the drift check on the timer, and what it is based on: the whole plan, or only the part without pruning if that has open
/// changes. Pruning has to read other bindings, and a run prunes at its end anyway.
///
/// # Errors
/// [`StageError`], when the store or the cloud cannot be read in time.
pub async fn plan_due(invocation: &Invocation<'_>, binding: &BindingName) -> Result<(Topology, Plan), StageError> {
    let request = Request { binding: binding.clone(), run: String::new(), accepted: false };
    let session = Session::open(invocation, &request).await?;
    let project =
        |session: &Session<'_>, topology: &Topology| projected(session, &session.inputs(topology, Departures::NONE));
    let (topology, plan) = as_needed(&session, project).await?;
    if plan.changes.iter().any(Change::is_open) {
        return Ok((topology, plan));
    }
    let pruned = prune(&session, &session.inputs(&topology, Departures::NONE)).await;
    Ok((topology, plan.and(pruned)))
}

/// The plan of a binding with paths judged as they are now, and what it is based on. Verify uses it.
///
/// # Errors
/// [`StageError::StillPending`] if the time budget ends first.
pub async fn current_as_needed(session: &Session<'_>) -> Result<(Topology, Plan), StageError> {
    as_needed(session, plan_current).await
}

/// A plan, and what it is based on. The prerequisites of attachments are read only if it attaches or connects something.
async fn as_needed(
    session: &Session<'_>,
    plan: fn(&Session<'_>, &Topology) -> Plan,
) -> Result<(Topology, Plan), StageError> {
    let mut needs = Needs::STANDING;
    loop {
        let topology = session.view(needs).await?;
        let plan = plan(session, &topology);
        let wanted = needs.and(facts::of_plan(&plan, &topology));
        if wanted == needs {
            return Ok((topology, plan));
        }
        needs = wanted;
    }
}

/// The plan of a binding over what `topology` shows, with paths judged as they are now.
fn plan_current(session: &Session<'_>, topology: &Topology) -> Plan {
    let inputs = session.inputs(topology, Departures::NONE);
    ways(session, &inputs).0.and(plan::members(&inputs, &verdicts(session.binding(), topology)))
}
