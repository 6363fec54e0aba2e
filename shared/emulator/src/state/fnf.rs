//! Flows and executions.

mod rates;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use workflow::{Definition, Execution, TaskId};

use crate::call::ApiError;

pub(crate) use rates::Rates;

#[derive(Debug, Clone, Default)]
pub(crate) struct Fnf {
    /// By region and name.
    pub(crate) flows: BTreeMap<(String, String), Flow>,
    pub(crate) runs: BTreeMap<RunKey, Run>,
    /// Executions that may still change.
    pub(crate) active: BTreeSet<RunKey>,
    pub(crate) rates: Rates,
}

/// A flow as it was deployed.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) text: String,
    pub(crate) definition: Arc<Definition>,
    pub(crate) role_arn: String,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
}

/// Identifies an execution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RunKey {
    pub(crate) region: String,
    pub(crate) flow: String,
    pub(crate) name: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) execution: Execution,
    /// The input as it was sent.
    pub(crate) input: String,
    /// The definition's text when it started: a running execution keeps it.
    pub(crate) definition: String,
    pub(crate) role_arn: String,
    /// The token of the task that waits for this execution (`CallbackFnFTaskToken`).
    pub(crate) callback: Option<String>,
}

/// Identifies one attempt at a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskKey {
    pub(crate) run: RunKey,
    pub(crate) task: TaskId,
    /// The task's result is not the function's answer: it is reported by `ReportTask...`.
    pub(crate) reported: bool,
}

impl Fnf {
    pub(crate) fn remove_flow(&mut self, region: &str, name: &str) {
        self.flows.remove(&(region.to_owned(), name.to_owned()));
    }

    /// Flows and executions.
    pub(crate) fn population(&self) -> usize {
        self.flows.len() + self.runs.len()
    }

    /// When something will happen by itself.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.active.iter().filter_map(|key| self.runs.get(key)?.execution.next_due()).min()
    }
}

pub(crate) fn parse(text: &str) -> Result<Arc<Definition>, ApiError> {
    Definition::parse(text)
        .map(Arc::new)
        .map_err(|error| ApiError::bad("InvalidArgument", format!("Parameter Definition is invalid: {error}")))
}
