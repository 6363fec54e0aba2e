//! Executions of a flow.

use serde::{Deserialize, Serialize};

use crate::listing::listing;

/// Starts an execution. While one of the same name runs, that one is answered and nothing starts; once it has ended the
/// name is refused with `ExecutionAlreadyExists`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartExecution {
    pub flow_name: String,
    pub execution_name: Option<String>,
    /// A JSON object, as text.
    pub input: Option<String>,
}

/// [`StartExecution`] answers with the execution.
pub type StartExecutionAnswer = Execution;
/// [`DescribeExecution`] answers with the execution.
pub type DescribeExecutionAnswer = Execution;
/// [`StopExecution`] answers with the execution.
pub type StopExecutionAnswer = Execution;

/// An execution of a flow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Execution {
    pub flow_name: String,
    pub name: String,
    /// `Starting`, `Running`, `Stopped`, `Succeeded`, `Failed` or `TimedOut`.
    pub status: String,
    pub input: String,
    pub output: String,
    pub started_time: String,
    pub stopped_time: String,
    pub flow_definition: String,
    pub request_id: String,
}

/// One execution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeExecution {
    pub flow_name: String,
    pub execution_name: String,
    /// How long the server may delay its answer until the execution ends (long polling).
    pub wait_time_seconds: Option<u32>,
}

/// The executions of a flow, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListExecutions {
    pub flow_name: String,
    pub status: Option<String>,
    pub execution_name_prefix: Option<String>,
    pub started_time_begin: Option<String>,
    pub started_time_end: Option<String>,
    pub limit: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListExecutions`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListExecutionsAnswer {
    pub executions: Vec<Execution>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListExecutions, executions: Execution, token limit 99);

/// Stops a running execution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StopExecution {
    pub flow_name: String,
    pub execution_name: String,
    pub error: Option<String>,
    pub cause: Option<String>,
}

/// What happened in an execution, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetExecutionHistory {
    pub flow_name: String,
    pub execution_name: String,
    pub limit: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`GetExecutionHistory`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetExecutionHistoryAnswer {
    pub events: Vec<Event>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(GetExecutionHistory, events: Event, token limit 900);

/// An event of an execution's history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Event {
    #[serde(rename = "Type")]
    pub kind: String,
    pub event_id: u64,
    pub schedule_event_id: u64,
    pub step_name: String,
    pub time: String,
    /// A JSON value, as text.
    pub event_detail: String,
}
