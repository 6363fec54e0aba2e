//! What the actions of `fnf` take. Written by tests/conformance from data: not to be edited.

use super::entry::Kind::{Flag, Integer, Text};
use super::entry::{Action, may, must};

pub(super) const VERSION: &str = "2019-03-15";

pub(super) const ACTIONS: &[Action] = &[
    Action { name: "CreateFlow", parameters: &[
        must("Definition", Text),
        must("Description", Text),
        may("Environment.Variables.N.Description", Text),
        may("Environment.Variables.N.Name", Text),
        may("Environment.Variables.N.Value", Text),
        may("ExecutionMode", Text),
        may("ExternalStorageLocation", Text),
        must("Name", Text),
        may("ResourceGroupId", Text),
        may("RoleArn", Text),
        must("Type", Text),
    ] },
    Action { name: "DeleteFlow", parameters: &[
        must("Name", Text),
    ] },
    Action { name: "DescribeExecution", parameters: &[
        must("ExecutionName", Text),
        must("FlowName", Text),
        may("WaitTimeSeconds", Integer).value(0, 60),
    ] },
    Action { name: "DescribeFlow", parameters: &[
        may("FlowVersion", Text),
        must("Name", Text),
    ] },
    Action { name: "DescribeRegions", parameters: &[
        may("AcceptLanguage", Text),
    ] },
    Action { name: "GetExecutionHistory", parameters: &[
        must("ExecutionName", Text),
        must("FlowName", Text),
        may("Limit", Integer).value(1, 999),
        may("NextToken", Text),
    ] },
    Action { name: "ListExecutions", parameters: &[
        may("ExecutionNamePrefix", Text),
        must("FlowName", Text),
        may("Limit", Integer).value(1, 99),
        may("MapRunName", Text),
        may("MetadataOnly", Flag),
        may("NextToken", Text),
        may("Qualifier", Text),
        may("StartedTimeBegin", Text),
        may("StartedTimeEnd", Text),
        may("Status", Text),
    ] },
    Action { name: "ListFlows", parameters: &[
        may("Limit", Integer).value(1, 999),
        may("NextToken", Text),
        may("ResourceGroupId", Text),
    ] },
    Action { name: "ReportTaskFailed", parameters: &[
        may("Cause", Text).length(1, 4_096),
        must("Error", Text).length(1, 128),
        must("TaskToken", Text),
    ] },
    Action { name: "ReportTaskSucceeded", parameters: &[
        must("Output", Text),
        must("TaskToken", Text),
    ] },
    Action { name: "StartExecution", parameters: &[
        may("CallbackFnFTaskToken", Text),
        may("ExecutionName", Text),
        must("FlowName", Text),
        may("Input", Text),
        may("Qualifier", Text),
    ] },
    Action { name: "StopExecution", parameters: &[
        may("Cause", Text).length(1, 4_096),
        may("Error", Text).length(1, 128),
        must("ExecutionName", Text),
        must("FlowName", Text),
    ] },
    Action { name: "UpdateFlow", parameters: &[
        may("Definition", Text),
        may("Description", Text),
        may("Environment.Variables.N.Description", Text),
        may("Environment.Variables.N.Name", Text),
        may("Environment.Variables.N.Value", Text),
        must("Name", Text),
        may("RoleArn", Text),
        may("Type", Text),
    ] },
];
