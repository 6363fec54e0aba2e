//! Executions of the workflow, as a person sees them.

use std::time::Duration;

use openapi::fnf;
use stage::Report;

use crate::Console;

const HOME: &str = "cn-hangzhou";
const FLOW: &str = "albridge";

/// An execution of the workflow, with what a failed test prints of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Execution {
    /// When it started.
    pub started: String,
    /// Its name.
    pub name: String,
    /// `Starting`, `Running`, `Stopped`, `Succeeded`, `Failed` or `TimedOut`.
    pub status: String,
    /// When it ended; empty if it has not.
    pub stopped: String,
    /// Its output.
    pub output: String,
}

impl From<fnf::Execution> for Execution {
    fn from(execution: fnf::Execution) -> Self {
        let fnf::Execution { name, status, output, started_time, stopped_time, .. } = execution;
        Self { started: started_time, name, status, stopped: stopped_time, output }
    }
}

#[expect(clippy::expect_used, clippy::panic, reason = "a console that does not work ends the test")]
impl Console<'_> {
    /// All executions of the workflow, oldest first.
    ///
    /// # Panics
    /// If they cannot be listed.
    pub async fn executions(&self) -> Vec<Execution> {
        let list = fnf::ListExecutions { flow_name: FLOW.to_owned(), ..Default::default() };
        let executions = self.0.operator().list(HOME, list).await.expect("ListExecutions");
        let mut executions: Vec<Execution> = executions.into_iter().map(Execution::from).collect();
        executions.sort();
        executions
    }

    /// Waits until there are at least `count` executions and all have ended.
    ///
    /// # Panics
    /// If that takes longer than `limit`.
    pub async fn ended(&self, count: usize, limit: Duration) -> Vec<Execution> {
        let clock = self.0.clock();
        let end = clock.now() + limit;
        loop {
            let executions = self.executions().await;
            let open =
                executions.iter().filter(|execution| matches!(&*execution.status, "Starting" | "Running")).count();
            if executions.len() >= count && open == 0 {
                return executions;
            }
            assert!(clock.now() < end, "{open} of {} executions run after {limit:?}: {executions:?}", executions.len());
            clock.sleep(Duration::from_secs(5)).await;
        }
    }

    /// Starts the workflow for a binding by hand, under the given name, and does not wait.
    ///
    /// # Panics
    /// If the start is refused.
    pub async fn begin(&self, name: &str, binding: &str) {
        let start = fnf::StartExecution {
            flow_name: FLOW.to_owned(),
            execution_name: Some(name.to_owned()),
            input: Some(serde_json::json!({ "binding": binding }).to_string()),
        };
        self.0.operator().call(HOME, &start).await.expect("StartExecution");
    }

    /// Starts the workflow for `web` by hand and waits until it ends. Returns the reports of its stages.
    ///
    /// # Panics
    /// If it does not end.
    pub async fn run(&self, name: &str) -> Vec<Report> {
        self.begin(name, "web").await;
        let executions = self.ended(1, Duration::from_secs(3 * 3600)).await;
        let run = executions.iter().find(|execution| execution.name == name).expect("the execution is listed");
        if run.status != "Succeeded" {
            let events = self.history(name).await.into_iter().filter(|event| event.kind == "TaskFailed");
            let failed: Vec<_> = events.map(|event| (event.step_name, event.event_detail)).collect();
            panic!("{run:?}: {:#?}", &failed[failed.len().saturating_sub(3)..]);
        }
        self.reports(name).await
    }

    /// The reports of an execution's stages, in the order in which they ended.
    ///
    /// # Panics
    /// If the history cannot be read.
    pub async fn reports(&self, name: &str) -> Vec<Report> {
        let events = self.history(name).await;
        let done = events.into_iter().filter(|event| event.kind == "TaskSucceeded");
        let output = |event: fnf::Event| {
            let detail: serde_json::Value = serde_json::from_str(&event.event_detail).ok()?;
            let output = detail.get("Output")?;
            // The answer of the Turn state has no report.
            output.get("stage")?;
            Some(serde_json::from_value(output.clone()).unwrap_or_else(|error| panic!("{}: {error}", event.step_name)))
        };
        done.filter_map(output).collect()
    }

    /// The summary with which an execution ended, if it has one.
    ///
    /// # Panics
    /// If the history cannot be read.
    pub async fn summary(&self, name: &str) -> Option<dispatch::Summary> {
        let events = self.history(name).await;
        let done = events.iter().filter(|event| event.kind == "TaskSucceeded");
        let summary = |event: &fnf::Event| {
            let detail: serde_json::Value = serde_json::from_str(&event.event_detail).ok()?;
            serde_json::from_value(detail.get("Output")?.get("summary")?.clone()).ok()
        };
        done.filter_map(summary).next_back()
    }

    async fn history(&self, name: &str) -> Vec<fnf::Event> {
        let history = fnf::GetExecutionHistory {
            flow_name: FLOW.to_owned(),
            execution_name: name.to_owned(),
            ..Default::default()
        };
        self.0.operator().list(HOME, history).await.expect("GetExecutionHistory")
    }
}

/// The number of reports of a run: one of each stage except dispatch, and a second one of peer-attachment, which reports when
/// the connection's create was accepted, too.
pub const STAGES: usize = 12;

/// Fails unless every stage of a run has reported `ok`.
///
/// # Panics
/// If one has not.
pub fn assert_all_ok(reports: &[Report]) {
    assert_eq!(reports.len(), STAGES, "every stage reports: {reports:?}");
    for report in reports {
        assert!(report.ok, "{report:?}");
    }
}
