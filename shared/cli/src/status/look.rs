//! What `status` shows of a binding, as data, apart from how it is shown: the lines for people, the JSON, and the console page are all
//! made from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;

use deployment::deploy::{Obstacle, Obstacles};
use jiff::Timestamp;
use onboarding::causes::{Hold, Kept, NextRun};
use onboarding::ids::{BindingName, InstanceId, Region};
use onboarding::mark::MemberState;
use onboarding::topology::{Endpoint, Instance, Known, Topology};
use onboarding::{Binding, Causes, Code, Deployment, FailedCalls, Reason, StageName, Store};
use openapi::fnf;
use stage::causes::left;
use stage::{Host, Readings, Report, executions};

use crate::causes::{self, About, codes};
use crate::output::{CliError, Exit};
use crate::plan::{self, Seen};
use crate::runs::{Visit, Workflow, cause, gave_up, is_open, report, visits};

/// A binding as it is found.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    /// Whose.
    pub(crate) binding: BindingName,
    /// The state, the plan, and the causes of what cannot be done.
    pub(crate) seen: Seen,
    /// The last runs.
    pub(crate) runs: Runs,
    /// The members.
    pub(crate) members: Members,
    /// What of the deployment itself could not be read.
    pub(crate) unread: FailedCalls,
}

/// The last runs of a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Runs {
    /// Nobody said in which region the workflow is.
    NowhereToLook,
    /// They could not be read.
    Unread(String),
    /// They were read.
    Read {
        /// Newest first.
        latest: Vec<RunSummary>,
        /// How many older ones are listed.
        older: usize,
        /// How many of these failed one after the other, if none of the latest succeeded.
        failing: usize,
    },
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunSummary {
    /// The execution's name.
    pub(crate) name: String,
    /// What started it, where its input says so.
    pub(crate) trigger: Option<String>,
    /// In the cloud's words: `Starting`, `Running`, `Stopped`, `Succeeded`, `Failed` or `TimedOut`.
    pub(crate) status: String,
    /// As the cloud tells it.
    pub(crate) started: String,
    /// As the cloud tells it; empty while the run is not over.
    pub(crate) stopped: String,
    /// The stages that reported, in their order.
    pub(crate) stages: Vec<StageSummary>,
    /// The codes of all that was blocked, each once.
    pub(crate) blocked: Vec<&'static str>,
    /// What it met while it wrote, each once: what the cloud refused, or did not let through.
    pub(crate) refused: Vec<Reason>,
    /// The codes of what it left follows from, each once.
    pub(crate) causes: Vec<&'static str>,
    /// The states that used up their budget.
    pub(crate) failed: Vec<String>,
    /// Why it failed, in the words of the function or the workflow.
    pub(crate) failure: Option<String>,
    /// What happened in it, as a timeline.
    pub(crate) visits: Vec<Visit>,
}

/// What a stage of a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StageSummary {
    /// Which.
    pub(crate) stage: StageName,
    /// How many changes it made.
    pub(crate) changes: usize,
    /// The first of them, in words.
    pub(crate) made: Vec<String>,
}

/// The members of the server group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Members {
    /// In the order in which the cloud lists them; `None` if that is not known.
    pub(crate) listed: Option<Vec<Member>>,
    /// Why they, or their health, are not known.
    pub(crate) unknown: Option<NotKnown>,
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotKnown {
    /// In a sentence.
    pub(crate) why: String,
    /// Whether a call failed. If not, there was nothing to read it from.
    pub(crate) failed: bool,
}

/// A member of the server group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// The instance that has the address, if one is known.
    pub(crate) instance: Option<InstanceId>,
    /// The instance's name; it may be empty.
    pub(crate) name: String,
    /// Address and port.
    pub(crate) endpoint: Endpoint,
    /// Its weight.
    pub(crate) weight: u32,
    /// What its mark says; `None` if it carries none of ours.
    pub(crate) state: Option<MemberState>,
    /// What the load balancer finds.
    pub(crate) health: MemberHealth,
    /// The code of the first cause that keeps it from being served.
    pub(crate) fault: Option<Code>,
}

/// What a load balancer finds when it checks a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MemberHealth {
    /// It answers.
    Healthy,
    /// It does not, or it is not checked yet.
    Ill {
        /// In the cloud's words, as `Unhealthy`.
        status: String,
        /// The same, as `CONNECT_TIMEOUT`; it may be empty.
        reason: String,
    },
    /// Nobody checks it: its server group has no health check.
    Unchecked,
    /// It is not known.
    Unknown,
}

impl Look {
    /// Every call that failed.
    pub(crate) fn unread(&self) -> FailedCalls {
        let mut all = self.seen.plan.unread.clone();
        all.extend(&self.unread);
        all
    }

    /// The exit of a command that shows it.
    pub(crate) fn exit(&self) -> Exit {
        Exit::failed(!self.unread.is_empty()).max(self.runs.exit()).max(self.members.exit()).max(self.seen.exit())
    }
}

impl Runs {
    /// What has not ended well is pending: the next run makes up for it.
    fn exit(&self) -> Exit {
        match self {
            Self::NowhereToLook => Exit::Done,
            Self::Unread(_) => Exit::Failed,
            Self::Read { .. } => Exit::pending(self.fails()),
        }
    }

    /// Whether the last one that ended did not end as it should.
    fn fails(&self) -> bool {
        self.last_ended().is_some_and(|run| !run.is_good())
    }

    /// What is to be expected of the next one, as far as the last one tells.
    fn next(&self) -> NextRun {
        match self.last_ended() {
            Some(run) if !run.refused.is_empty() => NextRun::Refused(run.refused.clone()),
            Some(run) if !run.is_good() => NextRun::MayFail,
            _ => NextRun::Writes,
        }
    }

    fn last_ended(&self) -> Option<&RunSummary> {
        let Self::Read { latest, .. } = self else { return None };
        latest.iter().find(|run| !run.is_open() && run.status != "Stopped")
    }
}

impl RunSummary {
    /// An execution with its history.
    pub(crate) fn of(execution: &fnf::Execution, history: &[fnf::Event]) -> Self {
        let ended = history.iter().filter(|event| event.kind == "TaskSucceeded");
        let reports: Vec<Report> = ended.filter_map(|event| Some(report(&event.event_detail)?.0)).collect();
        let causes = codes(&left(&reports, &[]));
        let (mut stages, mut blocked) = (Vec::new(), Vec::new());
        let mut refused: Vec<Reason> = Vec::new();
        for report in reports {
            for reason in report.blocked.iter().filter(|reason| is_of_writing(reason.code)) {
                let message = format!("The last run could not make this: {}", reason.message);
                if !refused.iter().any(|known| known.message == message) {
                    refused.push(Reason { message, ..reason.clone() });
                }
            }
            blocked.extend(report.blocked.iter().map(|reason| reason.code.as_str()));
            stages.push(StageSummary { stage: report.stage, changes: report.written(), made: report.made });
        }
        blocked.sort_unstable();
        blocked.dedup();
        // One that works still, or whose work another one does, gave up nothing.
        let is_over = !matches!(execution.status.as_str(), "Starting" | "Running" | "Stopped");
        let given_up = if is_over { gave_up(history) } else { Vec::new() };
        let failure = history.iter().rev().filter(|event| event.kind.ends_with("Failed"));
        let has_failed = is_over && execution.status != "Succeeded";
        let failure = failure.filter(|_| has_failed).find_map(|event| cause(&event.event_detail));
        Self {
            failure: failure.or_else(|| given_up.iter().find_map(|(_, why)| why.clone())),
            failed: given_up.into_iter().map(|(state, _)| state.to_owned()).collect(),
            name: execution.name.clone(),
            trigger: executions::trigger(&execution.input),
            status: execution.status.clone(),
            started: execution.started_time.clone(),
            stopped: execution.stopped_time.clone(),
            stages,
            blocked,
            refused,
            causes,
            visits: visits(history),
        }
    }

    /// Whether it has not ended.
    pub(crate) fn is_open(&self) -> bool {
        is_open(&self.status)
    }

    /// Whether it ended as it should: an execution succeeds even if it goes on from a state that gave up.
    pub(crate) fn is_good(&self) -> bool {
        self.status == "Succeeded" && self.failed.is_empty()
    }

    /// How many changes it made.
    pub(crate) fn changes(&self) -> usize {
        self.stages.iter().map(|stage| stage.changes).sum()
    }

    /// When it began; `None` if the cloud's text is no time.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        self.started.parse().ok()
    }

    /// How long it took, in seconds; `None` while it is not over.
    pub(crate) fn seconds(&self) -> Option<i64> {
        let stopped: Timestamp = self.stopped.parse().ok()?;
        Some(stopped.as_second() - self.began()?.as_second())
    }
}

impl Members {
    /// The members of a binding's server group.
    pub(crate) fn of(binding: &BindingName, port: Option<u16>, deployment: &Deployment, seen: &Seen) -> Self {
        let Topology { servers, unhealthy, .. } = &seen.topology;
        let failed = servers.failure().or_else(|| unhealthy.failure()).is_some();
        let why = servers.why_unknown().or_else(|| unhealthy.why_unknown());
        let unknown = why.map(|why| NotKnown { why: why.to_string(), failed });
        let owners = owners(&seen.topology);
        let listed = servers.get().map(|servers| {
            let members = servers.iter().map(|server| {
                let endpoint = server.endpoint();
                let marked = deployment.read_member(binding, &server.description);
                let owner = owners.get(&server.address);
                let instance =
                    owner.map(|owner| owner.id.clone()).or_else(|| marked.as_ref().map(|(id, _)| id.clone()));
                let second = owner.and_then(|owner| (owner.address != Some(server.address)).then_some(server.address));
                let other = port.and_then(|port| (server.port != port).then_some(server.port));
                // Nor is what its instance has at another address now a fault of what is left here.
                let left = (owner.is_none() || other.is_some()).then_some(server.address);
                let at = second.or(left);
                Member {
                    fault: instance.as_ref().and_then(|id| fault(&seen.causes, id, (at, other))),
                    instance,
                    name: owner.map(|owner| owner.name.clone()).unwrap_or_default(),
                    endpoint,
                    weight: server.weight,
                    state: marked.map(|(_, state)| state),
                    health: match unhealthy.get().map(|unhealthy| unhealthy.get(&endpoint)) {
                        None => MemberHealth::Unknown,
                        Some(None) => MemberHealth::Healthy,
                        Some(Some(health)) if health.is_unchecked() => MemberHealth::Unchecked,
                        Some(Some(health)) => {
                            MemberHealth::Ill { status: health.status.to_string(), reason: health.reason.clone() }
                        }
                    },
                }
            });
            members.collect()
        });
        Self { listed, unknown }
    }

    /// How many are healthy, in words: `2 of 3 healthy`, `none`.
    pub(crate) fn healthy(listed: &[Member]) -> String {
        let count = |is: fn(&MemberHealth) -> bool| listed.iter().filter(|member| is(&member.health)).count();
        let unchecked = count(|health| *health == MemberHealth::Unchecked);
        match (listed.len(), unchecked) {
            (0, _) => "none".to_owned(),
            (all, unchecked) if all == unchecked => format!("{all}, health not checked"),
            (all, 0) => format!("{} of {all} healthy", all - count(MemberHealth::is_ill)),
            (all, unchecked) => {
                format!("{} of {all} healthy, {unchecked} not checked", all - unchecked - count(MemberHealth::is_ill))
            }
        }
    }

    fn exit(&self) -> Exit {
        match &self.unknown {
            Some(unknown) if unknown.failed => Exit::Failed,
            Some(_) => Exit::Pending,
            None => {
                let is_out = |member: &Member| member.health.is_ill() && !member.leaves();
                Exit::pending(self.listed.iter().flatten().any(is_out))
            }
        }
    }
}

/// The code of the first cause that keeps an instance from being served at an address and a port; at its primary one and the binding's where
/// none is said.
pub(crate) fn fault(causes: &Causes, id: &InstanceId, at: (Option<Ipv4Addr>, Option<u16>)) -> Option<Code> {
    let mut causes = causes.causes.iter();
    let is_kept = |kept: &Kept| kept.id == *id && (kept.address, kept.port) == at;
    causes.find(|cause| cause.instances.iter().any(is_kept)).map(|cause| cause.reason.code)
}

/// The instances by their addresses.
fn owners(topology: &Topology) -> BTreeMap<Ipv4Addr, &Instance> {
    let mut owners = BTreeMap::new();
    for instance in topology.instances.values().filter_map(Known::get).flatten() {
        let others = instance.interfaces.iter().flat_map(|interface| &interface.addresses).copied();
        for address in instance.address.into_iter().chain(others) {
            owners.entry(address).or_insert(instance);
        }
    }
    owners
}

impl Member {
    /// `i-ecs1 (ECS1)`; empty if nobody knows whose it is.
    pub(crate) fn named(&self) -> String {
        match &self.instance {
            None => String::new(),
            Some(id) if self.name.is_empty() || self.name == id.as_str() => id.to_string(),
            Some(id) => format!("{id} ({})", self.name),
        }
    }

    /// Whether it is on its way out: the plan says when it goes.
    pub(crate) const fn leaves(&self) -> bool {
        matches!(self.state, Some(MemberState::Draining(_) | MemberState::Released(_)))
    }

    /// Whether something keeps it from being served.
    pub(crate) fn is_faulty(&self) -> bool {
        self.health.is_ill() || self.fault.is_some()
    }
}

impl MemberHealth {
    /// Whether the load balancer sends it nothing.
    pub(crate) const fn is_ill(&self) -> bool {
        matches!(self, Self::Ill { .. })
    }
}

impl fmt::Display for MemberHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Healthy => f.write_str("Healthy"),
            Self::Ill { status, reason } if reason.is_empty() => f.write_str(status),
            Self::Ill { status, reason } => write!(f, "{status} {reason}"),
            Self::Unchecked => f.write_str("not checked"),
            Self::Unknown => f.write_str("not known"),
        }
    }
}

/// Looks at bindings of one store. What they have in common is read once.
pub(crate) struct Looks<'h> {
    host: &'h Host,
    store: &'h Store,
    readings: Readings,
    workflow: Option<Workflow<'h>>,
    /// The executions of all bindings, newest first.
    executions: Result<Vec<fnf::Execution>, CliError>,
    /// What keeps the deployment itself from working.
    obstacles: Obstacles,
}

impl<'h> Looks<'h> {
    /// Reads the list of runs, and how the deployment itself stands.
    pub(crate) async fn begin(host: &'h Host, store: &'h Store) -> Self {
        let workflow = Workflow::known(host);
        let executions = match &workflow {
            Some(workflow) => workflow.latest().await,
            None => Ok(Vec::new()),
        };
        let obstacles = obstacles(host, store).await;
        Self { host, store, readings: Readings::default(), workflow, executions, obstacles }
    }

    /// A binding, with the histories of its `runs` last runs.
    pub(crate) async fn at(&self, binding: &BindingName, runs: usize) -> Result<Look, CliError> {
        let mut seen = plan::see_with(&self.readings, self.host, self.store, binding, false, About::State).await?;
        let wanted = self.store.binding(binding.as_str());
        let backends = wanted.map(events).unwrap_or_default();
        let runs = self.runs(binding, runs).await;
        let next = runs.next();
        // A pause is a cause already, and holds what there is to hold.
        let is_paused = self.store.paused || wanted.is_some_and(|wanted| wanted.paused);
        let holding = self.obstacles.holding().filter(|_| !is_paused);
        let next =
            holding.cloned().map_or(next, |Obstacle { reason, remedy, .. }| NextRun::Held(Hold { reason, remedy }));
        if let Some(wanted) = wanted {
            let deployment = &self.host.settings().deployment;
            let (topology, plan) = (&seen.topology, &seen.plan);
            seen.causes = causes::of(self.store, wanted, deployment, topology, plan, About::State, next);
        }
        for obstacle in self.obstacles.found.iter().filter(|obstacle| Some(*obstacle) != holding) {
            if obstacle.region.as_ref().is_none_or(|region| backends.contains(region)) {
                seen.causes.add(obstacle.reason.clone(), obstacle.remedy.clone());
            }
        }
        let members = Members::of(
            binding,
            wanted.map(|wanted| wanted.server_group.port),
            &self.host.settings().deployment,
            &seen,
        );
        let unread = self.obstacles.unread.clone();
        Ok(Look { binding: binding.clone(), seen, runs, members, unread })
    }

    async fn runs(&self, binding: &BindingName, most: usize) -> Runs {
        let Some(workflow) = &self.workflow else { return Runs::NowhereToLook };
        let executions = match &self.executions {
            Ok(executions) => executions,
            Err(error) => return Runs::Unread(error.to_string()),
        };
        let own: Vec<_> = executions.iter().filter(|execution| executions::names(&execution.input, binding)).collect();
        let mut latest = Vec::new();
        for execution in own.iter().take(most) {
            match workflow.history_of(execution).await {
                Ok(history) => latest.push(RunSummary::of(execution, &history)),
                Err(error) => return Runs::Unread(error.to_string()),
            }
        }
        let older = own.get(latest.len()..).unwrap_or_default();
        let succeeded = latest.iter().any(RunSummary::is_good);
        let failed = older.iter().take_while(|run| matches!(run.status.as_str(), "Failed" | "TimedOut")).count();
        Runs::Read { older: older.len(), failing: if succeeded { 0 } else { failed }, latest }
    }
}

/// Whether a stage meets it when it makes a change, so that the next run may meet it, too.
const fn is_of_writing(code: Code) -> bool {
    matches!(code, Code::Refused | Code::StaysBusy | Code::NotVisible)
}

/// What keeps the deployment from working, if its home is known.
async fn obstacles(host: &Host, store: &Store) -> Obstacles {
    let Some(home) = &host.settings().home_region else { return Obstacles::default() };
    let backends = store.bindings.iter().flat_map(events).collect();
    deployment::deploy::obstacles(host.client(), host.settings().deployment.as_str(), home, &backends).await
}

/// The regions whose events a binding waits for: those of another account are seen by the timer alone.
fn events(binding: &Binding) -> BTreeSet<Region> {
    let own = binding.backends.iter().filter(|backend| backend.assume_role.is_none());
    own.map(|backend| backend.region.clone()).collect()
}
