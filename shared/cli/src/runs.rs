//! Runs of the workflow, read from CloudFlow's API: `run` follows them, `status` lists them, `apply` waits for them, and the demo
//! prints them.

mod report;
mod stage_line;
mod start;
mod status;
mod workflow;

pub(crate) use report::{cause, report};
pub(crate) use stage_line::{Told, stage_line, word};
pub(crate) use start::run;
pub(crate) use status::status;
pub(crate) use workflow::{Workflow, is_open};
