//! One look at the cloud, for everybody who views the page: the store, every binding as it was seen, and its last runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use onboarding::causes::Cause;
use onboarding::ids::{BindingName, Region};
use onboarding::{Binding, Deployment, Severity, Topology};
use openapi::fnf;
use stage::{Host, Readings, executions};

use super::history::{Visit, visits};
use crate::causes::About;
use crate::output::{CliError, Exit};
use crate::plan::{self, Seen};
use crate::runs::{Workflow, is_open};
use crate::target;
use crate::unread::PlanState;

/// Runs that are shown of one binding.
const RUNS: usize = 8;

/// What was seen at one time.
#[derive(Debug)]
pub(super) struct Look {
    /// Counts the looks of this process.
    pub(super) number: u64,
    /// The cloud's time.
    pub(super) at: Timestamp,
    /// The deployment's name.
    pub(super) deployment: Deployment,
    /// Where the bindings are.
    pub(super) store: String,
    /// Where the workflow is, if that is known.
    pub(super) home: Option<Region>,
    /// The bindings asked for, in the store's order.
    pub(super) sights: Vec<Sight>,
}

/// One binding.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    /// What is wanted.
    pub(super) binding: Binding,
    /// What was seen, or why nothing was.
    pub(super) seen: Result<Seen, String>,
    /// Of something that was seen before: when. The reading that failed since is the error.
    pub(super) stale: Option<(Timestamp, String)>,
    /// Its last runs.
    pub(super) runs: Runs,
}

/// The last runs of a binding.
#[derive(Debug, Clone)]
pub(super) enum Runs {
    /// Nobody said where the workflow is.
    NoHome,
    /// They could not be read.
    NotKnown(String),
    /// Newest first.
    Known(Vec<Run>),
}

/// A run.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// Its name.
    pub(super) name: String,
    /// In the cloud's words.
    pub(super) status: String,
    /// When it began.
    pub(super) started: Option<Timestamp>,
    /// When it ended.
    pub(super) stopped: Option<Timestamp>,
    /// What happened in it.
    pub(super) visits: Result<Vec<Visit>, String>,
}

impl Run {
    /// Whether it has not ended.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "Starting" | "Running")
    }

    /// How many changes it made.
    pub(super) fn changes(&self) -> usize {
        self.reports().map(|report| report.changes).sum()
    }

    /// What its stages reported.
    pub(super) fn reports(&self) -> impl Iterator<Item = &stage::Report> {
        self.visits.iter().flatten().filter_map(|visit| visit.report.as_ref())
    }
}

/// How a binding stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Everything is as it should be.
    Well,
    /// Something is on its way.
    Changing,
    /// A run or a person's yes makes up for what differs.
    Differs,
    /// Something could not be read.
    NotKnown,
    /// Something does not work.
    Faulty,
}

impl Standing {
    /// A sign and a word: neither needs colours.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Well => ("✓", "well"),
            Self::Changing => ("…", "in progress"),
            Self::Differs => ("~", "differs"),
            Self::NotKnown => ("?", "not known"),
            Self::Faulty => ("✕", "faulty"),
        }
    }

    /// What it looks like.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Well => "mark good",
            Self::Changing => "mark busy",
            Self::Differs => "mark warn",
            Self::NotKnown => "mark warn",
            Self::Faulty => "mark bad",
        }
    }
}

impl Sight {
    /// How it stands.
    pub(super) fn standing(&self) -> Standing {
        let Ok(Seen { topology, plan, causes }) = &self.seen else { return Standing::NotKnown };
        let is_wrong = |cause: &Cause| !cause.by_run && cause.reason.code.severity() == Severity::Error;
        match PlanState::of(plan, causes) {
            _ if causes.causes.iter().any(is_wrong) => Standing::Faulty,
            PlanState::Missing => Standing::Faulty,
            PlanState::NotKnown => Standing::NotKnown,
            _ if unhealthy(topology).is_some_and(|count| count > 0) => Standing::Faulty,
            PlanState::Wrong => Standing::Differs,
            PlanState::Differs if plan.changes.is_empty() && causes.is_empty() => Standing::Changing,
            PlanState::Differs => Standing::Differs,
            PlanState::InPlace => Standing::Well,
        }
    }

    /// One of its last runs.
    pub(super) fn run(&self, name: &str) -> Option<&Run> {
        let Runs::Known(runs) = &self.runs else { return None };
        runs.iter().find(|run| run.name == name)
    }

    /// The exit of a command that shows it.
    fn exit(&self) -> Exit {
        let Ok(seen) = &self.seen else { return Exit::Failed };
        let ended = |run: &&Run| !run.is_open() && run.status != "Stopped";
        let runs = match &self.runs {
            Runs::NoHome => Exit::Done,
            Runs::NotKnown(_) => Exit::Failed,
            Runs::Known(runs) => Exit::pending(runs.iter().find(ended).is_some_and(|run| run.status != "Succeeded")),
        };
        let members = match unhealthy(&seen.topology) {
            Some(count) => Exit::pending(count > 0),
            None => Exit::Pending,
        };
        seen.exit().max(runs).max(members)
    }
}

/// How many members are not healthy, if that is known.
fn unhealthy(topology: &Topology) -> Option<usize> {
    let (servers, unhealthy) = (topology.servers.get()?, topology.unhealthy.get()?);
    Some(servers.iter().filter(|server| unhealthy.contains_key(&server.endpoint())).count())
}

impl Look {
    /// A binding of it.
    pub(super) fn sight(&self, binding: &str) -> Option<&Sight> {
        self.sights.iter().find(|sight| sight.binding.name.as_str() == binding)
    }

    /// How the worst of its bindings stands.
    pub(super) fn standing(&self) -> Standing {
        self.sights.iter().map(Sight::standing).max().unwrap_or(Standing::Well)
    }

    /// The exit of a command that shows it.
    pub(super) fn exit(&self) -> Exit {
        self.sights.iter().map(Sight::exit).max().unwrap_or_default()
    }
}

/// Looks at one deployment. What cannot change any more is kept.
pub(super) struct Looker {
    host: Host,
    /// The only binding that is looked at, if one was asked for.
    only: Option<String>,
    /// Histories of runs that have ended.
    kept: Mutex<BTreeMap<String, Vec<Visit>>>,
}

impl Looker {
    /// Of this deployment.
    pub(super) fn new(host: Host, only: Option<String>) -> Self {
        Self { host, only, kept: Mutex::default() }
    }

    /// Looks once. What fails for one binding is said there; what was seen of it in the look `before` is kept.
    pub(super) async fn look(&self, before: Option<&Look>) -> Result<Look, CliError> {
        let host = &self.host;
        let store = target::store(host).await?;
        let names = target::bindings(&store, self.only.as_deref())?;
        let workflow = Workflow::known(host);
        let latest = match &workflow {
            Some(workflow) => Some(workflow.latest().await),
            None => None,
        };
        let readings = Readings::default();
        let mut sights = Vec::new();
        for name in &names {
            let Some(binding) = store.binding(name.as_str()) else { continue };
            let seen = plan::see_with(&readings, host, &store, name, false, About::State).await;
            let runs = match (&workflow, &latest) {
                (Some(workflow), Some(Ok(latest))) => Runs::Known(self.runs(workflow, name, latest).await),
                (_, Some(Err(error))) => Runs::NotKnown(error.to_string()),
                _ => Runs::NoHome,
            };
            let sight =
                Sight { binding: binding.clone(), seen: seen.map_err(|error| error.to_string()), stale: None, runs };
            sights.push(sight.or(before));
        }
        if let Some(Ok(latest)) = &latest {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|name, _| latest.iter().any(|execution| execution.name == *name));
        }
        let settings = host.settings();
        Ok(Look {
            number: before.map_or(0, |look| look.number) + 1,
            at: host.clock().now(),
            deployment: settings.deployment.clone(),
            store: settings.store.to_string(),
            home: settings.home_region.clone(),
            sights,
        })
    }

    async fn runs(&self, workflow: &Workflow<'_>, binding: &BindingName, latest: &[fnf::Execution]) -> Vec<Run> {
        let mut runs = Vec::new();
        let own = latest.iter().filter(|execution| executions::names(&execution.input, binding)).take(RUNS);
        for execution in own {
            runs.push(Run {
                name: execution.name.clone(),
                status: execution.status.clone(),
                started: execution.started_time.parse().ok(),
                stopped: execution.stopped_time.parse().ok(),
                visits: self.history(workflow, execution).await,
            });
        }
        runs
    }

    async fn history(&self, workflow: &Workflow<'_>, execution: &fnf::Execution) -> Result<Vec<Visit>, String> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(visits) = kept().get(&execution.name) {
            return Ok(visits.clone());
        }
        // The history is read after the status: a run that was listed as ended has no further events.
        let events = workflow.history(&execution.name).await.map_err(|error| error.to_string())?;
        let visits = visits(&events);
        if !is_open(execution) {
            kept().insert(execution.name.clone(), visits.clone());
        }
        Ok(visits)
    }
}

impl Sight {
    /// With what was seen before, where this reading failed.
    fn or(mut self, before: Option<&Look>) -> Self {
        let Some(look) = before else { return self };
        let Some(old) = look.sight(self.binding.name.as_str()) else { return self };
        if let (Err(error), Ok(seen)) = (&self.seen, &old.seen) {
            let since = old.stale.as_ref().map_or(look.at, |(since, _)| *since);
            self.stale = Some((since, error.clone()));
            self.seen = Ok(seen.clone());
        }
        self
    }
}
