//! Serverless Workflow (CloudFlow), version 2019-03-15.

mod execution;
mod flow;

use std::time::Duration;

pub use execution::*;
pub use flow::*;

use crate::action::actions;
use crate::whole::fnf as whole;

actions! {
    Fnf "fnf" {
        writes StartExecution => StartExecutionAnswer, whole::EXECUTION;
        reads DescribeExecution => DescribeExecutionAnswer, whole::EXECUTION {
            // The server may be asked to delay its answer for up to a minute (long polling).
            limit: Duration::from_secs(90),
        };
        reads ListExecutions => ListExecutionsAnswer, whole::EXECUTIONS;
        writes StopExecution => StopExecutionAnswer;
        reads GetExecutionHistory => GetExecutionHistoryAnswer, whole::HISTORY;
        reads DescribeFlow => DescribeFlowAnswer, whole::FLOW;
        reads DescribeRegions => DescribeRegionsAnswer, whole::REGIONS;
    }
}
