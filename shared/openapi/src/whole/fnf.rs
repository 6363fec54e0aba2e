//! CloudFlow: what whole answers hold.

use super::End::Token;
use super::Field::{Filled, Given, List};
use super::Whole;

/// No count (api-parameters.json, `ListExecutions`). Turns go by name and start.
pub(crate) const EXECUTIONS: Whole =
    Whole::listing(Token, "Executions", &["Name"], &[Filled("Name"), Filled("Status"), Filled("StartedTime")]);

/// One execution (api-parameters.json, `DescribeExecution`, `StartExecution`). Its start is what proves that it has not read
/// yet.
pub(crate) const EXECUTION: Whole = Whole::one(&[Filled("Name"), Filled("Status"), Filled("StartedTime")]);

/// No count (api-parameters.json, `GetExecutionHistory`).
pub(crate) const HISTORY: Whole = Whole::listing(Token, "Events", &["EventId"], &[Filled("Type"), Filled("EventId")]);

/// One flow (api-parameters.json, `DescribeFlow`).
pub(crate) const FLOW: Whole = Whole::one(&[Filled("Name"), Given("Definition")]);

/// The regions that offer CloudFlow (help page of `DescribeRegions`, 2025-10-27).
pub(crate) const REGIONS: Whole = Whole::one(&[List("Regions", &[Filled("RegionId")])]);
