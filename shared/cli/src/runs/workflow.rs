//! The workflow of a deployment in CloudFlow: its executions and their histories.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use onboarding::StageName;
use onboarding::ids::{BindingName, Region};
use openapi::{fc, fnf};
use stage::Host;
use stage::executions::{self, Run};

use crate::output::CliError;

/// Whether an execution with this status has not ended.
pub(crate) fn is_open(status: &str) -> bool {
    matches!(status, "Starting" | "Running")
}

/// Histories that a process keeps.
const KEPT: usize = 512;

/// Histories of runs that have ended.
#[derive(Default)]
struct Histories(Mutex<BTreeMap<String, Arc<[fnf::Event]>>>);

/// The deployment's workflow.
pub(crate) struct Workflow<'h> {
    host: &'h Host,
    home: &'h Region,
}

impl<'h> Workflow<'h> {
    /// The workflow, if its region is known.
    pub(crate) fn known(host: &'h Host) -> Option<Self> {
        host.settings().home_region.as_ref().map(|home| Self { host, home })
    }

    /// The workflow, for a command that needs it.
    pub(crate) fn of(host: &'h Host) -> Result<Self, CliError> {
        Self::known(host).ok_or_else(|| {
            CliError::Usage(
                "The workflow's region is not known: give --home REGION, or set ALBRIDGE_HOME_REGION.".to_owned(),
            )
        })
    }

    /// Whether there is a workflow of that name at all.
    pub(crate) async fn exists(&self) -> Result<bool, CliError> {
        let describe = fnf::DescribeFlow { name: self.flow() };
        match self.host.client().call(self.home.as_str(), &describe).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(self.failed("read", &error)),
        }
    }

    /// The error if there is no workflow.
    pub(crate) fn missing(&self) -> CliError {
        let (flow, home) = (self.flow(), self.home);
        CliError::Failed(format!(
            "There is no workflow {flow} in {home}: create the home stack there, or see --home and ALBRIDGE_FLOW."
        ))
    }

    /// The runs of a binding that have not ended, oldest first. Where there is no workflow there is no run.
    pub(crate) async fn open(&self, binding: &BindingName) -> Result<Vec<Run>, CliError> {
        let mut runs = Vec::new();
        for status in ["Starting", "Running"] {
            let list =
                fnf::ListExecutions { flow_name: self.flow(), status: Some(status.to_owned()), ..Default::default() };
            match self.host.client().list(self.home.as_str(), list).await {
                Ok(listed) => runs.extend(listed),
                Err(error) if error.is_not_found() => return Ok(Vec::new()),
                Err(error) => return Err(self.failed("listed", &error)),
            }
        }
        Ok(executions::runs_of(binding, &runs))
    }

    /// The latest executions of all bindings, newest first: one page, however many there were.
    pub(crate) async fn page(&self) -> Result<Vec<fnf::Execution>, CliError> {
        let list = fnf::ListExecutions { flow_name: self.flow(), limit: Some(99), ..Default::default() };
        match self.host.client().call(self.home.as_str(), &list).await {
            Ok(page) => Ok(page.executions),
            Err(error) if error.is_not_found() => Err(self.missing()),
            Err(error) => Err(self.failed("listed", &error)),
        }
    }

    /// The same for a look at the deployment as well, which names a workflow that was deleted: there are no runs of it.
    pub(crate) async fn latest(&self) -> Result<Vec<fnf::Execution>, CliError> {
        match self.page().await {
            Err(_) if self.is_deleted().await => Ok(Vec::new()),
            page => page,
        }
    }

    /// Whether there is no workflow, and yet what starts its runs.
    async fn is_deleted(&self) -> bool {
        matches!(self.exists().await, Ok(false)) && self.is_started_here().await
    }

    /// Whether the deployment in this region has a function that starts runs of this workflow.
    async fn is_started_here(&self) -> bool {
        let dispatch = format!("{}-{}", self.host.settings().deployment.as_str(), StageName::Dispatch);
        let listed = self.host.client().list_functions(self.home.as_str(), &dispatch).await;
        let starts = |function: &fc::Function| {
            function.function_name == dispatch
                && function.environment_variables.get("ALBRIDGE_FLOW").is_none_or(|flow| *flow == self.flow())
        };
        listed.is_ok_and(|functions| functions.iter().any(starts))
    }

    /// All executions of all bindings that began at a time or later, newest first.
    pub(crate) async fn since(&self, begin: Option<Timestamp>) -> Result<Vec<fnf::Execution>, CliError> {
        let list = fnf::ListExecutions {
            flow_name: self.flow(),
            started_time_begin: begin.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ..Default::default()
        };
        match self.host.client().list(self.home.as_str(), list).await {
            Ok(listed) => Ok(listed),
            Err(error) if error.is_not_found() => Err(self.missing()),
            Err(error) => Err(self.failed("listed", &error)),
        }
    }

    /// One execution.
    pub(crate) async fn execution(&self, name: &str) -> Result<fnf::Execution, CliError> {
        let describe =
            fnf::DescribeExecution { flow_name: self.flow(), execution_name: name.to_owned(), wait_time_seconds: None };
        self.host.client().call(self.home.as_str(), &describe).await.map_err(|error| self.failed("read", &error))
    }

    /// What happened in an execution so far, oldest first.
    pub(crate) async fn history(&self, name: &str) -> Result<Vec<fnf::Event>, CliError> {
        let history =
            fnf::GetExecutionHistory { flow_name: self.flow(), execution_name: name.to_owned(), ..Default::default() };
        self.host.client().list(self.home.as_str(), history).await.map_err(|error| self.failed("read", &error))
    }

    /// The same; of a run that has ended it is read once only in this process. `execution` was read before: one that was listed as
    /// ended has no further events.
    pub(crate) async fn history_of(&self, execution: &fnf::Execution) -> Result<Arc<[fnf::Event]>, CliError> {
        let histories = self.host.shared::<Histories>();
        let kept = || histories.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().get(&execution.name) {
            return Ok(Arc::clone(known));
        }
        let events: Arc<[fnf::Event]> = self.history(&execution.name).await?.into();
        if !is_open(&execution.status) {
            let mut kept = kept();
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(execution.name.clone(), Arc::clone(&events));
        }
        Ok(events)
    }

    fn flow(&self) -> String {
        self.host.settings().flow.clone()
    }

    fn failed(&self, verb: &str, error: &openapi::Error) -> CliError {
        let (flow, home, why) = (self.flow(), self.home, stage::sentence(error));
        CliError::Failed(format!("The runs of {flow} in {home} cannot be {verb}: {why}"))
    }
}
