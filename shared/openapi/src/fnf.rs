//! Serverless Workflow (CloudFlow), version 2019-03-15.
//!
//! Rates are the account's published buckets: burst and refill per second of each action.

mod execution;
mod flow;

use std::time::Duration;

pub use execution::*;
pub use flow::*;

use crate::action::actions;
use crate::bucket::Rate;
use crate::whole::fnf as whole;

/// All actions that have no bucket of their own share this one.
const SHARED: Rate = Rate { burst: 10, per_second: 2 };

actions! {
    Fnf "fnf" {
        writes StartExecution => StartExecutionAnswer, whole::EXECUTION { rate: Some(Rate { burst: 100, per_second: 100 }) };
        reads DescribeExecution => DescribeExecutionAnswer, whole::EXECUTION {
            rate: Some(Rate { burst: 50, per_second: 5 }),
            // The server may be asked to delay its answer for up to a minute (long polling).
            limit: Duration::from_secs(90),
        };
        reads ListExecutions => ListExecutionsAnswer, whole::EXECUTIONS { rate: Some(SHARED) };
        writes StopExecution => StopExecutionAnswer { rate: Some(SHARED) };
        reads GetExecutionHistory => GetExecutionHistoryAnswer, whole::HISTORY { rate: Some(Rate { burst: 50, per_second: 5 }) };
        reads DescribeFlow => DescribeFlowAnswer, whole::FLOW { rate: Some(SHARED) };
        reads DescribeRegions => DescribeRegionsAnswer, whole::REGIONS { rate: Some(SHARED) };
    }
}
