//! Runs of the workflow, read back from CloudFlow as anybody at its console could: what `run` follows, `status` lists,
//! `apply` waits for and the demo tells.

mod report;
mod stage_line;
mod start;
mod status;
mod workflow;

pub(crate) use report::report;
pub(crate) use stage_line::{stage_line, word};
pub(crate) use start::run;
pub(crate) use status::status;
pub(crate) use workflow::{Workflow, is_open};
